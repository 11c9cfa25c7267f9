"""Rows that no single experiment has: comparisons between experiments, totals, and readings of the paper's figures."""

from collections.abc import Iterator, Mapping

import numpy as np
import xarray as xr

from comparisons.kind import Measure, Section, taken
from comparisons.lifetimes.players import BAYES, NETWORK, PRINTED
from comparisons.lifetimes.scores import OVER_SETTINGS, mean_over_seeds, share_of_settings
from comparisons.reproductions.lange_sprekeler_2020 import pairs
from comparisons.reproductions.lange_sprekeler_2020.reference_claims import POINTS
from comparisons.rows import Coordinate, Entry, Over, Resampler, Row, Table, concatenated, explained
from comparisons.statistics.intervals import Interval, correlations_without_each, jackknife_interval

Trees = Mapping[str, xr.DataTree]
"""Measured trees by experiment."""

PAPER = "the paper's networks"

READING = Over("the reading of a figure")

_MAP = {"experiment": "map_100_paper", "lifetime": 100}

PAPER_ENTRIES = (
    Entry(
        "probe_pulls",
        Row(PAPER, Interval(0.0, 0.0, 1.0), READING, {"experiment": "points_paper", **POINTS["no learn"]}, "trials"),
    ),
    Entry(
        "probe_pulls",
        Row(PAPER, Interval(25.0, 23.0, 30.0), READING, {"experiment": "points_paper", **POINTS["learn"]}, "trials"),
    ),
    Entry(
        "learning_share",
        Row(
            PAPER,
            Interval(0.67, 0.62, 0.72),
            READING,
            {"experiment": "points_paper", **POINTS["edge"]},
            "fraction of training seeds",
        ),
    ),
    Entry(
        "regime_agreement",
        Row(PAPER, Interval(0.94, 0.94, 0.94), READING, {**_MAP, "reference": PRINTED}, "fraction"),
    ),
    Entry(
        "pulls_correlation",
        Row(PAPER, Interval(0.55, 0.55, 0.55), READING, {**_MAP, "reference": BAYES}, "correlation"),
    ),
    Entry(
        "pulls_correlation",
        Row(PAPER, Interval(0.27, 0.27, 0.27), READING, {**_MAP, "reference": PRINTED}, "correlation"),
    ),
)
"""The paper's figures 1 and 2, digitised; intervals are of the reading.

The paper's maps have 400 settings (64 for correlations), ours fewer.
"""

MAPS = ("map_100_paper", "map_100", "map_25")
"""Experiments that are maps of networks trained for each setting."""


def across_experiments(trees: Trees) -> Table:
    """Return the rows that no table of a single experiment has."""
    over = Resampler(0)
    further = [
        *(Entry("regret_share", row) for row in _summed_regret(trees)),
        *(Entry("pulls_correlation", row) for row in _pairs_correlation(trees)),
        *(Entry("regime_agreement", row) for row in _pairs_agreement(trees)),
        *(entry for entry in PAPER_ENTRIES if entry.row.at["experiment"] in trees),
    ]
    return concatenated([taken((SECTION,), trees, over, {}), Table(tuple(further))])


def _regret_beside_specialists(trees: Trees, over: Resampler) -> Iterator[Row]:
    if pairs.has_pairs(trees):
        yield from _placed(pairs.regret_beside_specialists(pairs.pair_table(trees)), pairs.ONE_NETWORK)


def _pairs_correlation(trees: Trees) -> Iterator[Row]:
    if pairs.has_pairs(trees):
        rows = _placed(pairs.pulls_correlation(pairs.pair_table(trees)), pairs.ONE_NETWORK)
        yield from (row._replace(unit="correlation") for row in rows)


def _pairs_agreement(trees: Trees) -> Iterator[Row]:
    if pairs.has_pairs(trees):
        rows = _placed(pairs.regime_agreement(pairs.pair_table(trees)), pairs.ONE_NETWORK)
        yield from (row._replace(unit="fraction") for row in rows)


def _summed_regret(trees: Trees) -> Iterator[Row]:
    """Yield the regret of the one network over all settings and lifetimes, as a fraction of the oracle's rewards."""
    if pairs.ONE_NETWORK in trees:
        networks, theory = (trees[pairs.ONE_NETWORK][group].to_dataset() for group in ("networks", "theory"))
        ceiling = float(theory["full_information_value"].sum())
        values = np.nansum(networks["shortfall"].to_numpy(), axis=1) / ceiling
        error = float(np.sqrt(np.nansum(networks["shortfall_error"].to_numpy() ** 2, axis=1)).mean()) / ceiling
        yield mean_over_seeds(NETWORK, values, error, at={"experiment": pairs.ONE_NETWORK}, unit="fraction")


def _pulls_correlation_difference(trees: Trees, over: Resampler) -> Iterator[Row]:
    for name in MAPS:
        if name in trees:
            yield from _placed(_correlation_difference(trees[name]), name)


def _correlation_difference(tree: xr.DataTree) -> Iterator[Row]:
    """Yield by how much the correlation of networks with one reference exceeds that with the other, over settings."""
    pulls = tree["curves"]["probe_pulls"].to_numpy().astype(float)
    theory = tree["theory"]
    known = np.isfinite(pulls)
    ours, best, printed = (
        np.asarray(values, float)[known]
        for values in (pulls, theory["sequential_probe_pulls"].to_numpy(), theory["printed_trials"].to_numpy())
    )
    if len(ours) > 3:
        left_out = correlations_without_each(ours, best) - correlations_without_each(ours, printed)
        interval = jackknife_interval(_gap(ours, best, printed), left_out)
        yield explained(Row(NETWORK, interval, OVER_SETTINGS))


def _early_learning_cells(trees: Trees, over: Resampler) -> Iterator[Row]:
    for name in MAPS:
        if name in trees and "development" in trees[name].children:
            early = trees[name]["development"]["probe_pulls"].isel(step=0).to_numpy()
            yield share_of_settings(NETWORK, (early > 1).astype(float), at={"experiment": name})


def _gap(ours: np.ndarray, best: np.ndarray, printed: np.ndarray) -> float:
    if min(np.ptp(ours), np.ptp(best), np.ptp(printed)) == 0:
        return float("nan")
    return float(np.corrcoef(ours, best)[0, 1] - np.corrcoef(ours, printed)[0, 1])


def _placed(rows: Iterator[Row], experiment: str) -> Iterator[Row]:
    """Yield rows with their experiment as the first coordinate."""
    at: dict[str, Coordinate] = {"experiment": experiment}
    return (row._replace(at={**at, **row.at}) for row in rows)


SECTION = Section(
    "Across experiments and references",
    "The one network receives the setting as input; other networks are trained for each setting.",
    (
        Measure(
            "regret_beside_specialists",
            "regret of the one network minus that of networks trained for each setting, as a fraction of the oracle's "
            "rewards",
            "fraction",
            _regret_beside_specialists,
        ),
        Measure(
            "pulls_correlation_difference",
            "correlation of exploration with the Bayes-optimal policy minus that with the printed formula",
            "correlation",
            _pulls_correlation_difference,
        ),
        Measure(
            "early_learning_cells",
            "settings in which networks learn at the first checkpoint of training",
            "fraction",
            _early_learning_cells,
        ),
    ),
)
