"""Play of network stacks on fixed-arm bandits, and of the Bayes-optimal policy with common random numbers."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from bayesopt.planning.stopping import solve_stopping_problem
from comparisons.seams.fixed_arms import (
    FixedArmTasks,
    Setting,
    draw_fixed_arm_tasks,
    generalist_tables,
    specialist_encoding,
    specialist_tables,
)
from comparisons.seeding import integer_for
from metalearners.own_settings import own_settings
from metalearners.policy import RecurrentPolicy, RollOut, roll_out
from metalearners.reinforcement import action_uniforms

LIFETIMES_PER_PASS = 1000
"""Lifetimes that each network plays at a time."""


class Played(NamedTuple):
    """Actions of one network in many lifetimes of one setting."""

    is_pulled: Bool[np.ndarray, "task time"]
    """Whether the unknown arm was pulled."""
    action_probs: Float[np.ndarray, "task time arm"]
    """Probability of each arm; the known arm is first."""


class Shortfall(NamedTuple):
    """Loss of one network in one setting against the Bayes-optimal policy, with common random numbers; in rewards."""

    mean: float
    """Mean loss per lifetime, in expected rewards given the task."""
    error: float
    """Standard error of the mean over lifetimes."""
    mean_pulls: float
    """Mean pulls of the unknown arm per lifetime."""


class Stack(NamedTuple):
    """A stack of networks, one for each block of tasks, and how it plays tasks."""

    policy: RecurrentPolicy
    present: Callable[[RecurrentPolicy, FixedArmTasks, Sequence[Setting], int], RollOut]
    """Plays tasks of these settings, the same number of each, with the random actions of this seed."""


def specialists(policy: RecurrentPolicy, *, is_raw: bool) -> Stack:
    """Return a stack of networks that were each trained for their own setting."""

    def present(policy: RecurrentPolicy, tasks: FixedArmTasks, settings: Sequence[Setting], seed: int) -> RollOut:
        policy.encoding = specialist_encoding(settings[0].lifetime, is_raw=is_raw)
        tables = specialist_tables(tasks, settings, is_raw=is_raw)
        return roll_out(policy, tables, action_uniforms(seed, 0, len(tasks.means), settings[0].lifetime))

    return Stack(policy, present)


def generalist(policy: RecurrentPolicy) -> Stack:
    """Return a stack of one network that receives its setting as input and plays any number of settings."""

    def present(policy: RecurrentPolicy, tasks: FixedArmTasks, settings: Sequence[Setting], seed: int) -> RollOut:
        tables, policy.encoding, _ = generalist_tables(tasks, settings)
        return roll_out(policy, tables, action_uniforms(seed, 0, len(tasks.means), settings[0].lifetime))

    return Stack(policy, present)


def shortfalls(stack: Stack, settings: Sequence[Setting], *, num_tasks: int, seed: int) -> list[Shortfall]:
    """Return the shortfall of every network in its own setting; NaN for a network that diverged.

    All settings must have the same lifetime. The difference to the Bayes-optimal policy is taken lifetime by lifetime,
    on the same rewards; its standard error is a fraction of that of the earned rewards.
    """
    thresholds = [_thresholds(setting) for setting in settings]
    sums = np.zeros((3, len(settings)))
    count = 0
    for part, tasks in _parts(settings, num_tasks, seed):
        rolled = stack.present(stack.policy, tasks, settings, part)
        pulls = _blocks(rolled.actions, settings).sum(axis=2)
        means, rewards = (array.reshape(len(settings), -1, *array.shape[1:]) for array in tasks)
        for index, setting in enumerate(settings):
            best = optimal_pulls(rewards[index], setting, thresholds[index])
            lost = (best - pulls[index]) * means[index]
            sums[:, index] += lost.sum(), (lost**2).sum(), pulls[index].sum()
        count += pulls.shape[1]
    mean, square, mean_pulls = sums / count
    errors = np.sqrt(np.maximum(square - mean**2, 0) / count)
    is_finite = _is_finite(stack.policy, settings)
    return [
        Shortfall(*((float(m), float(e), float(p)) if good else (np.nan, np.nan, np.nan)))
        for m, e, p, good in zip(mean, errors, mean_pulls, is_finite, strict=True)
    ]


def probe_pulls(
    stack: Stack, settings: Sequence[Setting], *, num_tasks: int, seed: int, prior_loc: float = -1.0
) -> Float[np.ndarray, "setting task"]:
    """Return the pulls of the unknown arm in probe tasks, in which its mean is the prior mean.

    The arm is bad there, so its pulls are exploration and nothing else. A network that diverged has NaN.
    """
    counts = []
    for part, tasks in _parts(settings, num_tasks, seed, mean=prior_loc):
        rolled = stack.present(stack.policy, tasks, settings, part)
        counts.append(_blocks(rolled.actions, settings).sum(axis=2))
    pulls = np.concatenate(counts, axis=1).astype(float)
    pulls[~_is_finite(stack.policy, settings)] = np.nan
    return pulls


def play_one(stack: Stack, setting: Setting, tasks: FixedArmTasks, *, seed: int) -> tuple[Played, np.ndarray]:
    """Return the actions of a single network, and its hidden states (`task time hidden`) after each trial's inputs."""
    rolled = stack.present(stack.policy, tasks, [setting], seed)
    network = stack.policy.network
    with own_settings(network), torch.no_grad():
        blocks = rolled.inputs[None]
        start = tuple(
            part.expand(-1, len(tasks.means), -1)
            for part in (network.get_parameter("initial_hidden"), network.get_parameter("initial_cell"))
        )
        hiddens, _ = network.hidden_states(blocks, start)  # pyright: ignore[reportCallIssue]
    states = hiddens[0].numpy()
    return Played(rolled.actions.numpy() == 1, rolled.action_probs.numpy()), states


