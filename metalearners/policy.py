"""Networks as policies: roll-outs on environments, and play one trial at a time with an explicit state.

RL² (Duan et al. 2016, arXiv 1611.02779): a recurrent network receives the arm that it pulled and the reward, and its
activations carry what it has learned from trial to trial. A bandit task is a table, drawn in advance, of the rewards of
all arms at all trials and of the context of each trial; playing is a look-up. Contexts are numbered from 0. In a bandit
without contexts all trials have context 0.
"""

import contextlib
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Float64, Int, Int64, Real, Shaped
from torch import Tensor, nn

from metalearners.modules import as_in, called, evaluated, in_one_line, output_of
from metalearners.own_settings import own_settings
from metalearners.trials import TrialEncoding
from metalearners.worlds import RewardTables, World

Memory = Tensor | tuple[Tensor, ...]
TASKS_PER_PASS = 2048


class RollOut(NamedTuple):
    """Tasks as a policy played them; index t of inputs and probabilities conditions on what came before trial t."""

    inputs: Float[Tensor, "task time input"]
    """Network inputs."""
    contexts: Int[Tensor, "task time"]
    """The context of every trial."""
    actions: Int[Tensor, "task time"]
    """The arms pulled."""
    collected_rewards: Float[Tensor, "task time"]
    """The rewards of the arms pulled."""
    action_probs: Float64[Tensor, "task time arm"]
    """Probabilities from which the arms were drawn."""
    values: Float[Tensor, "task time"]
    """The network's value output."""


class Play(NamedTuple):
    """Actions, rewards and action probabilities of a policy on every task."""

    actions: Int64[np.ndarray, "task time"]
    """The arms pulled."""
    collected_rewards: Real[np.ndarray, "task time"]
    """The rewards of the arms pulled."""
    action_probs: Float64[np.ndarray, "task time arm"]
    """Probabilities from which the arms were drawn; index t conditions on what came before trial t."""


class PolicyState(NamedTuple):
    """State that a policy carries from trial to trial; rows are tasks and can be selected, repeated and reordered.

    The state depends on past trials only and not on the context of the coming trial. It therefore holds the memory and
    the action probabilities of the coming trial for every context.
    """

    memory: tuple[Shaped[np.ndarray, "task context ..."], ...]
    """Recurrent state after the coming trial's inputs, in every context; all inputs so far if the network has none."""
    action_probs: Float64[np.ndarray, "task context arm"]
    """Distribution over arms at the coming trial, in every context."""


class Trial(NamedTuple):
    """Output of the network for one trial, and the memory for the next."""

    action_probs: Float64[Tensor, "task arm"]
    """The distribution over arms at this trial."""
    values: Float[Tensor, "task"]
    """The network's value output."""
    memory: Memory
    """Memory for the next trial."""


