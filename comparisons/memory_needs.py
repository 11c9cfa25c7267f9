"""Memory that runs need, compared with what there is before anything is drawn or trained.

The estimates are measured at the sizes of the package's own experiments, rounded up. They are there to refuse sizes
that are too large by far, in the place of a process that is killed after hours.
"""

from typing import Any

from bayesopt.memory import require_memory

BYTES_PER_UNIT = 100
"""Bytes of one recurrent unit at one time of one task while a network is trained: activations and their gradients."""

BYTES_OF_STREAM = 3000
"""Bytes of one time of one task in the blocks of training data that are drawn ahead."""

BYTES_PER_WEIGHT = 16
"""Bytes of one weight while it is trained: the weight, its gradient and two moments, in float32."""

WEIGHTS_PER_PAIR = 4
"""Weights of an LSTM for every pair of its units."""

ARRAYS_OF_TASKS = 20
"""Arrays with an entry for every task and time that the scores of references and baselines take, in float64."""

ARRAYS_OF_NETWORK = 20
"""The same for every network that is scored."""


def require_training(network: Any, *, batch_size: int, length: int, stack_size: int = 1) -> None:
    """Raise `ValueError` if a batch of training, or the network itself, does not fit in memory.

    `network` are the settings of a recurrent network, of which `stack_size` train side by side.
    """
    units = network.hidden_size + getattr(network, "embedding_size", 0)
    batch = float(stack_size) * batch_size * length * (units * BYTES_PER_UNIT + BYTES_OF_STREAM)
    weights = float(stack_size) * WEIGHTS_PER_PAIR * units**2 * BYTES_PER_WEIGHT
    what = f"networks of {units:,} units on batches of {batch_size:,} tasks of length {length:,}"
    require_memory(batch + weights, what, remedy="Lower the batch size, the length or the hidden size")


def require_scores(num_tasks: int, length: int, *, num_networks: int, numbers: int = 1) -> None:
    """Raise `ValueError` if the scores of so many tasks, with `numbers` at every time, do not fit in memory."""
    arrays = ARRAYS_OF_TASKS + ARRAYS_OF_NETWORK * num_networks
    what = f"scores of {num_tasks:,} tasks of length {length:,}"
    require_memory(8.0 * arrays * num_tasks * length * numbers, what, remedy="Lower the number of tasks or the length")
