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
from comparisons.foraging.claims import foraging_claims
from comparisons.lifetimes.claims import BOUNDARY_RATIO
from comparisons.reproductions.lange_sprekeler_2020.pairs import pair_measures
from comparisons.rows import Measure
from comparisons.statistics.intervals import t_interval

NO_LEARN, EDGE, LEARN = (
    "reward_scale 19.5, prior_scale 3, lifetime 100",
    "reward_scale 9.53, prior_scale 3.75, lifetime 100",
    "reward_scale 9.53, prior_scale 8, lifetime 100",
)


NUM_CELLS = 1600
"""Settings of the paper's grid: 400 at each of four lifetimes."""


PRINTED_COUNTS = {25: (260, 7), 50: (284, 13), 75: (295, 19), 100: (304, 24)}
"""Learning cells, and longest exploration, in the theory panels of the paper's figure 1, by lifetime."""


CORRECT_COUNTS = {25: (292, 5), 50: (307, 9), 75: (314, 12), 100: (321, 15)}
"""The same by the correct formula, from this package's specification."""


PAPER = "the paper's networks"


PAPER_ROWS = {
    "points_paper": (
        ("probe_pulls", f"{NO_LEARN}: {PAPER}", (0.0, 0.0, 1.0), "trials"),
        ("probe_pulls", f"{LEARN}: {PAPER}", (25.0, 23.0, 30.0), "trials"),
        ("learning_share", f"{EDGE}: {PAPER}", (0.67, 0.62, 0.72), "fraction of training seeds"),
    ),
    "map_100_paper": (
        ("regime_agreement", f"lifetime 100: {PAPER} with printed formula", (0.94, 0.94, 0.94), "fraction"),
        ("pulls_correlation", f"lifetime 100: {PAPER} with sequential optimum", (0.55, 0.55, 0.55), "correlation"),
        ("pulls_correlation", f"lifetime 100: {PAPER} with printed formula", (0.27, 0.27, 0.27), "correlation"),
    ),
}
"""What the paper's figures 1 and 2 show, digitised, by experiment that stands beside it; ranges are of the reading. Its
maps are of 400 cells (for correlations, 64 of them), ours of fewer."""


def claims(tree: xr.DataTree, table: pd.DataFrame) -> tuple[Claim, ...]:
    """What is claimed; those claims that the table can decide."""
    is_whole_grid = "theory" in tree.children and tree["theory/theory"].sizes["cell"] == NUM_CELLS
    possible = (*_theory(), *_trained(), *_maps(), *_as_the_paper(), *_states(), *_generalist())
    if is_whole_grid:
        possible = (*_counts(), *possible)
    stated = decidable(possible, table[table.estimate.notna()])
    if "foraging" not in tree.children:
        return stated
    prefix = "foraging: "
    own = table[table.predictor.str.startswith(prefix)]
    own = own.assign(predictor=own.predictor.str.removeprefix(prefix))
    found = foraging_claims(tree.children["foraging"], own)
    return (*stated, *(_renamed(claim, prefix) for claim in found))


def _renamed(claim: Claim, prefix: str) -> Claim:
    return dataclasses.replace(claim, statement=f"{prefix}{claim.statement}", predictor=f"{prefix}{claim.predictor}")


def _counts() -> Iterator[Claim]:
    """Figure 1, left: of the paper's whole grid."""
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
            f"The printed formula explores for at most {longest} trials at lifetime {lifetime}, as in figure 1.",
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
        yield Within(
            f"The correct optimum of committing explores for at most {longest} trials at lifetime {lifetime}.",
            "longest_exploration",
            who,
            longest,
            longest,
        )


def _theory() -> Iterator[Claim]:
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
        'At the "no learn" point the best commitment is worth 5.5 rewards.',
        "value",
        f"{points}: {NO_LEARN}: commit optimum",
        5.4,
        5.6,
    )
    yield Within(
        'At the "no learn" point the Bayes-optimal policy is worth 23.9 rewards.',
        "value",
        f"{points}: {NO_LEARN}: sequential optimum",
        23.8,
        23.95,
    )


