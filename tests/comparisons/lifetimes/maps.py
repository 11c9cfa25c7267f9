"""A made-up map of four cells, whose measures are worked out by hand."""

import math

import numpy as np
import xarray as xr

from comparisons.kind import measured
from comparisons.lifetimes.kind import KIND
from comparisons.lifetimes.scores import curves_of, scores_of
from comparisons.rows import table_of

T_2 = 4.302653
"""Student's 97.5 % point of 2 degrees of freedom, and the normal one."""
Z = 1.959964
CELLS = [(1.0, 1.0), (1.0, 2.0), (3.0, 1.0), (3.0, 2.0)]
SHORTFALL = np.array([[0.0, 1.0, 0.0, 1.0], [0.0, 2.0, 0.0, 1.0], [0.0, 1.0, 1.0, 1.0]])
PULLS = np.array([[0.0, 3.0, 0.0, 2.0], [0.0, 3.0, 0.0, 0.0], [2.0, 3.0, 0.0, 2.0]])
"""Mean pulls under the probe, of three training seeds: more than one is learning."""


def made_up_tree(shortfall=SHORTFALL, pulls=PULLS, *, cells=CELLS, lifetimes=(10,)):
    """Four cells, in two of which learning pays; once more for every further lifetime."""
    num_extra = len(cells) - len(CELLS)  # nothing can be earned there
    known = {
        "commit_trials": [0, 2, 0, 3],
        "commit_value": [0.0, 3.0, 0.0, 1.0],
        "printed_trials": [0, 2, 0, 0],
        "printed_value": [0.0, 1.0, 0.0, 0.5],
        "printed_policy_value": [0.0, 2.0, 0.0, 0.0],
        "printed_exploring_value": [-1.0, 1.0, -1.0, -0.5],
        "sequential_value": [0.0, 4.0, 0.0, 2.0],
        "sequential_value_error": [0.0] * 4,
        "sequential_pulls": [0.0, 5.0, 0.0, 6.0],
        "sequential_probe_pulls": [0.5, 3.0, 0.0, 4.0],
        "sequential_probe_median": [0, 2, 0, 3],
        "full_information_value": [1.0, 5.0, 1.0, 3.0],
    }
    times = len(lifetimes)
    theory = xr.Dataset({name: ("cell", (row + [0] * num_extra) * times) for name, row in known.items()})
    theory = theory.assign_coords(
        reward_scale=("cell", [reward for reward, _ in cells] * times),
        prior_scale=("cell", [prior for _, prior in cells] * times),
        lifetime=("cell", np.repeat(lifetimes, len(cells))),
    )
    dims = ("training_seed", "cell")
    shortfall, pulls = (np.tile(np.pad(v, ((0, 0), (0, num_extra))), times) for v in (shortfall, pulls))
    probes = np.repeat(pulls[..., None], 4, axis=2).astype(np.float32)
    networks = xr.Dataset(
        {
            "shortfall": (dims, shortfall),
            "shortfall_error": (dims, np.where(np.isnan(shortfall), np.nan, 0.1)),
            "mean_pulls": (dims, np.where(np.isnan(shortfall), np.nan, 5.0)),
            "untrained_shortfall": (dims, np.full(shortfall.shape, 0.5)),
            "probe_pulls": ((*dims, "probe"), probes),
        }
    )
    tree = xr.DataTree.from_dict({"theory": theory, "networks": networks})
    tree.attrs = {"seed": 0}
    return tree


TEN = {"lifetime": 10}
PLACE = {"reward_scale": 1.0, "prior_scale": 2.0, "lifetime": 10}
"""The second cell."""


def measures_of(tree):
    return table_of(measured(tree, KIND))


def names_of(table):
    return {name for name, _ in table.entries}


def curves(tree):
    return curves_of(scores_of(tree))


BOUNDARY = ((1.25 - 1.5) + (1.75 - 1.5)) / 2, (math.log(1.25 / 1.5) + math.log(1.75 / 1.5)) / 2
"""Shares of networks that learn are (1/3, 1) and (0, 2/3) in the two rows, at prior scales 1 and 2; the exact boundary
is half-way in both."""


def without(*networks):
    """The made-up networks, those at (training seed, cell) diverged."""
    shortfall, pulls = SHORTFALL.copy(), PULLS.copy()
    for seed, cell in networks:
        shortfall[seed, cell] = pulls[seed, cell] = np.nan
    return made_up_tree(shortfall, pulls)
