"""Made-up comparisons of foragers: every group that there is, at the paper's lifetimes, without any network."""

import json

import numpy as np
import xarray as xr

from bayesopt.families import ForagingGrid
from comparisons.foraging.experiment import LIFETIMES, TEST_LIFETIMES
from comparisons.foraging.kind import KIND
from comparisons.foraging.scores import ForagingScores
from comparisons.foraging.tree import PER_NETWORK, REFERENCES, SCHEMA
from comparisons.kind import measured
from comparisons.tree import validate

EXACT = {100: 84.4, 50: 40.6, 20: 14.35, 10: 5.2}
NUM_TASKS = 12


def made_up_foraging_tree(*, num_seeds=2, diverged=()):
    """Networks that use what the paper's use and are best in their own lifetime; those `diverged` are NaN."""
    generator = np.random.default_rng(0)
    train, test = np.array(LIFETIMES), np.array(TEST_LIFETIMES)
    distance = np.abs(np.log2(train[:, None] / test))
    optimal = np.interp(np.arange(1, 101), sorted(EXACT), [EXACT[t] for t in sorted(EXACT)])
    optimal[:8], optimal[8] = np.arange(1, 9) // 2, 4.4
    rewards = optimal[test - 1] * (0.97 - 0.15 * distance)
    share = np.clip(train / 60, 0, 1)[:, None] * np.ones(len(test))
    shape = (num_seeds, len(train), len(test), NUM_TASKS)

    def noisy(values):
        return (np.broadcast_to(values[None, :, :, None], shape) + generator.normal(0, 0.1, shape)).astype(np.float32)

    counts = ForagingScores(
        rewards=noisy(rewards),
        small_goals=noisy(test / 2 * (1 - share)),
        medium_goals=noisy((train[:, None] >= 10) * 0.04 * test),
        high_goals=noisy((train[:, None] >= 15) * 0.11 * test * share),
        optimal_probs=noisy(0.5 + 0.4 * share),
        action_gap=noisy(optimal[test - 1] - rewards),
        high_trips=np.full(shape, 10, np.float32),
        shortest_trips=np.full(shape, 9.7, np.float32),
        known_small_goals=np.full(shape, 4, np.float32),
        late_small_goals=np.full(shape, 3, np.float32),
        idle_steps=np.full(shape, 1, np.float32),
    )
    networks = xr.Dataset(
        {name: ((*PER_NETWORK, "test_lifetime", "task"), values) for name, values in counts._asdict().items()}
    )
    named = {"training_seed": range(num_seeds), "train_lifetime": train, "test_lifetime": test}
    networks = networks.assign_coords({name: list(values) for name, values in named.items()})
    best = networks.isel(training_seed=0, train_lifetime=slice(0, 3), drop=True)
    best = best.rename(train_lifetime="reference").assign_coords(reference=list(REFERENCES))
    lifetimes = {"lifetime": np.arange(1, 101)}
    cells = generator.dirichlet(np.ones(36), (num_seeds, len(train))).reshape(num_seeds, len(train), 6, 6)
    entropy = generator.uniform(0, 1.2, (num_seeds, len(train), 100))
    dimensions = 3 + 0.8 * train[None, :, None] + np.array([0, -1, 1])[None, None] + np.zeros((num_seeds, 1, 1))
    course = rewards[:, -1, None, None] * np.linspace(0.3, 1, 4)[:, None] + generator.normal(
        0, 1, (num_seeds, 12, 4, 9)
    )
    groups = {
        "networks": networks,
        "unscaled": networks.isel(test_lifetime=-1, drop=True),
        "untrained": networks.isel(train_lifetime=0, drop=True) * 0.1,
        "references": best,
        "exact": xr.Dataset(
            {
                "optimal": ("lifetime", optimal),
                "small_goal": ("lifetime", np.arange(1, 101) // 2.0),
                "full_information": ("lifetime", optimal + 2),
            },
            coords=lifetimes,
        ),
        "behaviour": xr.Dataset(
            {"occupancy": ((*PER_NETWORK, "y", "x"), cells), "entropy": ((*PER_NETWORK, "time"), entropy)},
            coords={"train_lifetime": train},
        ),
        "reference_behaviour": xr.Dataset(
            {"occupancy": (("reference", "y", "x"), cells[0, :3]), "entropy": (("reference", "time"), entropy[0, :3])},
            coords={"reference": list(REFERENCES)},
        ),
        "states": xr.Dataset(
            {
                "participation_ratio": ((*PER_NETWORK, "bound"), dimensions),
                "explained": (
                    (*PER_NETWORK, "component"),
                    np.full((num_seeds, 12, 3), 0.3) / dimensions[..., :1] ** 0.3,
                ),
                "coordinates": (
                    ("train_lifetime", "shown_task", "time", "axis"),
                    generator.normal(size=(12, 5, 100, 2)).cumsum(axis=2),
                ),
            },
            coords={"train_lifetime": train},
        ),
        "course": xr.Dataset(
            {"rewards": ((*PER_NETWORK, "step", "course_task"), course)},
            coords={"train_lifetime": train, "step": [300, 600, 900, 1200]},
        ),
    }
    for name in ("networks", "unscaled", "behaviour", "states", "course"):
        for lifetime in diverged:
            groups[name] = groups[name].where(groups[name]["train_lifetime"] != lifetime)
    groups["states"] = groups["states"].transpose(*PER_NETWORK, ...)
    groups["states"]["coordinates"] = groups["states"]["coordinates"].transpose("train_lifetime", ...)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "schema": SCHEMA.name,
        "kind": "comparisons.foraging",
        "family": repr(ForagingGrid()),
        "is_paper_grid": 1,
        "network": "made up",
        "question": "Do they learn?",
        "batch_size": 128,
        "seed": 0,
        "evaluation": json.dumps({"num_tasks": NUM_TASKS}),
        "notes": json.dumps([f"lifetime-{lifetime:03d}-seed-00 diverged: it is empty" for lifetime in diverged]),
        "versions": json.dumps({"python": "3"}),
    }
    return measured(validate(tree, SCHEMA), KIND)
