"""What is claimed in reproducing Lange & Sprekeler 2020, and the measures that take several experiments to make.

What is called the paper's was read in it or off its figures; what follows from theory is exact; every bound on trained
networks is this package's own.
"""

import dataclasses
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import xarray as xr

from comparisons.claims import AtLeast, AtMost, Claim, Within, decidable
from comparisons.foraging_claims import foraging_claims
from comparisons.lifetime_measures import t_interval
from comparisons.measures import Measure

NO_LEARN, EDGE, LEARN = (
    "reward_scale 19.5, prior_scale 3, lifetime 100",
    "reward_scale 9.53, prior_scale 3.75, lifetime 100",
    "reward_scale 9.53, prior_scale 8, lifetime 100",
)
PRINTED_COUNTS = {25: (260, 7), 50: (284, 13), 75: (295, 19), 100: (304, 24)}
"""Learning cells, and longest exploration, in the theory panels of the paper's figure 1, by lifetime."""
CORRECT_COUNTS = {25: (292, 5), 50: (307, 9), 75: (314, 12), 100: (321, 15)}
"""The same by the correct formula, from this package's specification."""
PAPER_PULLS = {NO_LEARN: 0.0, EDGE: 13.0, LEARN: 26.0}
"""Mean pulls under the probe of the paper's thousand networks, read off its figure 2; ± 4 or so."""
PAPER_AGREEMENT = {25: 0.80, 50: 0.92, 75: 0.89, 100: 0.94}
"""Share of cells in which the paper's networks and its printed formula agree whether to learn, read off figure 1."""


def claims(tree: xr.DataTree, table: pd.DataFrame) -> tuple[Claim, ...]:
    """What is claimed; those claims that the table can decide."""
    stated = decidable(
        (*_theory(), *_trained(), *_maps(), *_as_the_paper(), *_generalist()), table[table.estimate.notna()]
    )
    if "foraging" not in tree.children:
        return stated
    prefix = "foraging: "
    own = table[table.predictor.str.startswith(prefix)]
    own = own.assign(predictor=own.predictor.str.removeprefix(prefix))
    found = foraging_claims(tree.children["foraging"], own)
    return (*stated, *(_renamed(claim, prefix) for claim in found))


def _renamed(claim: Claim, prefix: str) -> Claim:
    return dataclasses.replace(claim, statement=f"{prefix}{claim.statement}", predictor=f"{prefix}{claim.predictor}")


def _theory() -> Iterator[Claim]:
    for lifetime, (count, longest) in PRINTED_COUNTS.items():
        who = f"theory: lifetime {lifetime}: printed formula"
        yield Within(
            f"The printed formula learns in {count} of 400 cells at lifetime {lifetime}, as the paper's figure 1 does.",
            "learning_count",
            who,
            count,
            count,
        )
        yield Within(
            f"Its longest exploration there is {longest} trials, as in the paper.",
            "longest_exploration",
            who,
            longest,
            longest,
        )
    for lifetime, (count, longest) in CORRECT_COUNTS.items():
        who = f"theory: lifetime {lifetime}: commit optimum"
        yield Within(
            f"The correct optimum of committing learns in {count} cells at lifetime {lifetime}.",
            "learning_count",
            who,
            count,
            count,
        )
        yield Within(f"And explores for at most {longest} trials.", "longest_exploration", who, longest, longest)
    for lifetime in PRINTED_COUNTS:
        yield AtMost(
            f"No commitment is worth more than the sequential optimum, in any cell at lifetime {lifetime}.",
            "largest_excess",
            f"theory: lifetime {lifetime}: commit optimum over sequential",
            0.0,
        )
    points = "points"
    yield AtMost(
        'At the paper\'s "no learn" point the printed formula gives every exploration less than nothing.',
        "value",
        f"{points}: {NO_LEARN}: printed formula, exploring",
        0.0,
    )
    yield Within(
        "There the best commitment is worth 5.5 rewards.", "value", f"{points}: {NO_LEARN}: commit optimum", 5.4, 5.6
    )
    yield Within(
        "And the Bayes-optimal policy 23.9.", "value", f"{points}: {NO_LEARN}: sequential optimum", 23.8, 23.95
    )


def _trained() -> Iterator[Claim]:
    for where, bound, name in ((EDGE, 0.97, "edge"), (LEARN, 0.97, "learn"), (NO_LEARN, 0.9, "no learn")):
        yield AtLeast(
            f'Well-trained networks earn {100 * bound:g} % of the sequential optimum at the "{name}" point.',
            "share_of_sequential",
            f"points: {where}: network",
            bound,
        )
    yield AtLeast(
        'Well-trained networks learn at the "no learn" point, where the paper\'s do not.',
        "probe_pulls",
        f"points: {NO_LEARN}: network",
        5.0,
    )
    for where in (EDGE, LEARN, NO_LEARN):
        yield AtLeast(
            f"Of thirty networks trained quickly, most learn at {where}.",
            "learning_share",
            f"points many seeds: {where}: network",
            0.5,
        )


