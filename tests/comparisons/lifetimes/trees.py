"""Made-up trees of lifetimes, for tests: exact theory, and networks that follow the Bayes-optimal policy with noise."""

import json

import numpy as np
import xarray as xr

from comparisons.kind import measured
from comparisons.lifetimes import running
from comparisons.lifetimes.kind import KIND
from comparisons.lifetimes.theory import theory_of
from comparisons.lifetimes.theory_experiment import TheoryExperiment
from comparisons.lifetimes.tree import BEHAVIOUR, SCHEMA
from comparisons.seams.fixed_arms import Setting
from comparisons.tree import validate

NUM_PROBES = 20
POINTS = [Setting(19.5, 3.0, 100), Setting(9.53, 3.75, 100), Setting(9.53, 8.0, 100)]
"""The three points of the paper's figure 2."""


def grid_settings(size: int, *lifetimes: int) -> list[Setting]:
    return [
        Setting(float(reward), float(prior), lifetime)
        for lifetime in lifetimes
        for reward in np.linspace(0.1, 20, size)
        for prior in np.linspace(0.1, 10, size)
    ]


def made_up_lifetime_tree(
    settings: list[Setting],
    *,
    num_seeds: int,
    num_checkpoints: int = 1,
    shown_cells: tuple[int, ...] = (),
    diverged: tuple[tuple[int, int], ...] = (),
) -> xr.DataTree:
    """A measured map; `diverged` names training seed and cell of networks without numbers.

    Near the learning threshold, where the Bayes-optimal policy earns little, some networks never learn.
    """
    rng = np.random.default_rng(0)
    theory = theory_of(settings)
    shape = (num_seeds, len(settings))
    lifetime = theory["lifetime"].to_numpy().astype(float)
    best = theory["sequential_value"].to_numpy()
    never = rng.uniform(size=shape) < np.exp(-best / (0.6 * lifetime))
    scale = np.where(never, 0.0, rng.gamma(9.0, 1 / 9.0, size=shape))
    pulls = np.minimum(theory["sequential_probe_pulls"].to_numpy() * scale, 0.6 * lifetime)
    probes = np.minimum(rng.poisson(np.repeat(pulls[..., None], NUM_PROBES, axis=2)), lifetime[:, None])
    probes = probes.astype(np.float32)
    shortfall = np.where(never, best, 0.04 * best + 0.1 * rng.gamma(1.0, size=shape))
    networks = {
        "shortfall": shortfall,
        "shortfall_error": np.full(shape, 0.05),
        "mean_pulls": pulls,
        "untrained_shortfall": best + lifetime / 2 + rng.normal(size=shape),
    }
    for seed, cell in diverged:
        for values in (*networks.values(), probes):
            values[seed, cell] = np.nan
    per_network = ("training_seed", "cell")
    groups = {
        "theory": theory,
        "networks": xr.Dataset(
            {name: (per_network, values) for name, values in networks.items()}
            | {"probe_pulls": ((*per_network, "probe"), probes)}
        ),
    }
    if num_checkpoints > 1:
        weights = np.linspace(0, 1, num_checkpoints)[:, None, None]
        begun, ended = 0.3 * lifetime * np.ones(shape), probes.mean(axis=2)
        groups["development"] = xr.Dataset(
            {
                "shortfall": (("step", *per_network), (1 - weights) * (best + lifetime / 2) + weights * shortfall),
                "probe_pulls": (("step", *per_network), (1 - weights) * begun + weights * ended),
            },
            coords={"step": 100 * np.arange(1, num_checkpoints + 1)},
        )
    if shown_cells:
        groups["behaviour"] = _behaviour(settings, num_seeds, shown_cells, rng)
    tree = xr.DataTree.from_dict(groups)
    notes = [f"the network of training seed {seed} in cell {cell} diverged" for seed, cell in diverged]
    tree.attrs = {
        "schema": SCHEMA.name,
        "kind": "comparisons.lifetimes",
        "name": "made_up",
        "question": "Do these networks learn where learning pays?",
        "is_generalist": 0,
        "training_seeds": num_seeds,
        "evaluation": json.dumps({"num_tasks": 100}),
        "seed": 0,
        "notes": json.dumps(notes),
        "versions": json.dumps({"bayesgauge": "0"}),
    }
    return measured(validate(tree, SCHEMA), KIND)


def theory_tree(settings: list[Setting]) -> xr.DataTree:
    """A measured map of theories alone; its settings are a grid."""
    experiment = TheoryExperiment(
        "theory",
        tuple(sorted({setting.reward_scale for setting in settings})),
        tuple(sorted({setting.prior_scale for setting in settings})),
        tuple(sorted({setting.lifetime for setting in settings})),
    )
    return measured(running.evaluate(experiment, ()), KIND)


def _behaviour(settings: list[Setting], num_seeds: int, cells: tuple[int, ...], rng: np.random.Generator) -> xr.Dataset:
    """Networks that are undecided for a while and then go to one of two ends; in odd cells they never learn."""
    num_tasks, shown = 40, [(seed, cell) for seed in range(num_seeds) for cell in cells]
    times = np.arange(settings[0].lifetime)
    is_better = np.arange(num_tasks) >= num_tasks // 2
    rows: dict[str, list[np.ndarray]] = {}
    for _, cell in shown:
        does_learn = cell % 2 == 0
        undecided = np.exp(-times / 8) * does_learn * rng.uniform(0.7, 1.0, (num_tasks, len(times)))
        chance = np.where(is_better[:, None] & does_learn, 1 - undecided / 2, undecided / 2)
        side = np.where(is_better, 1.0, -1.0)[:, None] * does_learn
        ends = np.stack([3 * side * (1 - np.exp(-times / 10)), np.exp(-times / 15) + 0 * side], axis=-1)
        row = {
            "is_pulled": rng.uniform(size=chance.shape) < chance,
            "entropy": np.log(2) * undecided,
            "is_better": is_better,
            "state_change": 0.5 * np.exp(-times[1:] / 10) + 0.02 * rng.uniform(size=(num_tasks, len(times) - 1)),
            "coordinates": (ends + 0.1 * rng.normal(size=ends.shape)).astype(np.float32),
            "explained": np.array([0.7, 0.2]),
            "end_points": np.asarray(1 + does_learn),
            "participation_ratio": np.array([2.0, 1.8, 2.2]),
            "read_out": np.array([0.97, 0.94, 0.99]) if does_learn else np.array([0.5, 0.4, 0.6]),
            "shuffled_read_out": np.array([0.5, 0.41, 0.6]),
        }
        for name, values in row.items():
            rows.setdefault(name, []).append(values)
    dataset = xr.Dataset({name: (BEHAVIOUR[name], np.stack(values)) for name, values in rows.items()})
    return dataset.assign_coords(
        training_seed=("shown", [seed for seed, _ in shown]),
        cell=("shown", [cell for _, cell in shown]),
        lifetime=("shown", [settings[cell].lifetime for _, cell in shown]),
        reward_scale=("shown", [settings[cell].reward_scale for _, cell in shown]),
        prior_scale=("shown", [settings[cell].prior_scale for _, cell in shown]),
    )