def optimal_pulls(
    rewards: Float[np.ndarray, "task time"], setting: Setting, thresholds: Float[np.ndarray, "time"]
) -> Int[np.ndarray, "task"]:
    """Return the pulls of the Bayes-optimal policy, which stops when the posterior mean is not above its threshold."""
    if setting.prior_scale == 0:
        return np.zeros(len(rewards), np.int64)
    counts = np.arange(setting.lifetime)
    sums = np.cumsum(rewards[:, : setting.lifetime - 1], axis=1, dtype=float)
    totals = np.concatenate([np.zeros((len(rewards), 1)), sums], axis=1)
    precision, noise = setting.prior_scale**-2, setting.reward_scale**-2
    means = (-precision + noise * totals) / (precision + noise * counts)
    stops = means <= thresholds
    return np.where(stops.any(axis=1), stops.argmax(axis=1), setting.lifetime)


def _thresholds(setting: Setting) -> Float[np.ndarray, "time"]:
    solution = solve_stopping_problem(
        lifetime=setting.lifetime, prior_scale=setting.prior_scale, reward_scale=setting.reward_scale
    )
    return solution.thresholds


def _parts(
    settings: Sequence[Setting], num_tasks: int, seed: int, mean: float | None = None
) -> Iterator[tuple[int, FixedArmTasks]]:
    """Yield tasks of every setting in passes, each with its own seed; if `mean` is given, every arm has that mean."""
    for index, start in enumerate(range(0, num_tasks, LIFETIMES_PER_PASS)):
        part = integer_for(seed, f"evaluation lifetimes, pass {index}")
        count = min(LIFETIMES_PER_PASS, num_tasks - start)
        drawn = [s if mean is None else s._replace(prior_scale=0.0) for s in settings]
        yield (
            part,
            draw_fixed_arm_tasks(
                drawn, np.random.default_rng(part), tasks_per_setting=count, prior_loc=-1.0 if mean is None else mean
            ),
        )


def _blocks(actions: torch.Tensor, settings: Sequence[Setting]) -> Int[np.ndarray, "setting task time"]:
    return actions.numpy().reshape(len(settings), -1, actions.shape[1])


def _is_finite(policy: RecurrentPolicy, settings: Sequence[Setting]) -> Bool[np.ndarray, "setting"]:
    """Return which networks have finite weights."""
    weights = [torch.isfinite(weight.detach().flatten(1)).all(dim=1) for weight in policy.network.parameters()]
    finite = torch.stack(weights).all(dim=0).numpy()
    return finite if len(finite) == len(settings) else np.full(len(settings), finite[0])
