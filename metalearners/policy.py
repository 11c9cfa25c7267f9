"""Networks that play bandits: roll-outs on reward tables, and one trial at a time for those who keep the state.

RL² (Duan et al. 2016, arXiv 1611.02779): a recurrent network is fed the arm it pulled and the reward it got, and its
activations carry what it has learned from trial to trial. A bandit task is a table of the rewards of all arms at all
trials, drawn in advance; playing is a look-up.
"""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float32, Float64, Int, Int64, Real
from torch import Tensor, nn

from metalearners.network import one_thread
from metalearners.trials import TrialEncoding

Memory = Tensor | tuple[Tensor, ...]
TASKS_PER_PASS = 2048


class RollOut(NamedTuple):
    """Tasks as a policy played them; index t of inputs and probabilities conditions on what came before trial t."""

    inputs: Float[Tensor, "task time input"]
    """What the network was fed."""
    actions: Int[Tensor, "task time"]
    """The arms pulled."""
    collected_rewards: Float[Tensor, "task time"]
    """The rewards of the arms pulled."""
    action_probs: Float64[Tensor, "task time arm"]
    """The probabilities with which arms were pulled."""
    values: Float[Tensor, "task time"]
    """The network's value output."""


class Play(NamedTuple):
    """What a policy did on every task."""

    actions: Int64[np.ndarray, "task time"]
    """The arms pulled."""
    collected_rewards: Real[np.ndarray, "task time"]
    """The rewards of the arms pulled."""
    action_probs: Float64[np.ndarray, "task time arm"]
    """The probabilities with which arms were pulled; index t conditions on what came before trial t."""


class PolicyState(NamedTuple):
    """All that a policy carries from trial to trial; rows are tasks and can be picked, repeated and reordered."""

    memory: tuple[Float32[np.ndarray, "task ..."], ...]
    """The network's recurrent state; of a network that has none, all inputs so far."""
    action_probs: Float64[np.ndarray, "task arm"]
    """The distribution over arms at the coming trial."""


class Trial(NamedTuple):
    """What the network makes of one more trial."""

    action_probs: Float64[Tensor, "task arm"]
    """The distribution over arms at this trial."""
    values: Float[Tensor, "task"]
    """The network's value output."""
    memory: Memory
    """What the next trial needs."""


class RecurrentPolicy(nn.Module):
    """A network together with what it is fed and how it is read: trials in, action probabilities and values out.

    The network maps `(batch, time, input)` to `(batch, time, num_arms + 1)`, causally: logits of the arms, then a
    value. With a recurrent state it returns `(outputs, state)` and takes the state as second argument; the state is a
    tensor or a tuple of tensors whose axis 1 is the batch, as torch's own recurrent layers have it. Without one it is
    fed all trials so far at every trial. Raises `ValueError` where inputs or outputs do not fit the encoding.
    """

    def __init__(self, network: nn.Module, encoding: TrialEncoding) -> None:
        super().__init__()
        self.network = network
        self.encoding = encoding
        try:
            with _playing(self):
                outputs = network(torch.zeros(1, 1, encoding.size))
        except (RuntimeError, TypeError) as error:
            raise ValueError(
                f"a network that plays {encoding.num_arms} arms is fed (batch, time, {encoding.size}): arm, reward, "
                f"whether there was a trial before, and time; this one refuses it ({str(error).splitlines()[0]})"
            ) from error
        outputs, memory = outputs if isinstance(outputs, tuple) else (outputs, None)
        if outputs.shape != (1, 1, encoding.num_arms + 1):
            raise ValueError(
                f"a policy for {encoding.num_arms} arms needs a network with {encoding.num_arms + 1} outputs "
                f"(a logit per arm and a value); for one trial this one puts out shape {tuple(outputs.shape)}"
            )
        self.is_recurrent = memory is not None
        self.is_memory_tuple = isinstance(memory, tuple)

    def forward(
        self, inputs: Float[Tensor, "batch time input"]
    ) -> tuple[Float[Tensor, "batch time arm"], Float[Tensor, "batch time"]]:
        """Log probabilities of the arms and the network's value output, at every trial."""
        outputs = self.network(inputs)
        outputs = outputs[0] if self.is_recurrent else outputs
        return torch.log_softmax(outputs[..., :-1], dim=-1), outputs[..., -1]

    def initial_state(self, num_tasks: int) -> PolicyState:
        """The state of tasks of which no trial has been played."""
        inputs = torch.zeros(num_tasks, self.encoding.size)
        with _playing(self):
            return self._state(self.advance(inputs, None))

    def action_probs(self, state: PolicyState) -> Float64[np.ndarray, "task arm"]:
        """The distribution over arms at the coming trial."""
        return state.action_probs

    def update(
        self,
        state: PolicyState,
        actions: Int[np.ndarray, "task"],
        collected_rewards: Real[np.ndarray, "task"],
        time: int,
    ) -> PolicyState:
        """The state after trial `time`, in which each task's arm was pulled and paid its reward."""
        inputs = self.encoding(_tensor(actions), _tensor(collected_rewards).float(), time + 1)
        with _playing(self):
            return self._state(self.advance(inputs, self._memory(state)))

    def advance(self, inputs: Float[Tensor, "task input"], memory: Memory | None) -> Trial:
        """One trial with these inputs, after the trials that `memory` holds; at trial 0 there is none."""
        newest = inputs[:, None]
        if self.is_recurrent:
            outputs, after = self.network(newest) if memory is None else self.network(newest, memory)
        else:
            after = torch.cat([memory, newest], dim=1) if isinstance(memory, Tensor) else newest
            outputs = self.network(after)
        last = outputs[:, -1]
        return Trial(torch.softmax(last[:, :-1].double(), dim=-1), last[:, -1], after)

    def _state(self, trial: Trial) -> PolicyState:
        parts = trial.memory if isinstance(trial.memory, tuple) else (trial.memory,)
        axis = 1 if self.is_recurrent else 0
        memory = tuple(np.ascontiguousarray(part.movedim(axis, 0).numpy()) for part in parts)
        return PolicyState(memory, trial.action_probs.numpy())

    def _memory(self, state: PolicyState) -> Memory:
        if not self.is_recurrent:
            return _tensor(state.memory[0])
        parts = tuple(_tensor(np.moveaxis(array, 0, 1)) for array in state.memory)
        return parts if self.is_memory_tuple else parts[0]


