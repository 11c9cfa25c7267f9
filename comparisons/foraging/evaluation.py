"""Scores of networks that forage and of the exact optimum: from checkpoints to a tree, before any mean or interval."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float, Float32, Int

from bayesopt.agent import Agent
from bayesopt.episodes import TabularTasks, sample_tabular_tasks
from bayesopt.families import ForagingGrid
from bayesopt.foraging import occupancy
from bayesopt.planning.foraging import ForagingPlan, small_goal_agent, small_goal_values, solve_foraging
from bayesopt.planning.tabular import full_information_values, tabular_oracle_agent
from bayesopt.rollout import TabularTrajectories, play_tabular
from bayesopt.titles import title_of
from comparisons.foraging.experiment import ForagingExperiment
from comparisons.foraging.published import PAPER_GRID
from comparisons.foraging.scores import ForagingScores, entropy_by_step, foraging_scores
from comparisons.foraging.tree import PER_NETWORK, REFERENCES, SCHEMA
from comparisons.provenance import versions
from comparisons.seams.foraging import forage, hidden_states, load_forager, num_parameters, untrained_forager
from comparisons.seeding import integer_for, key_for
from comparisons.statistics.state_geometry import participation_ratio, principal_coordinates
from comparisons.tree import validate
from metalearners.policy import RecurrentPolicy

NUM_COMPONENTS = 3
"""Principal components whose share of the variance is kept, as in the paper's figure 9."""

NUM_SHOWN_TASKS = 30
"""Tasks whose hidden states are kept, to be drawn."""


class ForagingTest(NamedTuple):
    """The test of all networks and references: tasks, and the uniforms that the networks' actions are drawn with."""

    family: ForagingGrid
    tasks: TabularTasks
    goals: Int[np.ndarray, "task goal"]
    uniforms: Float32[np.ndarray, "task step"]
    seed: int


class _Behaviour(NamedTuple):
    """Behaviour of a player in the longest lifetime: share of steps in each cell, and entropy of the choice by step."""

    occupancy: Float[np.ndarray, "y x"]
    entropy: Float[np.ndarray, "time"]


class _States(NamedTuple):
    """Spread of the hidden states of a network."""

    participation_ratio: Float[np.ndarray, "bound"]
    explained: Float[np.ndarray, "component"]
    coordinates: Float[np.ndarray, "shown_task time axis"]


def evaluate(experiment: ForagingExperiment, directories: tuple[Path, ...]) -> xr.DataTree:
    """Return the scores of every network and reference at every test lifetime; they follow `SCHEMA`."""
    family, lifetimes, longest = experiment.family, experiment.test_lifetimes, experiment.test_lifetimes[-1]
    plan = solve_foraging(family, lifetime=longest)
    test = foraging_test(family, num_tasks=experiment.num_tasks, lifetime=longest, seed=experiment.seed)
    steps = experiment.training.checkpoint_steps()
    networks = _networks(experiment, directories, steps[-1])
    scores, unscaled, behaviour, states = [], [], [], []
    for row in networks:
        found = [_scaled(row, test, plan, lifetime) for lifetime in lifetimes[:-1]]
        played = [_forage(policy, test, longest, longest) for policy in row]
        own_time = [_forage(p, test, longest, unit) for p, unit in zip(row, experiment.lifetimes, strict=True)]
        both = foraging_scores([*played, *own_time], plan)
        scores.append([*found, both[: len(row)]])
        unscaled.append(both[len(row) :])
        behaviour.append([_behaviour(each, family.side) for each in played])
        states.append([_states(policy, test, experiment.num_state_tasks, longest) for policy in row])
    fresh = [
        untrained_forager(experiment.network_of(experiment.lifetimes[-1]), family, seed=seed)
        for seed in experiment.training_seeds
    ]
    references, reference_behaviour = reference_scores(test, plan, lifetimes)
    groups = {
        "networks": _of_scores(scores, ("training_seed", "test_lifetime", "train_lifetime")).transpose(
            *PER_NETWORK, "test_lifetime", "task"
        ),
        "unscaled": _of_scores(unscaled, PER_NETWORK),
        "untrained": _of_scores(
            [_scaled(fresh, test, plan, lifetime) for lifetime in lifetimes], ("test_lifetime", "training_seed")
        ).transpose("training_seed", "test_lifetime", "task"),
        "references": references,
        "exact": exact_values(family, plan),
        "behaviour": _dataset(behaviour, PER_NETWORK, _Behaviour, (("y", "x"), ("time",))),
        "reference_behaviour": reference_behaviour,
        "states": _dataset(
            states, PER_NETWORK, _States, (("bound",), ("component",), ("shown_task", "time", "axis"))
        ).assign(coordinates=lambda found: found["coordinates"].isel(training_seed=0)),
        "course": _course(experiment, directories, test, steps),
    }
    named = {"training_seed": list(experiment.training_seeds), "train_lifetime": list(experiment.lifetimes)}
    named |= {"test_lifetime": list(lifetimes), "reference": list(REFERENCES), "step": list(steps)}
    for name, group in groups.items():
        groups[name] = group.assign_coords({key: value for key, value in named.items() if key in group.dims})
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = _attributes(experiment, networks)
    return validate(tree, SCHEMA)


