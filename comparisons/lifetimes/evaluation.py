"""Scores of networks on lifetimes beside exact references: from checkpoints to a tree, before any mean or interval."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from comparisons.lifetimes.behaviour import behaviour_of
from comparisons.lifetimes.experiment import GeneralistExperiment, SpecialistExperiment
from comparisons.lifetimes.settings import MapEvaluation
from comparisons.lifetimes.theory import theory_of
from comparisons.lifetimes.theory_experiment import TheoryExperiment
from comparisons.lifetimes.training import generalist_encoding, generalist_settings, specialist_settings
from comparisons.lifetimes.tree import SCHEMA
from comparisons.provenance import versions
from comparisons.seams.fixed_arm_play import Stack, generalist, probe_pulls, shortfalls, specialists
from comparisons.seams.fixed_arms import Setting, specialist_encoding
from comparisons.seams.networks import load_networks, new_stack
from comparisons.seeding import integer_for
from comparisons.tree import validate
from metalearners.checkpoint_files import checkpoint_path
from metalearners.configs import StackedLSTMConfig
from metalearners.policy import RecurrentPolicy
from metalearners.stacked_lstm import StackedLSTM, member
from metalearners.trials import TrialEncoding

Shown = dict[tuple[int, int], tuple[Stack, Setting]]
"""Networks whose behaviour is kept, with their settings, by training seed and cell."""

_SCORES = ("shortfall", "shortfall_error", "mean_pulls")


@dataclass(frozen=True)
class _Arrays:
    """Arrays that evaluation fills in, stack by stack; NaN where a network diverged."""

    steps: tuple[int, ...]
    scores: dict[str, Float[np.ndarray, "step training_seed cell"]]
    probes: Float[np.ndarray, "step training_seed cell probe"]
    untrained: Float[np.ndarray, "training_seed cell"]

    def add(
        self,
        stack: Stack,
        settings: Sequence[Setting],
        number: int,
        rows: tuple[np.ndarray, np.ndarray],
        *,
        evaluation: MapEvaluation,
        seed: int,
    ) -> None:
        """Score networks at one checkpoint: on all lifetimes at the last, on fewer at those before it."""
        is_last = number == len(self.steps) - 1
        num_tasks = evaluation.num_tasks if is_last else evaluation.development_tasks
        found = shortfalls(stack, settings, num_tasks=num_tasks, seed=seed)
        for name, column in zip(_SCORES, zip(*found, strict=True), strict=True):
            self.scores[name][(number, *rows)] = column
        self.probes[(number, *rows)] = probe_pulls(stack, settings, num_tasks=evaluation.num_probes, seed=seed)


def evaluate_specialists(experiment: SpecialistExperiment, directories: tuple[Path, ...]) -> xr.DataTree:
    """Return the scores of every network at its own cell, as `comparisons.lifetimes.tree` describes."""
    everywhere, evaluation = specialist_settings(experiment), experiment.evaluation
    encoding = specialist_encoding(experiment.training.lifetime, is_raw=experiment.is_raw)
    found = _empty(experiment, len(everywhere))
    shown: Shown = {}
    for index, directory in enumerate(directories):
        members = experiment.stack(index)
        rows = np.array([seed for seed, _ in members]), np.array([cell for _, cell in members])
        settings = [everywhere[cell] for _, cell in members]
        for number, step in enumerate(found.steps):
            policy = load_networks([checkpoint_path(directory, step)], experiment.network, encoding)
            stack = specialists(policy, is_raw=experiment.is_raw)
            found.add(stack, settings, number, rows, evaluation=evaluation, seed=experiment.seed)
        fresh = new_stack(
            experiment.network, encoding, num_networks=len(members), seed=integer_for(index, "untrained weights")
        )
        untrained = specialists(fresh, is_raw=experiment.is_raw)
        floor = shortfalls(untrained, settings, num_tasks=evaluation.development_tasks, seed=experiment.seed)
        found.untrained[rows] = [lost.mean for lost in floor]
        for place, (seed, cell) in enumerate(members):
            if cell in evaluation.shown_cells and np.isfinite(found.scores["shortfall"][-1, seed, cell]):
                path = checkpoint_path(directory, found.steps[-1])
                alone = _network_alone(path, experiment.network, encoding, place)
                shown[seed, cell] = specialists(alone, is_raw=experiment.is_raw), everywhere[cell]
    return _tree(experiment, everywhere, found, shown)


def evaluate_generalists(experiment: GeneralistExperiment, directories: tuple[Path, ...]) -> xr.DataTree:
    """Return the scores of every training seed's network at every cell and lifetime, as `tree` describes."""
    everywhere, evaluation = generalist_settings(experiment), experiment.evaluation
    encoding = generalist_encoding(experiment)
    found = _empty(experiment, len(everywhere))
    shown: Shown = {}
    for seed, directory in enumerate(directories):
        for number, step in enumerate(found.steps):
            policy = load_networks([checkpoint_path(directory, step)], experiment.network, encoding)
            for cell, setting in enumerate(everywhere):
                rows = np.array([seed]), np.array([cell])
                found.add(generalist(policy), [setting], number, rows, evaluation=evaluation, seed=experiment.seed)
        fresh = new_stack(experiment.network, encoding, num_networks=1, seed=integer_for(seed, "untrained weights"))
        for cell, setting in enumerate(everywhere):
            num_tasks = evaluation.development_tasks
            (floor,) = shortfalls(generalist(fresh), [setting], num_tasks=num_tasks, seed=experiment.seed)
            found.untrained[seed, cell] = floor.mean
            is_shown = (
                setting.lifetime == max(experiment.lifetimes) and cell % len(experiment.cells) in evaluation.shown_cells
            )
            if is_shown and np.isfinite(found.scores["shortfall"][-1, seed, cell]):
                path = checkpoint_path(directory, found.steps[-1])
                shown[seed, cell] = generalist(_network_alone(path, experiment.network, encoding, 0)), setting
    return _tree(experiment, everywhere, found, shown)


