"""Networks that play bandits: roll-outs on reward tables, and one trial at a time for those who keep the state.

RL² (Duan et al. 2016, arXiv 1611.02779): a recurrent network is fed the arm it pulled and the reward it got, and its
activations carry what it has learned from trial to trial. A bandit task is a table of the rewards of all arms at all
trials, and of the context that each trial is in, drawn in advance; playing is a look-up. Contexts are numbered from 0;
where there is nothing to tell apart, all trials are in context 0.
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
from metalearners.worlds import RewardTables, World

Memory = Tensor | tuple[Tensor, ...]
TASKS_PER_PASS = 2048


class RollOut(NamedTuple):
    """Tasks as a policy played them; index t of inputs and probabilities conditions on what came before trial t."""

    inputs: Float[Tensor, "task time input"]
    """What the network was fed."""
    contexts: Int[Tensor, "task time"]
    """The context of every trial."""
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
    """All that a policy carries from trial to trial; rows are tasks and can be picked, repeated and reordered.

    It is what the trials played made of it, and no more: which context comes next it does not know. So it holds what
    the coming trial would be in every context.
    """

    memory: tuple[Float32[np.ndarray, "task context ..."], ...]
    """The network's recurrent state in the coming trial; of a network that has none, all inputs so far."""
    action_probs: Float64[np.ndarray, "task context arm"]
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
                outputs = network(torch.zeros(self.num_networks, 1, encoding.size))
        except (RuntimeError, TypeError) as error:
            raise ValueError(
                f"a network that plays {encoding.num_arms} arms is fed (batch, time, {encoding.size}): context (if "
                f"there are several), arm, reward, whether there was a trial before, and time; this one refuses it "
                f"({str(error).splitlines()[0]})"
            ) from error
        outputs, memory = outputs if isinstance(outputs, tuple) else (outputs, None)
        if outputs.shape != (self.num_networks, 1, encoding.num_arms + 1):
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

    @property
    def num_networks(self) -> int:
        """Networks that stand side by side in one stack and share out the tasks, in equal blocks; else 1."""
        return int(getattr(self.network, "num_networks", 1))

    @property
    def num_contexts(self) -> int:
        """Contexts that a trial can be in; 1 in a plain bandit."""
        return len(self.encoding.contexts)

    def initial_state(self, num_tasks: int) -> PolicyState:
        """The state of tasks of which no trial has been played."""
        with _playing(self):
            return self._foresee(self.encoding.no_trial_before(num_tasks), None)

    def action_probs(self, state: PolicyState, contexts: Int[np.ndarray, "task"]) -> Float64[np.ndarray, "task arm"]:
        """The distribution over arms at the coming trial, were each task's in this context: the state stays as it is.

        Raises `ValueError` for a context that there is not.
        """
        require_contexts(self, contexts)
        return state.action_probs[np.arange(len(contexts)), contexts]

    def update(
        self,
        state: PolicyState,
        contexts: Int[np.ndarray, "task"],
        actions: Int[np.ndarray, "task"],
        collected_rewards: Real[np.ndarray, "task"],
        time: int,
    ) -> PolicyState:
        """The state after trial `time`, in which each task's arm was pulled in its context and paid its reward."""
        tasks = np.arange(len(contexts))
        memory = tuple(part[tasks, contexts] for part in state.memory)
        with _playing(self):
            followed = self.encoding(_tensor(actions), _tensor(collected_rewards).float(), time + 1)
            previous = torch.cat([self.encoding.contexts[_tensor(contexts)], followed], dim=1)
            return self._foresee(previous, self._memory(memory))

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

    def _foresee(self, previous: Float[Tensor, "task previous"], memory: tuple[Tensor, ...] | None) -> PolicyState:
        """The coming trial in every context, after the trial before it and the trials that `memory` holds."""
        shown, num_tasks, axis = self.encoding.contexts, len(previous), self._task_axis
        rows = (num_tasks, len(shown))
        inputs = torch.cat([shown.expand(num_tasks, -1, -1), _in_each(previous, len(shown), 0)], dim=-1)
        parts = tuple(_in_each(part, len(shown), axis).flatten(axis, axis + 1) for part in memory or ())
        trial = self.advance(inputs.flatten(0, 1), (parts if self.is_memory_tuple else parts[0]) if parts else None)
        after = trial.memory if isinstance(trial.memory, tuple) else (trial.memory,)
        arrays = tuple(np.ascontiguousarray(part.movedim(axis, 0).unflatten(0, rows).numpy()) for part in after)
        return PolicyState(arrays, trial.action_probs.unflatten(0, rows).numpy())

    def _memory(self, arrays: tuple[Float32[np.ndarray, "task ..."], ...]) -> tuple[Tensor, ...]:
        return tuple(torch.from_numpy(array).movedim(0, self._task_axis).contiguous() for array in arrays)

    @property
    def _task_axis(self) -> int:
        return 1 if self.is_recurrent else 0


