"""Requirements that a network must meet to be scored; each failure is one line that says what to change."""

import numpy as np
from jaxtyping import Float, Shaped

from metalearners.network import SequencePredictor
from metalearners.unroll import unroll

NUM_PROBES = 8
"""Tasks that are enough to try a network on; an even number."""


class NetworkContractError(ValueError):
    """A network cannot be scored as it is; the message says what to change."""


def check_network(network: SequencePredictor, probes: Shaped[np.ndarray, "task time"]) -> None:
    """Raise `NetworkContractError` unless a network predicts sequences of the probes' length causally, by task.

    Checked in this order: it runs, its outputs have the shape its head needs, they are finite, two runs agree,
    the output at t depends on nothing from t on, and no task's output depends on another task. Raises
    `NetworkContractError`.
    """
    name = type(network.network).__name__
    first, other = np.split(probes, 2)
    outputs = _outputs_of(network, first, name)
    if not _agree(outputs, _outputs_of(network, first, name)):
        raise NetworkContractError(
            f"{name}: two runs on the same observations differ; remove randomness in evaluation mode"
        )
    for time in range(probes.shape[1]):
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


def reason_not_to_run(network: SequencePredictor, probes: Shaped[np.ndarray, "task time"]) -> str | None:
    """Return why the network does not run on sequences of the probes' length, or `None` if it does."""
    try:
        _outputs_of(network, probes, type(network.network).__name__)
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
        raise NetworkContractError(
            f"{name} gives outputs that are not finite, first at (task, time) = ({task}, {time})"
        )
    return outputs


def _agree(a: Float[np.ndarray, "..."], b: Float[np.ndarray, "..."]) -> bool:
    """Return whether both are equal up to float32 rounding."""
    return bool(np.allclose(a, b, rtol=1e-4, atol=1e-5 * max(1.0, float(np.abs(b).max()))))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]