def evaluate_theory(experiment: TheoryExperiment) -> xr.DataTree:
    """Return the exact references at every setting of the grid."""
    settings = [
        Setting(reward_scale, prior_scale, lifetime)
        for lifetime in experiment.lifetimes
        for reward_scale in experiment.reward_scales
        for prior_scale in experiment.prior_scales
    ]
    tree = xr.DataTree.from_dict({"theory": theory_of(settings)})
    tree.attrs = _attributes(experiment, evaluation={}, num_seeds=0, notes=[])
    return validate(tree, SCHEMA)


def _empty(experiment: SpecialistExperiment | GeneralistExperiment, num_cells: int) -> _Arrays:
    steps = experiment.training.checkpoint_steps()
    shape = (len(experiment.training_seeds), num_cells)
    return _Arrays(
        steps,
        {name: np.full((len(steps), *shape), np.nan) for name in _SCORES},
        np.full((len(steps), *shape, experiment.evaluation.num_probes), np.nan, np.float32),
        np.full(shape, np.nan),
    )


def _network_alone(path: Path, config: StackedLSTMConfig, encoding: TrialEncoding, place: int) -> RecurrentPolicy:
    """Return one network of the stack that a checkpoint holds."""
    stack = load_networks([path], config, encoding).network
    assert isinstance(stack, StackedLSTM)
    return RecurrentPolicy(member(stack, place), encoding)


def _tree(
    experiment: SpecialistExperiment | GeneralistExperiment, settings: Sequence[Setting], found: _Arrays, shown: Shown
) -> xr.DataTree:
    dimensions = ("training_seed", "cell")
    last = {name: (dimensions, values[-1]) for name, values in found.scores.items()}
    networks = xr.Dataset({**last, "untrained_shortfall": (dimensions, found.untrained)})
    networks["probe_pulls"] = (*dimensions, "probe"), found.probes[-1]
    groups = {"theory": theory_of(settings), "networks": networks}
    if len(found.steps) > 1:
        groups["development"] = xr.Dataset(
            {
                "shortfall": (("step", *dimensions), found.scores["shortfall"]),
                "probe_pulls": (("step", *dimensions), found.probes.mean(axis=-1)),
            },
            coords={"step": list(found.steps)},
        )
    if shown:
        groups["behaviour"] = behaviour_of(shown, seed=experiment.seed)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = _attributes(
        experiment,
        evaluation=asdict(experiment.evaluation),
        num_seeds=len(found.untrained),
        notes=_notes(settings, found.scores["shortfall"][-1]),
    )
    return validate(tree, SCHEMA)


def _attributes(
    experiment: SpecialistExperiment | GeneralistExperiment | TheoryExperiment,
    *,
    evaluation: Mapping[str, Any],
    num_seeds: int,
    notes: list[str],
) -> dict[str, Any]:
    return {
        "schema": SCHEMA.name,
        "kind": "comparisons.lifetimes",
        "name": experiment.name,
        "question": experiment.question,
        "is_generalist": int(isinstance(experiment, GeneralistExperiment)),
        "training_seeds": num_seeds,
        "evaluation": json.dumps(evaluation),
        "seed": experiment.seed,
        "notes": json.dumps(notes),
        "versions": json.dumps(versions()),
    }


def _notes(settings: Sequence[Setting], shortfall: np.ndarray) -> list[str]:
    """Return a note for every network that diverged."""
    return [
        f"the network of training seed {seed} at reward_scale {settings[cell].reward_scale:g}, prior_scale "
        f"{settings[cell].prior_scale:g}, lifetime {settings[cell].lifetime} diverged: its weights are not finite, and "
        "its cell is left empty"
        for seed, cell in np.argwhere(np.isnan(shortfall))
    ]
