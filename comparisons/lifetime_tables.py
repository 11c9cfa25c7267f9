"""The numbers behind every figure of a map of fixed-arm bandits, as tables: one row for each point that is drawn.

A table has `estimate` and `unit` beside the columns that say which point it is, and `lower` and `upper` where an
interval is drawn. `training_seed` is missing (NA) where a row is not about a single network. What is NaN belongs to
networks that diverged.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float, Int

from bayesopt.planning.exploration import commit_value, printed_commit_value
from comparisons.intervals import t_interval
from comparisons.lifetime_edges import edges_at
from comparisons.lifetime_measures import FEW_CELLS, grid_of
from comparisons.lifetime_players import COMMIT, NETWORK, PRINTED, SEQUENTIAL, YARDSTICKS
from comparisons.point_tables import concatenate
from comparisons.regime_boundaries import boundary

NUM_EDGE_SCALES = 40
"""Reward scales at which the edges of a map are drawn."""
MOST_CHECKPOINTS = 5
"""Checkpoints of which maps are drawn: the last, and others as far apart as can be."""

_PLACE = ["lifetime", "reward_scale", "prior_scale"]


class Map(NamedTuple):
    """The cells of one lifetime that form a grid; scales ascend, in rewards."""

    lifetime: int
    reward_scales: Float[np.ndarray, "reward_scale"]
    prior_scales: Float[np.ndarray, "prior_scale"]
    cells: Int[np.ndarray, "prior_scale reward_scale"]
    """Which cell of the tree is where."""

    def spans(self) -> tuple[Float[np.ndarray, "_"], Float[np.ndarray, "_"]]:
        """The edges of the cells, of reward scales and of prior scales: halfway between, and never below 0."""
        return _halfway(self.reward_scales), _halfway(self.prior_scales)


def maps_of(tree: xr.DataTree) -> list[Map]:
    """A map for every lifetime; none at all if the cells of some lifetime do not form a grid."""
    theory = tree["theory"].to_dataset()
    maps = []
    for lifetime in np.unique(theory["lifetime"].to_numpy()):
        chosen = np.flatnonzero(theory["lifetime"].to_numpy() == lifetime)
        grid = grid_of(theory.isel(cell=chosen))
        if grid is None:
            return []
        maps.append(Map(int(lifetime), grid.reward_scales, grid.prior_scales, chosen[grid.cells].T))
    return maps


def has_networks(tree: xr.DataTree) -> bool:
    """Whether there are networks, and not theory alone."""
    return "networks" in tree.children


def has_few_cells(tree: xr.DataTree) -> bool:
    """Whether every cell can be shown by itself."""
    return tree["theory"].sizes["cell"] <= FEW_CELLS


def cell_names(tree: xr.DataTree) -> list[str]:
    """What each cell is called over a panel, to three digits; lifetimes only where there are several."""
    cells = _places(tree)
    several = cells.lifetime.nunique() > 1
    return [
        f"reward scale {cell.reward_scale:.3g},\nprior scale {cell.prior_scale:.3g}"
        + f", {cell.lifetime} trials" * several
        for cell in cells.itertuples()
    ]


def exploration_table(tree: xr.DataTree) -> pd.DataFrame:
    """How often each theory and the networks (mean over seeds) pull the uncertain arm under the probe; then edges.

    Where there are no networks it is theory alone. Rows whose `quantity` is "edge" have the prior scale from which on
    somebody learns as their `estimate`; that of the networks is where more than half of them do, NaN where it is off
    the map or all networks of a cell of the row diverged.
    """
    theory = tree["theory"].to_dataset()
    shown = {who: theory[YARDSTICKS[who]].to_numpy() for who in (PRINTED, COMMIT, SEQUENTIAL)}
    if has_networks(tree):
        shown[NETWORK] = tree["curves"].dataset["probe_pulls"].to_numpy()
    tables = [_of_cells(tree, who, values) for who, values in shown.items()]
    exploration = pd.concat(tables, ignore_index=True).assign(quantity="exploration", unit="trials")
    table = pd.concat([exploration, *(_edges(tree, found) for found in maps_of(tree))], ignore_index=True)
    return table[["quantity", "who", *_PLACE, "estimate", "unit"]]


def map_regret_table(tree: xr.DataTree) -> pd.DataFrame:
    """What networks (mean over seeds) and the commit optimum lose beside the sequential optimum, per trial; its edge.

    Rows whose `quantity` is "edge" have the prior scale from which on it learns as their `estimate`.
    """
    theory = tree["theory"].to_dataset()
    best, lifetime = theory["sequential_value"].to_numpy(), theory["lifetime"].to_numpy()
    shown = {
        NETWORK: tree["curves"].dataset["shortfall"].to_numpy(),
        COMMIT: best - theory["commit_value"].to_numpy(),
    }
    tables = [_of_cells(tree, who, values / lifetime) for who, values in shown.items()]
    regret = pd.concat(tables, ignore_index=True).assign(quantity="regret", unit="rewards per trial")
    edges = pd.concat([_edges(tree, found) for found in maps_of(tree)], ignore_index=True)
    table = pd.concat([regret, edges[edges.who == SEQUENTIAL]], ignore_index=True)
    return table[["quantity", "who", *_PLACE, "estimate", "unit"]]


def value_table(tree: xr.DataTree) -> pd.DataFrame:
    """What so many trials of exploration are worth before committing, by two formulas; and what policies earn.

    `trials` is missing for the sequential optimum and for the networks' mean, which has an interval over seeds; the
    row of a single network has its mean pulls under the probe instead.
    """
    theory, networks = tree["theory"].to_dataset(), tree["networks"].to_dataset()
    rows: list[dict[str, object]] = []
    for cell, place in enumerate(_places(tree).itertuples()):
        where = {"cell": cell, **{name: getattr(place, name) for name in _PLACE}}
        trials = np.arange(int(where["lifetime"]) + 1)
        for who, value_of in ((COMMIT, commit_value), (PRINTED, printed_commit_value)):
            values = value_of(trials, **{name: where[name] for name in _PLACE})
            rows += [{**where, "who": who, "trials": n, "estimate": v} for n, v in zip(trials, values, strict=True)]
        best = float(theory["sequential_value"][cell])
        rows.append({**where, "who": SEQUENTIAL, "estimate": best})
        values = best - networks["shortfall"].isel(cell=cell).to_numpy()
        error = float(networks["shortfall_error"].isel(cell=cell).mean())
        rows.append({**where, "who": NETWORK, **t_interval(values, error)._asdict()})
        pulls = networks["probe_pulls"].isel(cell=cell).mean("probe").to_numpy()
        rows += [
            {**where, "who": NETWORK, "training_seed": seed, "trials": n, "estimate": v}
            for seed, (n, v) in enumerate(zip(pulls, values, strict=True))
        ]
    table = concatenate([pd.DataFrame(rows)]).assign(unit="rewards per lifetime")
    return table[["cell", *_PLACE, "who", "training_seed", "trials", "estimate", "lower", "upper", "unit"]]


def seed_table(tree: xr.DataTree) -> pd.DataFrame:
    """How often each network pulls the uncertain arm under the probe, on average, and the three yardsticks."""
    pulls = tree["networks"].dataset["probe_pulls"].mean("probe")
    networks = pulls.rename("estimate").to_dataset().reset_coords(drop=True).to_dataframe().reset_index()
    tables = [networks.assign(who=NETWORK)]
    tables += [_yardsticks(tree)]
    table = concatenate(tables).assign(unit="trials")
    return _placed(tree, table)[["cell", *_PLACE, "who", "training_seed", "estimate", "unit"]]


def development_table(tree: xr.DataTree) -> pd.DataFrame:
    """How often each network pulls the uncertain arm under the probe at checkpoints, and the three yardsticks."""
    pulls = tree["development"].dataset["probe_pulls"].rename("estimate").reset_coords(drop=True)
    networks = pulls.to_dataset().to_dataframe().reset_index()
    tables = [networks.assign(who=NETWORK), _yardsticks(tree).assign(step=pd.NA)]
    table = concatenate([part.astype({"step": "Int64"}) for part in tables]).assign(unit="trials")
    return _placed(tree, table)[["cell", *_PLACE, "who", "training_seed", "step", "estimate", "unit"]]


def shown_steps(tree: xr.DataTree) -> list[int]:
    """The checkpoints of which maps are drawn."""
    steps = tree["development"].dataset["step"].to_numpy()
    chosen = np.linspace(0, len(steps) - 1, min(MOST_CHECKPOINTS, len(steps))).round().astype(int)
    return [int(step) for step in steps[chosen]]


def _edges(tree: xr.DataTree, found: Map) -> pd.DataFrame:
    """Three exact edges at many reward scales, and the boundary of the networks at those of the map."""
    span = found.spans()[0]
    scales = np.linspace(found.reward_scales[0], span[-1], NUM_EDGE_SCALES)
    edges = edges_at(found.lifetime, scales)
    exact = [
        pd.DataFrame({"who": who, "reward_scale": scales, "estimate": edge})
        for who, edge in ((PRINTED, edges.printed), (COMMIT, edges.commit), (SEQUENTIAL, edges.sequential))
    ]
    learned = [_learned_boundary(tree, found)] if has_networks(tree) else []
    table = pd.concat([*exact, *learned], ignore_index=True)
    return table.assign(quantity="edge", lifetime=found.lifetime, unit="rewards of prior_scale")


def _learned_boundary(tree: xr.DataTree, found: Map) -> pd.DataFrame:
    """From which prior scale on more than half of the networks learn; where there is no spread, none can."""
    varied = np.flatnonzero(found.prior_scales > 0)
    shares = tree["curves"].dataset["is_learning"].to_numpy()[found.cells[varied].T]
    is_known = np.asarray(np.isfinite(shares).all(axis=1))
    learned = boundary(found.prior_scales[varied], np.where(is_known[:, None], shares, 0.0))
    values = np.where(is_known & ~learned.is_censored, learned.value, np.nan)
    return pd.DataFrame({"who": NETWORK, "reward_scale": found.reward_scales, "estimate": values})


def _yardsticks(tree: xr.DataTree) -> pd.DataFrame:
    theory = tree["theory"].to_dataset()
    tables = [
        pd.DataFrame({"cell": range(theory.sizes["cell"]), "who": who, "estimate": theory[column].to_numpy()})
        for who, column in YARDSTICKS.items()
    ]
    return pd.concat(tables, ignore_index=True)


def _places(tree: xr.DataTree) -> pd.DataFrame:
    """Lifetime, reward scale and prior scale of every cell, in the order of the tree."""
    theory = tree["theory"].to_dataset()
    return pd.DataFrame({name: theory[name].to_numpy() for name in _PLACE})


def _of_cells(tree: xr.DataTree, who: str, values: Float[np.ndarray, "cell"] | Int[np.ndarray, "cell"]) -> pd.DataFrame:
    return _places(tree).assign(who=who, estimate=np.asarray(values, float))


def _placed(tree: xr.DataTree, table: pd.DataFrame) -> pd.DataFrame:
    """The table with the place of every row's cell."""
    return table.merge(_places(tree), left_on="cell", right_index=True, how="left")


def _halfway(scales: Float[np.ndarray, "scale"]) -> Float[np.ndarray, "_"]:
    middle = (scales[1:] + scales[:-1]) / 2
    first, last = 2 * scales[0] - middle[0], 2 * scales[-1] - middle[-1]
    return np.maximum(np.concatenate([[first], middle, [last]]), 0.0)
