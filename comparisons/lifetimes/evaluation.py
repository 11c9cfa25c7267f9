"""Scoring networks on lifetimes, against three yardsticks: from checkpoints to a tree, before any mean or interval."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from comparisons.lifetimes.behaviour import behaviour_of
from comparisons.lifetimes.theory import theory_of
from comparisons.provenance import versions
from comparisons.seams.fixed_arm_play import Player, generalist, probe_pulls, shortfalls, specialists
from comparisons.seams.fixed_arms import LONGEST_TOLD, Setting, specialist_encoding, told
from comparisons.seams.networks import load_networks, new_stack
from comparisons.seeding import integer_for
from comparisons.tree import LIFETIME_SCHEMA, validate
from metalearners.checkpoint_files import checkpoint_path
from metalearners.configs import StackedLSTMConfig
from metalearners.policy import RecurrentPolicy
from metalearners.stacked_lstm import StackedLSTM, member
from metalearners.trials import SettingTrialEncoding, TrialEncoding

if TYPE_CHECKING:
    from comparisons.lifetimes.experiment import GeneralistExperiment, SpecialistExperiment
    from comparisons.lifetimes.settings import MapEvaluation


_SCORES = ("shortfall", "shortfall_error", "mean_pulls")


def evaluate_specialists(experiment: "SpecialistExperiment", directories: tuple[Path, ...]) -> xr.DataTree:
    """Every network at its own cell; follows `comparisons.tree`."""
    places, seeds = experiment.places(), len(experiment.training_seeds)
    encoding = specialist_encoding(experiment.training.lifetime, is_raw=experiment.is_raw)
    shape = (seeds, len(places))
    steps = experiment.training.checkpoint_steps()
    scores = {name: np.full((len(steps), *shape), np.nan) for name in _SCORES}
    probes = np.full((len(steps), *shape, experiment.evaluation.num_probes), np.nan, np.float32)
    untrained = np.full(shape, np.nan)
    shown: dict[tuple[int, int], tuple[Player, Setting]] = {}
    for index, directory in enumerate(directories):
        members = experiment.stack(index)
        rows = np.array([seed for seed, _ in members]), np.array([cell for _, cell in members])
        settings = [places[cell] for _, cell in members]
        for number, step in enumerate(steps):
            policy = load_networks([checkpoint_path(directory, step)], experiment.network, encoding)
            player = specialists(policy, is_raw=experiment.is_raw)
            _score(player, settings, experiment, scores, probes, (number, *rows), is_last=step == steps[-1])
        fresh = new_stack(
            experiment.network, encoding, num_networks=len(members), seed=integer_for(index, "untrained weights")
        )
        floor = shortfalls(
            specialists(fresh, is_raw=experiment.is_raw),
            settings,
            num_tasks=experiment.evaluation.development_tasks,
            seed=experiment.seed,
        )
        untrained[rows] = [found.mean for found in floor]
        for place, (seed, cell) in enumerate(members):
            if cell in experiment.evaluation.shown_cells and np.isfinite(scores["shortfall"][-1, seed, cell]):
                alone = _network_alone(checkpoint_path(directory, steps[-1]), experiment.network, encoding, place)
                shown[seed, cell] = specialists(alone, is_raw=experiment.is_raw), places[cell]
    return _tree(experiment, places, steps, scores, probes, untrained, shown, is_generalist=False)


def evaluate_generalists(experiment: "GeneralistExperiment", directories: tuple[Path, ...]) -> xr.DataTree:
    """Every training seed's network at every cell and lifetime; follows `comparisons.tree`."""
    places, seeds = experiment.places(), len(experiment.training_seeds)
    encoding = SettingTrialEncoding(told(places[:1]), 2, LONGEST_TOLD)
    steps = experiment.training.checkpoint_steps()
    shape = (seeds, len(places))
    scores = {name: np.full((len(steps), *shape), np.nan) for name in _SCORES}
    probes = np.full((len(steps), *shape, experiment.evaluation.num_probes), np.nan, np.float32)
    untrained = np.full(shape, np.nan)
    shown: dict[tuple[int, int], tuple[Player, Setting]] = {}
    for seed, directory in enumerate(directories):
        for number, step in enumerate(steps):
            policy = load_networks([checkpoint_path(directory, step)], experiment.network, encoding)
            for cell, place in enumerate(places):
                where = (number, np.array([seed]), np.array([cell]))
                _score(generalist(policy), [place], experiment, scores, probes, where, is_last=step == steps[-1])
        fresh = new_stack(experiment.network, encoding, num_networks=1, seed=integer_for(seed, "untrained weights"))
        few = experiment.evaluation.development_tasks
        for cell, place in enumerate(places):
            (floor,) = shortfalls(generalist(fresh), [place], num_tasks=few, seed=experiment.seed)
            untrained[seed, cell] = floor.mean
            is_shown = (
                place.lifetime == max(experiment.lifetimes)
                and cell % len(experiment.cells) in experiment.evaluation.shown_cells
            )
            if is_shown and np.isfinite(scores["shortfall"][-1, seed, cell]):
                alone = _network_alone(checkpoint_path(directory, steps[-1]), experiment.network, encoding, 0)
                shown[seed, cell] = generalist(alone), place
    return _tree(experiment, places, steps, scores, probes, untrained, shown, is_generalist=True)