def foraging_test(family: ForagingGrid, *, num_tasks: int, lifetime: int, seed: int) -> ForagingTest:
    """Return tasks drawn from the family, with uniforms for `lifetime` steps."""
    tasks = sample_tabular_tasks(family, key_for(seed, "foraging tasks of the test"), num_tasks=num_tasks)
    goals = np.stack([np.asarray(tasks.latents[f"{goal}_goal"], np.int64) for goal in ("medium", "high")], axis=1)
    generator = np.random.default_rng(integer_for(seed, "luck of foragers"))
    return ForagingTest(family, tasks, goals, generator.random((num_tasks, lifetime), dtype=np.float32), seed)


def reference_scores(test: ForagingTest, plan: ForagingPlan, lifetimes: Sequence[int]) -> tuple[xr.Dataset, xr.Dataset]:
    """Return the scores of the references at every lifetime, and their behaviour in the last of them."""
    scores, last = [], []
    for lifetime in lifetimes:
        agents = (
            plan.optimal_agent(lifetime=lifetime),
            small_goal_agent(test.family),
            tabular_oracle_agent(test.tasks, lifetime=lifetime),
        )
        last = [_play(agent, test, lifetime) for agent in agents]
        scores.append(foraging_scores(last, plan))
    behaviour = [_behaviour(played, test.family.side) for played in last]
    return (
        _of_scores(scores, ("test_lifetime", "reference")).transpose("reference", "test_lifetime", "task"),
        _dataset(behaviour, ("reference",), _Behaviour, (("y", "x"), ("time",))),
    )


def exact_values(family: ForagingGrid, plan: ForagingPlan) -> xr.Dataset:
    """Return the value of lifetimes of 1, 2, ... steps: of the optimum, of the small goal alone, of an oracle."""
    values = {
        "optimal": plan.values,
        "small_goal": small_goal_values(family, lifetime=plan.lifetime),
        "full_information": full_information_values(family, lifetime=plan.lifetime),
    }
    coordinates = {"lifetime": np.arange(1, plan.lifetime + 1)}
    return xr.Dataset({name: ("lifetime", value) for name, value in values.items()}, coords=coordinates)


def _networks(experiment: ForagingExperiment, directories: Sequence[Path], step: int) -> list[list[RecurrentPolicy]]:
    """Return the network of every training seed and lifetime as it was at a step."""
    found = {
        (unit.seed, lifetime): load_forager(directory, step, experiment.network_of(lifetime), experiment.family)
        for unit, directory in zip(experiment.training_units(), directories, strict=True)
        for lifetime in [experiment.lifetime_of(unit)]
    }
    return [[found[seed, lifetime] for lifetime in experiment.lifetimes] for seed in experiment.training_seeds]


def _forage(policy: RecurrentPolicy, test: ForagingTest, lifetime: int, time_unit: int) -> TabularTrajectories:
    return forage(policy, test.family, test.goals, test.uniforms[:, :lifetime], time_unit=time_unit)


def _scaled(
    policies: Sequence[RecurrentPolicy], test: ForagingTest, plan: ForagingPlan, lifetime: int
) -> list[ForagingScores]:
    """Return the scores of networks that receive the time in units of the tested lifetime."""
    return foraging_scores([_forage(policy, test, lifetime, lifetime) for policy in policies], plan)


def _play(agent: Agent, test: ForagingTest, lifetime: int) -> TabularTrajectories:
    return play_tabular(agent, test.tasks, key_for(test.seed, "luck of references"), lifetime=lifetime)


def _behaviour(played: TabularTrajectories, side: int) -> _Behaviour:
    entropy = entropy_by_step(played)
    visited = occupancy(played.observations, side=side)
    return _Behaviour(visited if np.isfinite(entropy).all() else np.full_like(visited, np.nan), entropy)