def roll_out(policy: RecurrentPolicy, world: World, uniforms: Float[Tensor, "task time"]) -> RollOut:
    """Play every task to its end, as many trials as there are uniforms, without gradients and in evaluation mode.

    Arms are drawn from the action probabilities by inverse CDF at the uniforms, numbers in [0, 1): policies that are
    given the same uniforms share their luck.
    """
    num_tasks, horizon = uniforms.shape
    inputs = torch.zeros(num_tasks, horizon, policy.encoding.size)
    contexts, actions = (torch.zeros(num_tasks, horizon, dtype=torch.int64) for _ in range(2))
    collected_rewards, values = torch.zeros(num_tasks, horizon), torch.zeros(num_tasks, horizon)
    action_probs = torch.zeros(num_tasks, horizon, world.num_arms, dtype=torch.float64)
    shown_in = policy.encoding.contexts
    context, previous, memory = world.first_contexts(), policy.encoding.no_trial_before(num_tasks), None
    with _playing(policy):
        for time in range(horizon):
            shown = shown_in[context]
            newest = torch.cat([shown, previous], dim=1)
            trial = policy.advance(newest, memory)
            action = choose(trial.action_probs, uniforms[:, time])
            reward, following = world.pay(time, context, action)
            inputs[:, time], contexts[:, time], actions[:, time] = newest, context, action
            collected_rewards[:, time], action_probs[:, time] = reward, trial.action_probs
            values[:, time] = trial.values
            previous = torch.cat([shown, policy.encoding(action, reward, time + 1)], dim=1)
            context, memory = following, trial.memory
    return RollOut(inputs, contexts, actions, collected_rewards, action_probs, values)


def play(
    policy: RecurrentPolicy,
    contexts: Int[np.ndarray, "task time"],
    rewards: Real[np.ndarray, "task time arm"],
    uniforms: Float[np.ndarray, "task time"],
) -> Play:
    """Play every task to its end, in evaluation mode; arms are drawn by inverse CDF at the uniforms in [0, 1).

    Raises `ValueError` for a context that there is not.
    """
    require_contexts(policy, contexts)
    passes = []
    for start in range(0, len(rewards), TASKS_PER_PASS):
        tasks = slice(start, start + TASKS_PER_PASS)
        drawn = _tensor(rewards[tasks]).float()
        world = RewardTables(_tensor(contexts[tasks]), drawn, drawn)
        passes.append(roll_out(policy, world, _tensor(uniforms[tasks])))
    actions = torch.cat([rolled.actions for rolled in passes]).numpy()
    return Play(
        actions=actions,
        collected_rewards=np.take_along_axis(rewards, actions[..., None], axis=2)[..., 0],
        action_probs=torch.cat([rolled.action_probs for rolled in passes]).numpy(),
    )


def require_contexts(policy: RecurrentPolicy, contexts: Int[np.ndarray, "..."]) -> None:
    """Refuse contexts that the policy cannot be shown."""
    highest = policy.num_contexts - 1
    if contexts.size and not 0 <= contexts.min() <= contexts.max() <= highest:
        wrong = contexts[(contexts < 0) | (contexts > highest)][0]
        raise ValueError(f"this policy knows contexts 0 to {highest}; got context {wrong}")


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


def _in_each(values: Tensor, num_contexts: int, axis: int) -> Tensor:
    """The same in every context, a new axis after the one of tasks."""
    return values.unsqueeze(axis + 1).expand(*values.shape[: axis + 1], num_contexts, *values.shape[axis + 1 :])
