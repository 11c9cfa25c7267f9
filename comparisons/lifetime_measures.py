"""From networks on a map of settings to numbers a person reads: regret, regimes, and where their boundary lies.

Regret is always to the sequential optimum, which is the Bayes-optimal policy; the other yardsticks are policies too,
and have a regret of their own beside the networks'.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Int

from comparisons.dip import dip_test
from comparisons.intervals import LEVEL, Interval, t_interval
from comparisons.lifetime_players import COMMIT, NETWORK, NEVER, PRINTED, SEQUENTIAL, UNTRAINED, YARDSTICKS
from comparisons.lifetime_state_measures import state_measures
from comparisons.measures import Measure
from comparisons.regime_boundaries import boundary, boundary_distance
from comparisons.regimes import THRESHOLD, learning_share
from comparisons.seeding import integer_for

FEW_CELLS = 12
"""Maps of at most so many cells have rows of their own for each."""


def with_lifetime_measures(tree: xr.DataTree, *, seed: int) -> xr.DataTree:
    """The tree with two more groups: `measures`, the table of results, and `curves`, what each cell comes to."""
    table = pd.DataFrame(lifetime_measures(tree, seed=integer_for(seed, "bootstrap")))
    measures = xr.Dataset({name: (("row",), table[name].to_numpy()) for name in table.columns})
    measures.attrs["level"] = LEVEL
    return tree.assign({"measures": xr.DataTree(measures), "curves": xr.DataTree(cell_curves(tree))})


def lifetime_measures(tree: xr.DataTree, *, seed: int) -> list[Measure]:
    """The table of results."""
    theory, networks = tree["theory"].to_dataset(), tree["networks"].to_dataset()
    lifetimes = np.unique(theory["lifetime"].to_numpy())
    rows: list[Measure] = []
    for lifetime in lifetimes:
        chosen = theory["lifetime"].to_numpy() == lifetime
        rows += _of_map(theory.isel(cell=chosen), networks.isel(cell=chosen), int(lifetime), seed)
    if theory.sizes["cell"] <= FEW_CELLS:
        for cell in range(theory.sizes["cell"]):
            rows += _of_cell(theory.isel(cell=cell), networks.isel(cell=cell), seed)
    return [*rows, *state_measures(tree)]


def cell_curves(tree: xr.DataTree) -> xr.Dataset:
    """What every cell comes to over training seeds: pulls under the probe, share of seeds that learn, regret."""
    networks = tree["networks"].to_dataset()
    pulls = networks["probe_pulls"].mean("probe")
    with np.errstate(invalid="ignore"):
        return xr.Dataset(
            {
                "probe_pulls": pulls.mean("training_seed"),
                "shortfall": networks["shortfall"].mean("training_seed"),
                "is_learning": (pulls > THRESHOLD).where(pulls.notnull()).mean("training_seed"),
            }
        )


def _over(num_seeds: int) -> str:
    return "training seeds" if num_seeds > 1 else "tasks"


def _of_map(theory: xr.Dataset, networks: xr.Dataset, lifetime: int, seed: int) -> list[Measure]:
    """Sums over a map, how cells agree, and how far the learned boundary is from the exact one."""
    shortfall, errors = networks["shortfall"].to_numpy(), networks["shortfall_error"].to_numpy()
    pulls = networks["probe_pulls"].mean("probe").to_numpy()
    ceilings, best = theory["full_information_value"].to_numpy(), theory["sequential_value"].to_numpy()
    ceiling = float(ceilings.sum())
    num_seeds, where = len(shortfall), f"lifetime {lifetime}"
    rows: list[Measure] = []

    def add(measure: str, who: str, interval: Interval, unit: str, over: str) -> None:
        rows.append(Measure(measure, f"{where}: {who}", *interval, unit, over))

    def exact(measure: str, who: str, value: float, unit: str) -> None:
        add(measure, who, Interval(value, value, value), unit, "nothing: exact")

    if ceiling > 0:  # else there is nothing to be had, by anybody
        summed = _share(shortfall, ceilings)
        error = float(np.sqrt(np.nansum(errors**2, axis=1)).mean()) / ceiling
        add("regret_share", NETWORK, t_interval(summed, error), "fraction", _over(num_seeds))
        floor = _share(networks["untrained_shortfall"].to_numpy(), ceilings)
        add("regret_share", UNTRAINED, t_interval(floor, error), "fraction", _over(num_seeds))
        for who, values in (
            (COMMIT, theory["commit_value"].to_numpy()),
            (PRINTED, theory["printed_policy_value"].to_numpy()),
            (NEVER, np.zeros_like(best)),
        ):
            exact("regret_share", who, float((best - values).sum()) / ceiling, "fraction")
            found = t_interval(_share(shortfall - (best - values), ceilings), error)
            add("regret_to_yardstick", f"{NETWORK} against {who}", found, "fraction", _over(num_seeds))
    exact("diverged_networks", NETWORK, float(np.isnan(shortfall).sum()), "networks")
    if theory.sizes["cell"] < 2:
        return rows
    learns = np.where(np.isnan(pulls), np.nan, pulls > THRESHOLD)
    add("learning_cells", NETWORK, t_interval(_means(learns), np.nan, least=0, most=1), "fraction", _over(num_seeds))
    for who, column in YARDSTICKS.items():
        theirs = theory[column].to_numpy().astype(float)
        is_theirs = theirs > (THRESHOLD if who == SEQUENTIAL else 0)
        exact("learning_cells", who, float(is_theirs.mean()), "fraction")
        agreement = _means(np.where(np.isnan(learns), np.nan, learns == is_theirs))
        add(
            "regime_agreement",
            f"{NETWORK} with {who}",
            t_interval(agreement, np.nan, least=0, most=1),
            "fraction",
            _over(num_seeds),
        )
        correlations = np.array([_correlation(row, theirs) for row in pulls])
        unit, over = "correlation", _over(num_seeds)
        add(
            "pulls_correlation", f"{NETWORK} with {who}", t_interval(correlations, np.nan, least=-1, most=1), unit, over
        )
        rows += _of_boundary(theory, learns, is_theirs, f"{where}: {NETWORK} against {who}", seed)
    return rows


def _of_boundary(
    theory: xr.Dataset, learns: Float[np.ndarray, "training_seed cell"], is_theirs: np.ndarray, who: str, seed: int
) -> list[Measure]:
    """How far the learned boundary of the regimes lies beyond a yardstick's, where cells form a grid.

    A network that diverged counts as learning with the share of its cell's others, or 1/2 where there is none.
    """
    varied = theory["prior_scale"].to_numpy() > 0
    grid = grid_of(theory.isel(cell=varied))
    if grid is None or len(learns) < 2:
        return []
    _, prior_scales, order = grid
    learns, is_theirs = learns[:, varied], is_theirs[varied]
    shares = _means(learns.T)
    learns = np.where(np.isnan(learns), np.where(np.isnan(shares), 0.5, shares), learns)
    found = boundary_distance(
        prior_scales, learns[:, order], boundary(prior_scales, is_theirs[order].astype(float)), seed=seed
    )
    return [
        Measure("boundary_distance", who, *found.difference, "rewards of prior_scale", "training seeds"),
        Measure("boundary_log_ratio", who, *found.log_ratio, "natural logarithm", "training seeds"),
    ]


class Grid(NamedTuple):
    """Cells of one lifetime that form a grid; scales ascend, in rewards."""

    reward_scales: Float[np.ndarray, "reward_scale"]
    prior_scales: Float[np.ndarray, "prior_scale"]
    cells: Int[np.ndarray, "reward_scale prior_scale"]
    """Which cell is where."""


def grid_of(theory: xr.Dataset) -> Grid | None:
    """The grid that cells form, but for those whose reward scale no other cell has; `None` where there is none."""
    scales = theory["reward_scale"].to_numpy().astype(float), theory["prior_scale"].to_numpy().astype(float)
    _, place, counts = np.unique(scales[0], return_inverse=True, return_counts=True)
    chosen = np.flatnonzero(counts[place] > 1)
    reward_scales, prior_scales = (np.unique(values[chosen]) for values in scales)
    if len(reward_scales) * len(prior_scales) != len(chosen) or min(len(reward_scales), len(prior_scales)) < 2:
        return None
    order = chosen[np.lexsort((scales[1][chosen], scales[0][chosen]))]
    return Grid(reward_scales, prior_scales, order.reshape(len(reward_scales), len(prior_scales)))


def _of_cell(theory: xr.Dataset, networks: xr.Dataset, seed: int) -> list[Measure]:
    """A few numbers of one cell: what share of the optimum is reached, and how the training seeds explore."""
    where = (
        f"reward_scale {float(theory['reward_scale']):g}, prior_scale {float(theory['prior_scale']):g}, "
        f"lifetime {int(theory['lifetime'])}"
    )
    best, lifetime = float(theory["sequential_value"]), int(theory["lifetime"])
    shortfall = networks["shortfall"].to_numpy()
    pulls = networks["probe_pulls"].to_numpy().astype(float)
    pulls = pulls[np.isfinite(pulls).all(axis=1)]
    error, num_seeds = float(networks["shortfall_error"].mean()), len(shortfall)
    rows: list[Measure] = []

    def add(measure: str, who: str, interval: Interval, unit: str, over: str = _over(num_seeds)) -> None:
        rows.append(Measure(measure, f"{where}: {who}", *interval, unit, over))

    def exact(measure: str, who: str, value: float, unit: str) -> None:
        add(measure, who, Interval(value, value, value), unit, "nothing: exact")

    per_lifetime = f"rewards per {lifetime} trials"
    add("value", NETWORK, t_interval(best - shortfall, error), per_lifetime)
    add("value", UNTRAINED, t_interval(best - networks["untrained_shortfall"].to_numpy(), error), per_lifetime)
    for who, column in (
        (SEQUENTIAL, "sequential_value"),
        (COMMIT, "commit_value"),
        (f"{PRINTED}, as a policy", "printed_policy_value"),
        (f"{PRINTED}, as printed", "printed_value"),
        (f"{PRINTED}, exploring", "printed_exploring_value"),
        ("full information", "full_information_value"),
    ):
        exact("value", who, float(theory[column]), per_lifetime)
    if best > 0:
        add("share_of_sequential", NETWORK, t_interval(1 - shortfall / best, error / best), "fraction")
        exact("share_of_sequential", COMMIT, float(theory["commit_value"]) / best, "fraction")
        exact("share_of_sequential", PRINTED, float(theory["printed_policy_value"]) / best, "fraction")
    if not len(pulls):
        return rows
    pulls_error = float(pulls.std() / pulls.size**0.5)
    add("probe_pulls", NETWORK, t_interval(pulls.mean(axis=1), pulls_error, least=0, most=lifetime), "trials")
    for who, column in YARDSTICKS.items():
        exact("probe_pulls", who, float(theory[column]), "trials")
    share = learning_share(pulls).share
    add("learning_share", NETWORK, share, "fraction of training seeds")
    if len(pulls) >= MOST_WITHOUT_DIP:
        found = dip_test(np.log1p(pulls.mean(axis=1)))
        exact_p = Interval(found.p_value, np.nan, np.nan)
        add("unimodality_p_value", NETWORK, exact_p, "probability", "training seeds")
    return rows


MOST_WITHOUT_DIP = 10
"""With fewer training seeds, nothing is said of two modes."""


def _share(shortfall: Float[np.ndarray, "training_seed cell"], ceilings: Float[np.ndarray, "cell"]) -> np.ndarray:
    """What every seed's networks fall short by, of what full information would be worth where they did not diverge."""
    possible = np.where(np.isfinite(shortfall), ceilings, 0.0).sum(axis=1)
    return np.where(possible > 0, np.nansum(shortfall, axis=1) / np.where(possible > 0, possible, 1.0), np.nan)


def _means(values: Float[np.ndarray, "row column"]) -> Float[np.ndarray, "row"]:
    """Of every row, without what is NaN; NaN where all is."""
    counts = np.isfinite(values).sum(axis=1)
    return np.where(counts > 0, np.nansum(values, axis=1) / np.maximum(counts, 1), np.nan)


def _correlation(first: Float[np.ndarray, "cell"], second: Float[np.ndarray, "cell"]) -> float:
    """Pearson's; NaN of fewer than four cells, and where either does not vary."""
    both = np.isfinite(first)
    x, y = first[both], second[both]
    if len(x) < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan")
    return float(np.corrcoef(x, y)[0, 1])
