"""Every made-up tree of the tests by name: all kinds of comparison and the three reproductions."""

import functools
from collections.abc import Callable, Mapping

import xarray as xr

from comparisons.reproductions._running import reproduction_tree
from comparisons.seams.fixed_arms import Setting
from tests.comparisons.decisions.trees import made_up_decision_tree
from tests.comparisons.foraging.trees import made_up_foraging_tree
from tests.comparisons.lifetimes.trees import POINTS, grid_settings, made_up_lifetime_tree, theory_tree
from tests.comparisons.order.measured_trees import BANDIT, FUNCTIONS, measured_order_tree
from tests.comparisons.order.measured_trees import LINEAR as MEASURED_LINEAR
from tests.comparisons.order.trees import LINEAR, LOW_PASS, SMALLEST, made_up_order_tree
from tests.comparisons.predictions.trees import made_up_tree

PAPER_CELLS = (Setting(6.4, 2.9, 100), Setting(14.8, 2.9, 100))
"""Settings whose single networks the reproduction of Lange & Sprekeler 2020 shows."""


def _mikulik() -> xr.DataTree:
    return _reproduction("mikulik_2020", {"a coin": made_up("predictions"), "two arms": made_up("decisions")})


def _rabinowitz() -> xr.DataTree:
    kinds = {
        "linear": "order-linear",
        "functions": "order-functions",
        "functions_band_pass": "order-functions",
        "bandit": "order-bandit",
    }
    return _reproduction("rabinowitz_2019", {experiment: made_up(name) for experiment, name in kinds.items()})


def _lange_sprekeler() -> xr.DataTree:
    trees = {
        "theory": theory_tree(grid_settings(4, 25, 100)),
        "points": made_up_lifetime_tree(POINTS, num_seeds=3, num_checkpoints=3, shown_cells=(0, 1, 2)),
        "points_many_seeds": made_up_lifetime_tree(POINTS, num_seeds=12),
        "points_paper": made_up_lifetime_tree(POINTS, num_seeds=12, num_checkpoints=3),
        "map_25": made_up_lifetime_tree(grid_settings(4, 25), num_seeds=2),
        "map_100": made_up_lifetime_tree(grid_settings(4, 100), num_seeds=2, diverged=((0, 6), (1, 6))),
        "map_100_paper": made_up_lifetime_tree(
            [*grid_settings(4, 100), *PAPER_CELLS], num_seeds=1, num_checkpoints=6, shown_cells=(16, 17)
        ),
        "one_network": made_up_lifetime_tree(grid_settings(4, 25, 100), num_seeds=3, shown_cells=(18, 21)),
        "foraging": made_up("foraging"),
    }
    return _reproduction("lange_sprekeler_2020", trees)


def _reproduction(identifier: str, trees: Mapping[str, xr.DataTree]) -> xr.DataTree:
    return reproduction_tree(identifier, trees, reports={})


MADE_UP: dict[str, Callable[[], xr.DataTree]] = {
    "predictions": made_up_tree,
    "predictions-few": lambda: made_up_tree(num_seeds=1, optional=False, beyond=False),
    "predictions-infinite": lambda: made_up_tree(finite=False, infinite=True),
    "decisions": made_up_decision_tree,
    "decisions-few": lambda: made_up_decision_tree(num_seeds=1, optional=False),
    "decisions-without-plan": lambda: made_up_decision_tree(plan=False),
    "order-by-hand": lambda: made_up_order_tree(LINEAR),
    "order-undefined": lambda: made_up_order_tree(LOW_PASS, is_undefined=True),
    "order-one-mode": lambda: made_up_order_tree(SMALLEST),
    "order-linear": lambda: measured_order_tree(MEASURED_LINEAR),
    "order-functions": lambda: measured_order_tree(FUNCTIONS),
    "order-bandit": lambda: measured_order_tree(BANDIT),
    "lifetimes-map": lambda: made_up_lifetime_tree(
        grid_settings(4, 12, 25), num_seeds=2, num_checkpoints=7, diverged=((0, 6), (1, 6), (0, 9))
    ),
    "lifetimes-points": lambda: made_up_lifetime_tree(POINTS, num_seeds=12, num_checkpoints=3, shown_cells=(1, 2)),
    "lifetimes-theory": lambda: theory_tree(grid_settings(4, 25)),
    "foraging": made_up_foraging_tree,
    "foraging-diverged": lambda: made_up_foraging_tree(diverged=(10, 100)),
    "mikulik_2020": _mikulik,
    "rabinowitz_2019": _rabinowitz,
    "lange_sprekeler_2020": _lange_sprekeler,
}
"""How each is made."""


@functools.cache
def made_up(name: str) -> xr.DataTree:
    """The made-up tree of this name, made once; to be read, not changed."""
    return MADE_UP[name]()