def _network_alone(path: Path, config: StackedLSTMConfig, encoding: TrialEncoding, place: int) -> RecurrentPolicy:
    """One network of the stack that is kept there."""
    stack = load_networks([path], config, encoding).network
    assert isinstance(stack, StackedLSTM)
    return RecurrentPolicy(member(stack, place), encoding)


def _score(
    player: Player,
    settings: Sequence[Setting],
    experiment: "SpecialistExperiment | GeneralistExperiment",
    scores: dict[str, np.ndarray],
    probes: np.ndarray,
    where: tuple[int, np.ndarray, np.ndarray],
    *,
    is_last: bool,
) -> None:
    """Fill in what networks do at one checkpoint: on all lifetimes at the last, on fewer before."""
    evaluation: MapEvaluation = experiment.evaluation
    num_tasks = evaluation.num_tasks if is_last else evaluation.development_tasks
    found = shortfalls(player, settings, num_tasks=num_tasks, seed=experiment.seed)
    for name, column in zip(_SCORES, zip(*found, strict=True), strict=True):
        scores[name][where] = column
    probes[where] = probe_pulls(player, settings, num_tasks=evaluation.num_probes, seed=experiment.seed)


def _tree(
    experiment: "SpecialistExperiment | GeneralistExperiment",
    places: Sequence[Setting],
    steps: tuple[int, ...],
    scores: dict[str, np.ndarray],
    probes: np.ndarray,
    untrained: np.ndarray,
    shown: dict[tuple[int, int], tuple[Player, Setting]],
    *,
    is_generalist: bool,
) -> xr.DataTree:
    dimensions = ("training_seed", "cell")
    last = {name: (dimensions, values[-1]) for name, values in scores.items()}
    networks = xr.Dataset({**last, "untrained_shortfall": (dimensions, untrained)})
    networks["probe_pulls"] = (*dimensions, "probe"), probes[-1]
    groups = {"theory": theory_of(places), "networks": networks}
    if len(steps) > 1:
        groups["development"] = xr.Dataset(
            {
                "shortfall": (("step", *dimensions), scores["shortfall"]),
                "probe_pulls": (("step", *dimensions), probes.mean(axis=-1)),
            },
            coords={"step": list(steps)},
        )
    if shown:
        groups["behaviour"] = behaviour_of(shown, seed=experiment.seed)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "schema": LIFETIME_SCHEMA,
        "name": experiment.name,
        "question": experiment.question,
        "is_generalist": int(is_generalist),
        "training_seeds": len(untrained),
        "evaluation": json.dumps(asdict(experiment.evaluation)),
        "seed": experiment.seed,
        "notes": json.dumps(_notes(places, last["shortfall"][1])),
        "versions": json.dumps(versions()),
    }
    return validate(tree)


def _notes(places: Sequence[Setting], shortfall: np.ndarray) -> list[str]:
    """Which networks diverged, by name."""
    return [
        f"the network of training seed {seed} at reward_scale {places[cell].reward_scale:g}, prior_scale "
        f"{places[cell].prior_scale:g}, lifetime {places[cell].lifetime} diverged: its weights are not finite, and its "
        "cell is left empty"
        for seed, cell in np.argwhere(np.isnan(shortfall))
    ]