class RecurrentPolicy(nn.Module):
    """A network with its trial encoding: it maps trials to action probabilities and values.

    The network maps `(batch, time, input)` to `(batch, time, num_arms + 1)`, causally: logits of the arms, then a
    value. A recurrent network returns `(outputs, state)` and takes the state as second argument. The state is a tensor
    or a tuple of tensors with the batch on axis 1, as in torch's recurrent layers. A network without a state receives
    all trials so far at every trial. Raises `ValueError` if inputs or outputs do not fit the encoding.
    """

    def __init__(self, network: nn.Module, encoding: TrialEncoding) -> None:
        super().__init__()
        self.network = network
        self.encoding = encoding
        try:
            with _playing(self):
                returned = called(network, torch.zeros(self.num_networks, 1, encoding.size))
        except Exception as error:
            raise ValueError(
                f"the network of a policy for {encoding.num_arms} arms must accept inputs of shape (batch, time, "
                f"{encoding.size}): context (if there are several), arm, reward, whether there was a previous trial, "
                f"and time; got the error: {in_one_line(error)}"
            ) from error
        memory = returned[1] if isinstance(returned, tuple) and len(returned) == 2 else None
        outputs = output_of(returned, (self.num_networks, 1, encoding.num_arms + 1))
        if outputs.shape != (self.num_networks, 1, encoding.num_arms + 1):
            raise ValueError(
                f"the network of a policy for {encoding.num_arms} arms must have {encoding.num_arms + 1} outputs "
                f"(a logit per arm and a value); got shape {tuple(outputs.shape)} for one trial"
            )
        self.is_recurrent = memory is not None
        self.is_memory_tuple = isinstance(memory, tuple)

    def forward(
        self, inputs: Float[Tensor, "batch time input"]
    ) -> tuple[Float[Tensor, "batch time arm"], Float[Tensor, "batch time"]]:
        """Return the log probabilities of the arms and the value output, at every trial."""
        outputs = output_of(called(self.network, inputs), (*inputs.shape[:-1], self.encoding.num_arms + 1))
        return torch.log_softmax(outputs[..., :-1], dim=-1), outputs[..., -1]

    @property
    def num_networks(self) -> int:
        """Number of networks in the stack, which play equal blocks of the tasks; 1 for a single network."""
        return int(getattr(self.network, "num_networks", 1))

    @property
    def num_contexts(self) -> int:
        """Number of contexts that a trial can have; 1 in a bandit without contexts."""
        return len(self.encoding.contexts)

    def initial_state(self, num_tasks: int) -> PolicyState:
        """Return the state of tasks before their first trial."""
        with _playing(self):
            return self._foresee(self.encoding.no_trial_before(num_tasks), None)

    def action_probs(self, state: PolicyState, contexts: Int[np.ndarray, "task"]) -> Float64[np.ndarray, "task arm"]:
        """Return the distribution over arms at the coming trial if each task is in the given context.

        The state does not change. Raises `ValueError` for an unknown context.
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
        """Return the state after trial `time`, given each task's context, arm pulled and reward."""
        tasks = np.arange(len(contexts))
        memory = tuple(part[tasks, contexts] for part in state.memory)
        with _playing(self):
            followed = self.encoding(_tensor(actions), _tensor(collected_rewards).float(), time + 1)
            previous = torch.cat([self.encoding.contexts[_tensor(contexts)], followed], dim=1)
            return self._foresee(previous, self._memory(memory))

    def advance(self, inputs: Float[Tensor, "task input"], memory: Memory | None) -> Trial:
        """Compute one trial with these inputs after the trials in `memory`, which is `None` at trial 0."""
        newest = inputs[:, None]
        if self.is_recurrent:
            outputs, after = called(self.network, newest, *(() if memory is None else (memory,)))
        else:
            after = torch.cat([memory, newest], dim=1) if isinstance(memory, Tensor) else newest
            outputs = output_of(called(self.network, after), (*after.shape[:-1], self.encoding.num_arms + 1))
        last = outputs[:, -1].cpu()
        return Trial(torch.softmax(last[:, :-1].double(), dim=-1), last[:, -1], after)

    def _foresee(self, previous: Float[Tensor, "task previous"], memory: tuple[Tensor, ...] | None) -> PolicyState:
        """Compute the coming trial in every context, after the previous trial and the trials in `memory`."""
        shown, num_tasks, axis = self.encoding.contexts, len(previous), self._task_axis
        rows = (num_tasks, len(shown))
        inputs = torch.cat([shown.expand(num_tasks, -1, -1), _in_each(previous, len(shown), 0)], dim=-1)
        parts = tuple(_in_each(part, len(shown), axis).flatten(axis, axis + 1) for part in memory or ())
        trial = self.advance(inputs.flatten(0, 1), (parts if self.is_memory_tuple else parts[0]) if parts else None)
        after = trial.memory if isinstance(trial.memory, tuple) else (trial.memory,)
        for part in after:
            if part.ndim <= axis or part.shape[axis] != num_tasks * len(shown):
                raise ValueError(
                    f"the state of a network must have the batch, here {num_tasks * len(shown)} tasks, on axis {axis}; "
                    f"got shape {tuple(part.shape)}. A recurrent layer without batch_first=True runs along the tasks "
                    "and leaks between tasks"
                )
        arrays = tuple(np.ascontiguousarray(_array(part).movedim(axis, 0).unflatten(0, rows).numpy()) for part in after)
        return PolicyState(arrays, trial.action_probs.unflatten(0, rows).numpy())

    def _memory(self, arrays: tuple[Shaped[np.ndarray, "task ..."], ...]) -> tuple[Tensor, ...]:
        tensors = (torch.from_numpy(array).movedim(0, self._task_axis).contiguous() for array in arrays)
        return tuple(as_in(self.network, tensor) if self.is_recurrent else tensor for tensor in tensors)

    @property
    def _task_axis(self) -> int:
        return 1 if self.is_recurrent else 0


def roll_out(policy: RecurrentPolicy, world: World, uniforms: Float[Tensor, "task time"]) -> RollOut:
    """Play every task to its end, with one trial per uniform, without gradients and in evaluation mode.

    Arms are drawn from the action probabilities by inverse CDF at the uniforms, numbers in [0, 1). Policies that
    receive the same uniforms are compared with common random numbers.
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
    """Play every task to its end in evaluation mode; arms are drawn by inverse CDF at the uniforms in [0, 1).

    Raises `ValueError` for an unknown context.
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
    """Raise `ValueError` if the policy does not know one of the contexts."""
    highest = policy.num_contexts - 1
    if contexts.size and not 0 <= contexts.min() <= contexts.max() <= highest:
        wrong = contexts[(contexts < 0) | (contexts > highest)][0]
        raise ValueError(f"contexts of this policy must be from 0 to {highest}; got {wrong}")


def choose(action_probs: Float[Tensor, "task arm"], uniforms: Float[Tensor, "task"]) -> Int[Tensor, "task"]:
    """Return the arm drawn by inverse CDF: the number of cumulative probabilities at or below the uniform."""
    cumulative = action_probs[:, :-1].cumsum(dim=1)
    return (uniforms[:, None] >= cumulative).sum(dim=1)


@contextlib.contextmanager
def _playing(policy: nn.Module) -> Iterator[None]:
    """Use one thread, no gradients and evaluation mode within the context, and restore them afterwards."""
    with own_settings(policy), evaluated(policy):
        yield


def _array(memory: Tensor) -> Tensor:
    """Return a part of a memory as NumPy can hold it, which has no bfloat16."""
    return memory.cpu().float() if memory.dtype == torch.bfloat16 else memory.cpu()


def _tensor(array: np.ndarray) -> Tensor:
    """Copy an array into a tensor; torch warns about arrays that are not writable."""
    return torch.from_numpy(np.array(array))


def _in_each(values: Tensor, num_contexts: int, axis: int) -> Tensor:
    """Repeat values for every context, along a new axis after the axis of tasks."""
    return values.unsqueeze(axis + 1).expand(*values.shape[: axis + 1], num_contexts, *values.shape[axis + 1 :])
