"""What a network must satisfy to be scored, each failure said in one line that its author can act on."""

import numpy as np
from bayesopt.episodes import sample_sequences
from bayesopt.family import AbstractPredictionFamily
from jaxtyping import Float, Shaped
from metalearners.network import SequencePredictor
from metalearners.unroll import unroll

from comparisons.seeding import key_for

_NUM_TASKS = 4


class NetworkContractError(ValueError):
    """A network cannot be scored as it is; the message says what to change."""


def check_network(network: SequencePredictor, family: AbstractPredictionFamily, *, length: int) -> None:
    """Refuse a network that cannot predict `length` observations causally, task by task.

    Checked in this order: it runs, its outputs have the shape its head needs, they are finite, two runs agree,
    the output at t depends on nothing from t on, and no task's output depends on another task. Raises
    `NetworkContractError`.
    """
    name = type(network.network).__name__
    first = sample_sequences(family, key_for(0, "network check"), num_tasks=_NUM_TASKS, length=length).observations
    other = sample_sequences(family, key_for(1, "network check"), num_tasks=_NUM_TASKS, length=length).observations
    outputs = _outputs_of(network, first, name)
    if not _agree(outputs, _outputs_of(network, first, name)):
        raise NetworkContractError(
            f"{name}: two runs on the same observations differ; remove randomness in evaluation mode"
        )
    for time in range(length):
        changed = np.concatenate([first[:, :time], other[:, time:]], axis=1)
        if not _agree(_outputs_of(network, changed, name)[:, : time + 1], outputs[:, : time + 1]):
            raise NetworkContractError(
                f"{name} is not causal: changing observations from index {time} on changes outputs up to index "
                f"{time}, which may depend on earlier observations only"
            )
    changed = np.concatenate([first[:1], other[1:]])
    if not _agree(_outputs_of(network, changed, name)[:1], outputs[:1]):
        raise NetworkContractError(
            f"{name} leaks between tasks: changing the other rows of the batch changes the outputs of row 0"
        )


def runs_at(network: SequencePredictor, family: AbstractPredictionFamily, *, length: int) -> str | None:
    """Why the network does not run at a length, or `None` if it does."""
    observations = sample_sequences(family, key_for(0, "network check"), num_tasks=2, length=length).observations
    try:
        _outputs_of(network, observations, type(network.network).__name__)
    except NetworkContractError as error:
        return str(error)
    return None


def _outputs_of(
    network: SequencePredictor, observations: Shaped[np.ndarray, "task time"], name: str
) -> Float[np.ndarray, "task time output"]:
    inputs = f"(batch, time, input) = ({len(observations)}, {observations.shape[1]}, {network.encoding.size})"
    try:
        outputs = unroll(network, observations)
    except Exception as error:
        raise NetworkContractError(
            f"{name} fails on inputs of shape {inputs}: {type(error).__name__}: {_first_line(error)}"
        ) from error
    expected = (*observations.shape, network.head.num_outputs)
    if outputs.shape != expected:
        raise NetworkContractError(
            f"{name} gives outputs of shape {outputs.shape} for inputs of shape {inputs}; "
            f"{type(network.head).__name__} needs {expected}"
        )
    if not np.isfinite(outputs).all():
        task, time = (int(i) for i in np.argwhere(~np.isfinite(outputs).all(-1))[0])
        raise NetworkContractError(f"{name} gives outputs that are not finite, first at (task, time) = ({task}, {time})")
    return outputs


def _agree(a: Float[np.ndarray, "..."], b: Float[np.ndarray, "..."]) -> bool:
    """Equal up to float32 rounding."""
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-5 * max(1.0, float(np.abs(b).max()))))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]
