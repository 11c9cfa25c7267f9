"""Outputs of a predictor on whole sequences, without gradients and with bounded memory."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped

from metalearners.modules import evaluated
from metalearners.network import SequencePredictor
from metalearners.own_settings import own_settings

OBSERVATIONS_PER_PASS = 1_000_000


def unroll(
    predictor: SequencePredictor, observations: Shaped[Any, "task time"]
) -> Float[np.ndarray, "task time output"]:
    """Return the network's outputs at every time of many sequences, in evaluation mode.

    They have the dtype of the network, but at least float32.
    """
    observations = np.asarray(observations)
    num_tasks, length = observations.shape
    tasks_per_pass = max(1, OBSERVATIONS_PER_PASS // length)
    device = next((p.device for p in predictor.parameters()), torch.device("cpu"))
    with own_settings(predictor), evaluated(predictor):
        passes = [
            predictor(torch.from_numpy(np.array(observations[start : start + tasks_per_pass])).to(device))
            for start in range(0, num_tasks, tasks_per_pass)
        ]
    outputs = torch.cat(passes).cpu()
    return (outputs if outputs.dtype == torch.float64 else outputs.float()).numpy()