def _states(policy: RecurrentPolicy, test: ForagingTest, num_tasks: int, lifetime: int) -> _States:
    goals, uniforms = test.goals[:num_tasks], test.uniforms[:num_tasks, :lifetime]
    states = hidden_states(policy, test.family, goals, uniforms, time_unit=lifetime)
    shown = min(NUM_SHOWN_TASKS, num_tasks)
    if not np.isfinite(states).all():
        return _States(np.full(3, np.nan), np.full(NUM_COMPONENTS, np.nan), np.full((shown, lifetime, 2), np.nan))
    ratio = participation_ratio(states)
    principal = principal_coordinates(states, num_components=NUM_COMPONENTS)
    return _States(np.array(ratio), principal.explained, principal.coordinates[:shown, :, :2])


def _course(
    experiment: ForagingExperiment, directories: Sequence[Path], test: ForagingTest, steps: Sequence[int]
) -> xr.Dataset:
    """Return the rewards of networks in the longest lifetime at every checkpoint of training, on some of the tasks."""
    few = test._replace(
        goals=test.goals[: experiment.num_course_tasks], uniforms=test.uniforms[: experiment.num_course_tasks]
    )
    longest = test.uniforms.shape[1]
    rewards = [
        [
            [np.where(np.isfinite(p.action_probs).all(), p.rewards.sum(axis=1), np.nan) for p in played]
            for row in _networks(experiment, directories, step)
            for played in [[_forage(policy, few, longest, longest) for policy in row]]
        ]
        for step in steps
    ]
    values = np.array(rewards, np.float32).transpose(1, 2, 0, 3)
    return xr.Dataset({"rewards": ((*PER_NETWORK, "step", "course_task"), values)})


def _of_scores(nested: Sequence[Any], dimensions: tuple[str, ...]) -> xr.Dataset:
    """Return nested sequences of scores as variables over the dimensions of the nesting, and tasks."""
    return _dataset(nested, dimensions, ForagingScores, (("task",),) * len(ForagingScores._fields))


def _dataset(
    nested: Sequence[Any], outer: tuple[str, ...], kind: Any, inner: tuple[tuple[str, ...], ...]
) -> xr.Dataset:
    """Return nested sequences of records as variables over the dimensions of the nesting and of each field."""
    shape = _shape(nested, len(outer))
    places = list(np.ndindex(*shape))

    def at(place: tuple[int, ...]) -> Any:
        found = nested
        for index in place:
            found = found[index]
        return found

    return xr.Dataset(
        {
            name: ((*outer, *own), _stacked([getattr(at(place), name) for place in places], shape))
            for name, own in zip(kind._fields, inner, strict=True)
        }
    )


def _stacked(arrays: Sequence[np.ndarray], shape: tuple[int, ...]) -> Float32[np.ndarray, "..."]:
    stacked = np.stack(arrays).astype(np.float32)
    return stacked.reshape(*shape, *stacked.shape[1:])


def _shape(nested: Sequence[Any], depth: int) -> tuple[int, ...]:
    return (len(nested), *(_shape(nested[0], depth - 1) if depth > 1 else ()))


def _attributes(experiment: ForagingExperiment, networks: list[list[RecurrentPolicy]]) -> dict[str, Any]:
    evaluation = {name: getattr(experiment, name) for name in ("num_tasks", "num_state_tasks", "num_course_tasks")}
    return {
        "schema": SCHEMA.name,
        "kind": "comparisons.foraging",
        "family": repr(experiment.family),
        "title": title_of(experiment.family),
        "is_paper_grid": int(experiment.family == PAPER_GRID),
        "network": f"LSTM of {experiment.network.hidden_size} units ({num_parameters(networks[0][0]):,} parameters)",
        "question": experiment.question,
        "batch_size": experiment.training.batch_size,
        "seed": experiment.seed,
        "evaluation": json.dumps(evaluation),
        "notes": json.dumps([*_NOTES, *_diverged(experiment, networks)]),
        "versions": json.dumps(versions()),
    }


def _diverged(experiment: ForagingExperiment, networks: list[list[RecurrentPolicy]]) -> list[str]:
    """Return a note on every training unit whose weights are not finite."""
    by_place = {(unit.seed, experiment.lifetime_of(unit)): unit.name for unit in experiment.training_units()}
    return [
        f"{by_place[seed, lifetime]} diverged: its weights are not finite, so the measures of training lifetime "
        f"{lifetime} are left empty"
        for seed, row in zip(experiment.training_seeds, networks, strict=True)
        for lifetime, policy in zip(experiment.lifetimes, row, strict=True)
        if not all(bool(weights.isfinite().all()) for weights in policy.parameters())
    ]


_NOTES = (
    "The paper does not give some settings, which are chosen here: a step into a wall leaves the position unchanged, "
    "observations are the column and the row, and actions are sampled at test.",
    "Networks receive the time in units of the tested lifetime, unless a measure says otherwise.",
    "Hidden states are the inputs of the output layer, in the longest lifetime that is tested.",
)
