"""Stacks of networks at play on fixed-arm bandits: what they collect, beside the optimal policy on the same luck."""

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
from metalearners.policy import RecurrentPolicy, RollOut, roll_out
from metalearners.reinforcement import action_uniforms

LIFETIMES_PER_PASS = 1000
"""Of each network."""


class Played(NamedTuple):
    """What one network did in many lifetimes of one setting."""

    is_pulled: Bool[np.ndarray, "task time"]
    """Whether the uncertain arm was pulled."""
    action_probs: Float[np.ndarray, "task time arm"]
    """With which probabilities; the sure arm first."""


class Shortfall(NamedTuple):
    """How far below the optimal policy one network stays in one setting, both on the same luck; rewards."""

    mean: float
    """Per lifetime, in means of rewards given the task."""
    error: float
    """Standard error over lifetimes."""
    mean_pulls: float
    """Pulls of the uncertain arm per lifetime."""


class Player(NamedTuple):
    """Networks, one per block of tasks, and what is played by them."""

    policy: RecurrentPolicy
    present: Callable[[RecurrentPolicy, FixedArmTasks, Sequence[Setting], int], RollOut]
    """Tasks of the networks' settings, equally many of each, played with the luck of this seed."""


def specialists(policy: RecurrentPolicy, *, is_raw: bool) -> Player:
    """Networks that were each trained for their own setting."""

    def present(policy: RecurrentPolicy, tasks: FixedArmTasks, settings: Sequence[Setting], seed: int) -> RollOut:
        policy.encoding = specialist_encoding(settings[0].lifetime, is_raw=is_raw)
        tables = specialist_tables(tasks, settings, is_raw=is_raw)
        return roll_out(policy, tables, action_uniforms(seed, 0, len(tasks.means), settings[0].lifetime))

    return Player(policy, present)


def generalist(policy: RecurrentPolicy) -> Player:
    """One network that is told the setting, in any number of them."""

    def present(policy: RecurrentPolicy, tasks: FixedArmTasks, settings: Sequence[Setting], seed: int) -> RollOut:
        tables, policy.encoding, _ = generalist_tables(tasks, settings)
        return roll_out(policy, tables, action_uniforms(seed, 0, len(tasks.means), settings[0].lifetime))

    return Player(policy, present)


def shortfalls(player: Player, settings: Sequence[Setting], *, num_tasks: int, seed: int) -> list[Shortfall]:
    """Of every network in its setting; all settings have one lifetime. NaN for a network that diverged.

    The difference to the optimal policy is taken lifetime by lifetime, on the same rewards, so that its error is a
    fraction of that of the value.
    """
    thresholds = [_thresholds(setting) for setting in settings]
    sums = np.zeros((3, len(settings)))
    count = 0
    for part, tasks in _parts(settings, num_tasks, seed):
        rolled = player.present(player.policy, tasks, settings, part)
        pulls = _blocks(rolled.actions, settings).sum(axis=2)
        means, rewards = (array.reshape(len(settings), -1, *array.shape[1:]) for array in tasks)
        for index, setting in enumerate(settings):
            best = optimal_pulls(rewards[index], setting, thresholds[index])
            lost = (best - pulls[index]) * means[index]
            sums[:, index] += lost.sum(), (lost**2).sum(), pulls[index].sum()
        count += pulls.shape[1]
    mean, square, mean_pulls = sums / count
    errors = np.sqrt(np.maximum(square - mean**2, 0) / count)
    is_finite = _is_finite(player.policy, settings)
    return [
        Shortfall(*((float(m), float(e), float(p)) if good else (np.nan, np.nan, np.nan)))
        for m, e, p, good in zip(mean, errors, mean_pulls, is_finite, strict=True)
    ]


def probe_pulls(
    player: Player, settings: Sequence[Setting], *, num_tasks: int, seed: int, prior_loc: float = -1.0
) -> Float[np.ndarray, "setting task"]:
    """Pulls of the uncertain arm in lifetimes in which its mean is the prior's: exploration, and nothing else.

    NaN for a network that diverged.
    """
    counts = []
    for part, tasks in _parts(settings, num_tasks, seed, mean=prior_loc):
        rolled = player.present(player.policy, tasks, settings, part)
        counts.append(_blocks(rolled.actions, settings).sum(axis=2))
    pulls = np.concatenate(counts, axis=1).astype(float)
    pulls[~_is_finite(player.policy, settings)] = np.nan
    return pulls


def play_one(player: Player, setting: Setting, tasks: FixedArmTasks, *, seed: int) -> tuple[Played, np.ndarray]:
    """What a single network did, and its hidden state (`task time hidden`) after seeing each trial's inputs."""
    rolled = player.present(player.policy, tasks, [setting], seed)
    network = player.policy.network
    with torch.no_grad():
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
    """How often the optimal policy pulls the uncertain arm: until the posterior mean is not above its threshold."""
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
    """Tasks of every setting in passes, each with a seed of its own; with a mean, all have that."""
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
    """Which networks have weights that are numbers."""
    weights = [torch.isfinite(weight.detach().flatten(1)).all(dim=1) for weight in policy.network.parameters()]
    finite = torch.stack(weights).all(dim=0).numpy()
    return finite if len(finite) == len(settings) else np.full(len(settings), finite[0])
