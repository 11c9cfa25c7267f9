"""Adapter between JAX and torch for foraging: networks in training and in play, and their hidden states."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, Int

from bayesopt.episodes import tabular_tasks_given
from bayesopt.families import ForagingGrid
from bayesopt.rollout import TabularTrajectories
from comparisons.seams.networks import load_networks, new_stack
from comparisons.seeding import integer_for
from metalearners.actor_critic import TaskBatch, train_stack
from metalearners.actor_critic_configs import ActorCriticConfig
from metalearners.checkpoint_files import checkpoint_path
from metalearners.checkpoints import save_tensors
from metalearners.configs import StackedLSTMConfig
from metalearners.critics import one_hot_clues
from metalearners.own_settings import own_settings
from metalearners.policy import RecurrentPolicy, RollOut, roll_out
from metalearners.trials import GridTrialEncoding
from metalearners.worlds import TabularTasks


def train_forager(
    family: ForagingGrid,
    network: StackedLSTMConfig,
    training: ActorCriticConfig,
    *,
    lifetime_at: Callable[[int], int],
    seed: int,
    directory: Path,
    label: str,
) -> None:
    """Train one network for a lifetime; training resumes from the checkpoints in `directory`.

    `lifetime_at` gives the lifetime, in steps, of every update. If training diverges, weights of NaN are written for
    every checkpoint that is missing.
    """
    lifetime, encoding = training.lifetime, foraging_encoding(family, training.lifetime)
    own = integer_for(seed, f"foraging for {lifetime} steps")
    policy = new_stack(network, encoding, num_networks=1, seed=own)
    try:
        train_stack(
            policy,
            lambda step: foraging_batch(family, lifetime_at(step), num_tasks=training.batch_size, seed=own, step=step),
            training,
            seed=integer_for(own, "training"),
            directory=directory,
            label=label,
        )
    except FloatingPointError:
        lost = {name: torch.full_like(tensor, torch.nan) for name, tensor in policy.state_dict().items()}
        for step in training.checkpoint_steps():
            if not (path := checkpoint_path(directory, step)).exists():
                save_tensors(path, lost, {"format": "bayesgauge weights", "step": step})


def load_forager(directory: Path, step: int, network: StackedLSTMConfig, family: ForagingGrid) -> RecurrentPolicy:
    """Return the network of a training unit after `step` updates. Raises as `load_networks`."""
    return load_networks([checkpoint_path(directory, step)], network, foraging_encoding(family, 1)).eval()


def untrained_forager(network: StackedLSTMConfig, family: ForagingGrid, *, seed: int) -> RecurrentPolicy:
    """Return a network that was not trained; the same seed gives the same network."""
    own = integer_for(seed, "untrained forager")
    return new_stack(network, foraging_encoding(family, 1), num_networks=1, seed=own).eval()


def forage(
    policy: RecurrentPolicy,
    family: ForagingGrid,
    goals: Int[np.ndarray, "task goal"],
    uniforms: Float32[np.ndarray, "task time"],
    *,
    time_unit: int,
) -> TabularTrajectories:
    """Let a network act in tasks with these goals, with one step per uniform.

    Actions are drawn at the uniforms, numbers in [0, 1). `time_unit` is the number of steps that the network receives
    as 1: the tested lifetime or the training lifetime. The probabilities of a network that diverged are NaN.
    """
    rolled = _rolled(policy, family, goals, uniforms, time_unit)
    return TabularTrajectories(
        rolled.contexts.numpy(),
        rolled.actions.numpy(),
        rolled.collected_rewards.double().numpy(),
        rolled.action_probs.numpy(),
    )


def hidden_states(
    policy: RecurrentPolicy,
    family: ForagingGrid,
    goals: Int[np.ndarray, "task goal"],
    uniforms: Float32[np.ndarray, "task time"],
    *,
    time_unit: int,
) -> Float32[np.ndarray, "task time hidden"]:
    """Return the inputs of a network's output layer when it acts as in `forage`."""
    network: Any = policy.network
    inputs = _rolled(policy, family, goals, uniforms, time_unit).inputs
    start = tuple(part.expand(1, len(inputs), -1) for part in (network.initial_hidden, network.initial_cell))
    with own_settings(policy), torch.no_grad():
        hiddens, _ = network.hidden_states(inputs[None], start)
    return hiddens[0].numpy()


def num_parameters(policy: RecurrentPolicy) -> int:
    """Return the number of trained parameters of a network."""
    return sum(parameter.numel() for parameter in policy.parameters() if parameter.requires_grad)


def _rolled(
    policy: RecurrentPolicy,
    family: ForagingGrid,
    goals: Int[np.ndarray, "task goal"],
    uniforms: Float32[np.ndarray, "task time"],
    time_unit: int,
) -> RollOut:
    fed = RecurrentPolicy(policy.network, foraging_encoding(family, time_unit))
    return roll_out(fed, foraging_tasks(family, goals), torch.from_numpy(uniforms))


def foraging_encoding(family: ForagingGrid, lifetime: int) -> GridTrialEncoding:
    """Return the encoding of the inputs of networks that forage; time is divided by the lifetime."""
    return GridTrialEncoding(family.side, family.num_actions, lifetime, scale=family.high_reward)


def foraging_tasks(family: ForagingGrid, goals: Int[np.ndarray, "task goal"]) -> TabularTasks:
    """Return foraging tasks by the cells of their medium and high goal, as the family numbers them."""
    next_state, rewards = _all_foraging_tables(family)
    sizes = (len(family.layout.medium_cells), len(family.layout.high_cells))
    which = torch.from_numpy(goals[:, 0] * sizes[1] + goals[:, 1])
    start = torch.full((len(goals),), family.initial_state, dtype=torch.int64)
    clues = one_hot_clues(torch.from_numpy(goals.astype(np.int64)), sizes)
    return TabularTasks(next_state[which], rewards[which], start, clues)


def foraging_batch(family: ForagingGrid, lifetime: int, *, num_tasks: int, seed: int, step: int) -> TaskBatch:
    """Return fresh tasks for one update, in lifetimes of `lifetime` steps; a pure function of its arguments."""
    generator = np.random.default_rng((integer_for(seed, "foraging tasks"), step))
    tasks = foraging_tasks(family, drawn_goals(family, generator, num_tasks))
    return TaskBatch(tasks, foraging_encoding(family, lifetime), lifetime)


def drawn_goals(family: ForagingGrid, generator: np.random.Generator, num_tasks: int) -> Int[np.ndarray, "task goal"]:
    """Return the cells of the medium and the high goal of every task, uniform over the possible cells."""
    sizes = (len(family.layout.medium_cells), len(family.layout.high_cells))
    return generator.integers((0, 0), sizes, (num_tasks, 2))


@functools.cache
def _all_foraging_tables(family: ForagingGrid) -> tuple[torch.Tensor, torch.Tensor]:
    """Return next states and rewards of all tasks of the family, medium goals slowest."""
    tasks = tabular_tasks_given(family, family.possible_latents())
    next_state = torch.from_numpy(np.array(tasks.next_state, np.int64))
    return next_state, torch.from_numpy(np.array(tasks.reward, np.float32))