def roll_out(
    policy: RecurrentPolicy, rewards: Float[Tensor, "task time arm"], uniforms: Float[Tensor, "task time"]
) -> RollOut:
    """Play every task to its end, without gradients and in evaluation mode.

    Arms are drawn from the action probabilities by inverse CDF at the uniforms, numbers in [0, 1): policies that are
    given the same uniforms share their luck.
    """
    num_tasks, horizon, num_arms = rewards.shape
    inputs = torch.zeros(num_tasks, horizon, policy.encoding.size)
    actions = torch.zeros(num_tasks, horizon, dtype=torch.int64)
    collected_rewards, values = torch.zeros(num_tasks, horizon), torch.zeros(num_tasks, horizon)
    action_probs = torch.zeros(num_tasks, horizon, num_arms, dtype=torch.float64)
    newest, memory = inputs[:, 0], None
    with _playing(policy):
        for time in range(horizon):
            trial = policy.advance(newest, memory)
            action = choose(trial.action_probs, uniforms[:, time])
            reward = rewards[:, time].gather(1, action[:, None])[:, 0]
            inputs[:, time], actions[:, time], collected_rewards[:, time] = newest, action, reward
            action_probs[:, time], values[:, time] = trial.action_probs, trial.values
            newest, memory = policy.encoding(action, reward, time + 1), trial.memory
    return RollOut(inputs, actions, collected_rewards, action_probs, values)


def play(
    policy: RecurrentPolicy,
    rewards: Real[np.ndarray, "task time arm"],
    uniforms: Float[np.ndarray, "task time"],
) -> Play:
    """Play every task to its end, in evaluation mode; arms are drawn by inverse CDF at the uniforms in [0, 1)."""
    passes = []
    for start in range(0, len(rewards), TASKS_PER_PASS):
        tasks = slice(start, start + TASKS_PER_PASS)
        passes.append(roll_out(policy, _tensor(rewards[tasks]).float(), _tensor(uniforms[tasks])))
    actions = torch.cat([rolled.actions for rolled in passes]).numpy()
    return Play(
        actions=actions,
        collected_rewards=np.take_along_axis(rewards, actions[..., None], axis=2)[..., 0],
        action_probs=torch.cat([rolled.action_probs for rolled in passes]).numpy(),
    )


def choose(action_probs: Float[Tensor, "task arm"], uniforms: Float[Tensor, "task"]) -> Int[Tensor, "task"]:
    """The arm whose share of [0, 1) holds the uniform: the number of cumulative probabilities at or below it."""
    cumulative = action_probs[:, :-1].cumsum(dim=1)
    return (uniforms[:, None] >= cumulative).sum(dim=1)


@contextlib.contextmanager
def _playing(policy: nn.Module) -> Iterator[None]:
    """On one thread, without gradients, in evaluation mode; afterwards as before."""
    was_training = policy.training
    policy.eval()
    try:
        with one_thread(), torch.no_grad():
            yield
    finally:
        policy.train(was_training)


def _tensor(array: np.ndarray) -> Tensor:
    """A copy: torch warns of arrays that cannot be written to."""
    return torch.from_numpy(np.array(array))
