"""Effective maps of a network at every time of a task: its answers to probes, with its state frozen.

The answer at time t is the network's prediction for a probe as the next input, after t pairs. Probes have no effect on
the network, since each is given to a copy of the state. (Rabinowitz 2019, arXiv 1905.01320, probes its LSTMs this way.)
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from metalearners.modules import called, evaluated, output_of
from metalearners.network import RecurrentMetaLearner
from metalearners.own_settings import own_settings
from metalearners.pairs import Pairs, channels_of
from metalearners.regression import RegressionPredictor

PROBES_PER_PASS = 2**11
"""Answers computed at once, few enough for a recurrent layer's gates to stay in the processor's cache."""


def probe(
    predictor: RegressionPredictor,
    inputs: Float[np.ndarray, "task time input"],
    targets: Float[np.ndarray, "task time output"],
    probes: Float[np.ndarray, "probe input"],
) -> Float[np.ndarray, "task time probe output"]:
    """Return the mean of the predicted target for every probe; index t conditions on the first t pairs.

    The network runs in evaluation mode, on one thread, without gradients.
    """
    num_probes = len(probes)
    tasks_per_pass = max(1, PROBES_PER_PASS // num_probes)
    asked = torch.from_numpy(np.array(probes, dtype=np.float32))
    with own_settings(predictor), evaluated(predictor):
        answers = [
            _probe_some(predictor, Pairs(_tensor(inputs[rows]), _tensor(targets[rows])), asked)
            for rows in (slice(i, i + tasks_per_pass) for i in range(0, len(inputs), tasks_per_pass))
        ]
    return np.concatenate(answers)


def _probe_some(
    predictor: RegressionPredictor, pairs: Pairs, probes: Float[Tensor, "probe input"]
) -> Float[np.ndarray, "task time probe output"]:
    (num_tasks, length, num_outputs), num_probes = pairs.targets.shape, len(probes)
    steps = channels_of(predictor.encoding, pairs)
    answers = torch.empty(num_tasks, length, num_probes, num_outputs)
    state: Any = None
    for time in range(length):
        before = torch.zeros(num_tasks, num_outputs) if time == 0 else pairs.targets[:, time - 1]
        asked = predictor.encoding(probes.expand(num_tasks, num_probes, -1), before[:, None].expand(-1, num_probes, -1))
        outputs = _next_outputs(predictor, asked, state, steps[:, :time])
        if predictor.is_recurrent:
            _, state = called(predictor.network, steps[:, time : time + 1], state)
        answers[:, time] = predictor.head.parameters(outputs)["loc"]
    return answers.numpy()


def _next_outputs(
    predictor: RegressionPredictor, asked: Float[Tensor, "task probe channel"], state: Any, past: Tensor
) -> Float[Tensor, "task probe output"]:
    """Return the outputs for every probe, from the network's state, or from the whole past if it has none."""
    num_tasks, num_probes, _ = asked.shape
    if isinstance(predictor.network, RecurrentMetaLearner):
        return predictor.network.next_outputs(asked, state)
    newest = asked.reshape(num_tasks * num_probes, 1, -1)
    if predictor.is_recurrent:
        outputs = called(predictor.network, newest, None if state is None else _repeated(state, num_probes))[0]
    else:
        everything = torch.cat([past.repeat_interleave(num_probes, dim=0), newest], dim=1)
        shape = (*everything.shape[:-1], predictor.head.num_outputs)
        outputs = output_of(called(predictor.network, everything), shape)
    return outputs[:, -1].reshape(num_tasks, num_probes, -1)


def _repeated(state: Tensor | tuple[Tensor, ...], count: int) -> Tensor | tuple[Tensor, ...]:
    """Repeat every task's state for each of its probes; the batch is axis 1."""
    if isinstance(state, tuple):
        return tuple(part.repeat_interleave(count, dim=1) for part in state)
    return state.repeat_interleave(count, dim=1)


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(array, dtype=np.float32))
