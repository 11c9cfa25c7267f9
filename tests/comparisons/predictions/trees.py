"""Small comparisons of predictions made by hand, measured as real ones are: no network is trained for them."""

import json

import numpy as np
import xarray as xr

from comparisons.kind import measured
from comparisons.predictions.kind import KIND
from comparisons.predictions.tree import SCHEMA
from comparisons.tree import validate

LENGTH = 4
NUM_TASKS = 30
FLOORS = ("prior predictive", "memoryless", "wrong-prior Bayes")
STEPS = (1, 10, 100)
POSITIONS = (1, 2, 3)


def made_up_tree(
    *,
    num_seeds: int = 2,
    finite: bool = True,
    optional: bool = True,
    beyond: bool = True,
    infinite: bool = False,
    family: str = "MadeUp(rate=1.0)",
) -> xr.DataTree:
    """A measured comparison; with `infinite` the network's KL is infinite everywhere, the untrained one's at t = 0."""
    rng = np.random.default_rng(0)
    num_times = 2 * LENGTH if beyond else LENGTH
    seeds, tasks = ("training_seed", "task", "time"), ("task", "time")
    by_seed, by_task = (num_seeds, NUM_TASKS, num_times), (NUM_TASKS, num_times)

    def scores(scale: float, shape: tuple[int, ...]) -> np.ndarray:
        return scale * rng.gamma(2.0, size=shape)

    network_kl, untrained_kl = scores(1e-4, by_seed), scores(0.2, by_seed)
    if infinite:
        network_kl[:] = np.inf
        untrained_kl[..., 0] = np.inf
    floor_kl = np.stack([scores(scale, by_task) for scale in (0.2, 0.1, 0.05)])
    floor_kl[0, :, 0] = 0.0
    oracle_loss, bayes_loss = 0.4 + scores(0.05, by_task), 0.5 + scores(0.05, by_task)
    observations = rng.integers(2, size=by_task) if finite else rng.gamma(1.0, size=by_task)

    groups = {
        "observed_data": {"observations": (tasks, observations)},
        "reference": {
            "log_loss": (tasks, bayes_loss),
            "oracle_log_loss": (tasks, oracle_loss),
            "centre": (tasks, rng.uniform(0.1, 0.9, by_task)),
        },
        "network": {
            "kl_divergence": (seeds, network_kl),
            "log_loss": (seeds, bayes_loss + 2e-4 + 1e-3 * rng.normal(size=by_seed)),
            "centre": (seeds, rng.uniform(0.1, 0.9, by_seed)),
        },
        "floors": {
            "kl_divergence": (("floor", *tasks), floor_kl),
            "log_loss": (("floor", *tasks), bayes_loss + floor_kl),
        },
        "calibration": _calibration(rng, num_seeds),
    }
    coordinates = {
        "floors": {"floor": list(FLOORS)},
        "calibration": {"predictor": [*(f"network {index}" for index in range(num_seeds)), "Bayes"]},
    }
    if optional:
        cost = scores(1e-5, (num_seeds, len(POSITIONS), NUM_TASKS))
        order = ("training_seed", "position", "task")
        mean_kl = np.full_like(cost, np.inf) if infinite else cost + scores(1e-5, cost.shape)
        checkpoints = scores(1.0, (num_seeds, len(STEPS), NUM_TASKS)) / np.array(STEPS)[:, None]
        groups |= {
            "untrained": {
                "kl_divergence": (seeds, untrained_kl),
                "log_loss": (seeds, bayes_loss + scores(0.2, by_seed)),
            },
            "order_cost": {
                "cost": (order, cost),
                "mean_kl": (order, mean_kl),
                "num_orders": (("position",), np.array([1, 2, 6])),
            },
            "convergence": {"kl_divergence": (("training_seed", "step", "task"), checkpoints)},
        }
        coordinates |= {"order_cost": {"position": list(POSITIONS)}, "convergence": {"step": list(STEPS)}}
        if finite:
            groups["certificate"] = {
                "kl_by_time": (("training_seed", "time"), network_kl.mean(1)[:, :LENGTH]),
                "worst_history": (("training_seed", "past"), np.tile([1, 0, -1], (num_seeds, 1))),
                "worst_length": (("training_seed",), np.full(num_seeds, 2)),
                "worst_kl": (("training_seed",), np.linspace(0.01, 0.02, num_seeds)),
                "worst_probability": (("training_seed",), np.full(num_seeds, 0.125)),
            }
    tree = xr.DataTree.from_dict(
        {name: xr.Dataset(variables, coords=coordinates.get(name)) for name, variables in groups.items()}
    )
    tree.attrs = {
        "schema": SCHEMA.name,
        "family": family,
        "family_id": "made_up",
        "network": "MadeUpNetwork (7 parameters)",
        "length": LENGTH,
        "wrong_prior_factor": 4.0,
        "evaluation": json.dumps({"num_tasks": NUM_TASKS, "length": LENGTH}),
        "seed": 0,
        "notes": json.dumps(["a note of this comparison"]),
        "versions": json.dumps({"python": "3.11.0", "bayesgauge": "0.1.0"}),
    }
    return measured(validate(tree, SCHEMA), KIND)


def _calibration(rng: np.random.Generator, num_seeds: int) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    dimensions = ("predictor", "task", "bin")
    count = rng.integers(1, 4, size=(num_seeds + 1, NUM_TASKS, 5)).astype(float)
    count[:, :, 1] = 0.0
    stated = count * rng.uniform(0.2, 0.8, size=count.shape)
    return {
        "num_statements": (dimensions, count),
        "stated": (dimensions, stated),
        "observed": (dimensions, np.round(stated)),
    }