def _maps() -> Iterator[Claim]:
    for lifetime in (25, 100):
        where = f"map {lifetime}: lifetime {lifetime}"
        yield AtLeast(
            f"At lifetime {lifetime}, networks learn where the sequential optimum does, in nine of ten cells.",
            "regime_agreement",
            f"{where}: network with sequential optimum",
            0.9,
        )
        yield AtMost(
            f"Over the map at lifetime {lifetime}, they lose a twentieth of what full information would earn.",
            "regret_share",
            f"{where}: network",
            0.05,
        )


def _as_the_paper() -> Iterator[Claim]:
    where = "points paper"
    yield AtMost(
        'In the paper\'s settings, practically no network learns at the "no learn" point (the paper: none).',
        "learning_share",
        f"{where}: {NO_LEARN}: network",
        0.2,
    )
    yield Within(
        "At the edge the seeds split: about a third does not learn (the paper: .33 at zero).",
        "learning_share",
        f"{where}: {EDGE}: network",
        0.4,
        0.9,
    )
    yield Within(
        "At the learn point networks pull far more often than the printed 8 (the paper's mode: 23 to 30).",
        "probe_pulls",
        f"{where}: {LEARN}: network",
        15.0,
        40.0,
    )
    yield AtLeast(
        "On a map, they agree with the printed formula whether to learn in eight of ten cells (the paper: .94).",
        "regime_agreement",
        "map 100 paper: lifetime 100: network with printed formula",
        0.8,
    )
    yield AtLeast(
        "Their pulls go with the sequential optimum's more than with the printed formula's (the paper: .55 and .27).",
        "pulls_correlation_difference",
        "map 100 paper: sequential optimum over printed formula",
        0.0,
    )
    yield AtLeast(
        "After a sixth of the training they explore everywhere (the paper, at 5,000 lifetimes: mostly 15 or more).",
        "early_learning_cells",
        "map 100 paper: network",
        0.9,
    )


def _generalist() -> Iterator[Claim]:
    for lifetime in (25, 50, 75, 100):
        yield AtMost(
            f"One network for all settings loses a twentieth of full information at lifetime {lifetime}.",
            "regret_share",
            f"one network: lifetime {lifetime}: network",
            0.05,
        )
    yield AtMost("And over all lifetimes together.", "regret_share", "one network: all lifetimes: network", 0.05)


def cross_measures(trees: Mapping[str, xr.DataTree]) -> Iterator[Measure]:
    """What one experiment's table does not say."""
    if "one_network" in trees:
        yield _summed_regret(trees["one_network"])
    for name in ("map_100_paper", "map_100", "map_25"):
        if name in trees:
            yield from _differences(trees[name], name.replace("_", " "))


def _summed_regret(tree: xr.DataTree) -> Measure:
    """Regret over all cells and lifetimes, as a share of what full information would earn."""
    networks, theory = tree["networks"].to_dataset(), tree["theory"].to_dataset()
    ceiling = float(theory["full_information_value"].sum())
    values = np.nansum(networks["shortfall"].to_numpy(), axis=1) / ceiling
    error = float(np.sqrt(np.nansum(networks["shortfall_error"].to_numpy() ** 2, axis=1)).mean()) / ceiling
    over = "training seeds" if len(values) > 1 else "tasks"
    return Measure("regret_share", "one network: all lifetimes: network", *t_interval(values, error), "fraction", over)


def _differences(tree: xr.DataTree, name: str) -> Iterator[Measure]:
    """Whether pulls go with one yardstick's more than with another's, over cells; and regimes early in training."""
    pulls = tree["curves"]["probe_pulls"].to_numpy().astype(float)
    theory = tree["theory"]
    known = np.isfinite(pulls)
    ours, best, printed = (
        np.asarray(values, float)[known]
        for values in (pulls, theory["sequential_probe_pulls"].to_numpy(), theory["printed_trials"].to_numpy())
    )
    if len(ours) > 3:
        generator = np.random.default_rng(0)
        drawn = generator.integers(0, len(ours), (2000, len(ours)))
        found = np.array([_gap(ours[row], best[row], printed[row]) for row in drawn])
        lower, upper = np.nanquantile(found, [0.025, 0.975])
        estimate = _gap(ours, best, printed)
        who = f"{name}: sequential optimum over printed formula"
        yield Measure("pulls_correlation_difference", who, estimate, lower, upper, "correlation", "cells")
    if "development" in tree.children:
        early = tree["development"]["probe_pulls"].isel(step=0).to_numpy()
        shares = (early > 1).mean(axis=1)
        interval = t_interval(shares, float((shares * (1 - shares) / early.shape[1]).mean() ** 0.5))
        yield Measure("early_learning_cells", f"{name}: network", *interval, "fraction", "training seeds or cells")


def _gap(ours: np.ndarray, best: np.ndarray, printed: np.ndarray) -> float:
    if min(np.ptp(ours), np.ptp(best), np.ptp(printed)) == 0:
        return float("nan")
    return float(np.corrcoef(ours, best)[0, 1] - np.corrcoef(ours, printed)[0, 1])