def _trained() -> Iterator[Claim]:
    for where, bound, name in ((EDGE, 0.97, "edge"), (LEARN, 0.97, "learn"), (NO_LEARN, 0.9, "no learn")):
        yield AtLeast(
            f'Well-trained networks earn at least {100 * bound:g} % of the sequential optimum at the "{name}" point.',
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
            f"Over the map at lifetime {lifetime}, networks lose at most a twentieth of what full information earns.",
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
        "In the paper's settings, seeds split at the edge: about a third does not learn (the paper: .33 at zero).",
        "learning_share",
        f"{where}: {EDGE}: network",
        0.4,
        0.9,
    )
    yield Within(
        "In the paper's settings, networks at the learn point pull far more than the printed 8 (the paper: 23 to 30).",
        "probe_pulls",
        f"{where}: {LEARN}: network",
        15.0,
        40.0,
    )
    yield AtLeast(
        "In the paper's settings, networks and printed formula agree in eight of ten cells or more (the paper: .94).",
        "regime_agreement",
        "map 100 paper: lifetime 100: network with printed formula",
        0.8,
    )
    yield AtLeast(
        "In the paper's settings, pulls go more with the sequential optimum's than the printed (the paper: .55, .27).",
        "pulls_correlation_difference",
        "map 100 paper: sequential optimum over printed formula",
        0.0,
    )
    yield AtLeast(
        "In the paper's settings, networks explore nearly everywhere after a sixth of the training (so in the paper).",
        "early_learning_cells",
        "map 100 paper: network",
        0.9,
    )


def _states() -> Iterator[Claim]:
    """Figure 3: what is decided, and seen in hidden states, at the end of lifetimes whose better arm is plain."""
    learner, hard_coder = (
        f"map 100 paper: reward_scale {scale:g}, prior_scale 2.9, lifetime 100: network" for scale in (6.4, 14.8)
    )
    many, one = 'Well-trained networks at the "learn" point', "A network in the paper's settings, at reward scale 6.4,"
    for who, ends, are in (
        (f"points: {LEARN}: network", f"{many} end", f"{many} are"),
        (learner, f"{one} ends", f"{one} is"),
    ):
        yield AtLeast(f"{ends} where one reads off which arm is better (the paper: two places).", "read_out", who, 0.9)
        yield AtMost(f"{are} decided at the end: less than .1 nats of entropy.", "final_entropy", who, 0.1)
    where = "A network in the paper's settings, at reward scale 14.8,"
    yield AtMost(f"{where} is decided at the end: less than .1 nats of entropy.", "final_entropy", hard_coder, 0.1)
    yield AtMost(f"{where} ends where nothing can be read off (the paper: one place).", "read_out", hard_coder, 0.65)


def _generalist() -> Iterator[Claim]:
    limit = float(np.log(BOUNDARY_RATIO))
    for lifetime in (25, 50, 75, 100):
        yield Within(
            f"One network for all settings begins to learn within a quarter of the exact prior scale at lifetime "
            f"{lifetime}.",
            "boundary_log_ratio",
            f"one network: lifetime {lifetime}: network against sequential optimum",
            -limit,
            limit,
        )
        yield AtMost(
            f"One network for all settings loses at most 1/20 of full information's rewards at lifetime {lifetime}.",
            "regret_share",
            f"one network: lifetime {lifetime}: network",
            0.05,
        )
    yield AtMost(
        "One network for all settings loses at most 1/20 of full information's rewards over all lifetimes.",
        "regret_share",
        "one network: all lifetimes: network",
        0.05,
    )
    for lifetime in (25, 100):
        pair = f"one network: lifetime {lifetime}: network with networks trained for each setting"
        yield AtMost(
            "One network for all settings loses at most 1/50 of full information's rewards more than one for each, at "
            f"lifetime {lifetime}.",
            "regret_beside_specialists",
            pair,
            0.02,
        )
        yield AtLeast(
            f"One network for all settings explores as one for each does, at lifetime {lifetime}: correlation .9.",
            "pulls_correlation",
            pair,
            0.9,
        )


def specialists(trees: Mapping[str, xr.DataTree]) -> dict[str, xr.DataTree]:
    """Those maps of networks trained for each setting that stand beside the one network for all."""
    return {name: trees[name] for name in ("map_25", "map_100") if name in trees}


def cross_measures(trees: Mapping[str, xr.DataTree]) -> Iterator[Measure]:
    """What one experiment's table does not say."""
    if "one_network" in trees:
        yield _summed_regret(trees["one_network"])
        for row in pair_measures(trees["one_network"], specialists(trees), seed=0) if specialists(trees) else ():
            yield row._replace(predictor=f"one network: {row.predictor}")
    for name in trees:
        for measure, who, values, unit in PAPER_ROWS.get(name, ()):
            yield Measure(measure, f"{name.replace('_', ' ')}: {who}", *values, unit, "the reading of a figure")
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
        interval = t_interval(shares, float((shares * (1 - shares) / early.shape[1]).mean() ** 0.5), least=0, most=1)
        yield Measure("early_learning_cells", f"{name}: network", *interval, "fraction", "training seeds or cells")


def _gap(ours: np.ndarray, best: np.ndarray, printed: np.ndarray) -> float:
    if min(np.ptp(ours), np.ptp(best), np.ptp(printed)) == 0:
        return float("nan")
    return float(np.corrcoef(ours, best)[0, 1] - np.corrcoef(ours, printed)[0, 1])
