"""Meta-training to predict, on fresh tasks at every step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from metalearners.configs import LogLoss, TrainingConfig, VarianceWeightedLogLoss
from metalearners.network import SequencePredictor
from metalearners.regression import RegressionPredictor
from metalearners.runs import TrainingRun

TaskStream = Callable[[int], Any]
"""What a predictor is trained on at every step, observations or pairs, as a pure function of the step."""


class TrainingRecord(NamedTuple):
    """What training did: the objective at every step; by default the log loss, in nats per number predicted."""

    losses: Float[np.ndarray, "step"]


def train(
    predictor: SequencePredictor | RegressionPredictor,
    stream: TaskStream,
    config: TrainingConfig,
    *,
    seed: int,
    directory: Path | None = None,
    label: str = "training",
) -> TrainingRecord:
    """Train a predictor in place, `config.num_steps` steps from where `directory` says it is.

    With a directory, weights are kept at log-spaced steps as `step-002000.safetensors`, and `resume.safetensors`
    every few seconds and on Ctrl-C. `seed` drives whatever randomness the network has in training (dropout).
    Raises `FloatingPointError` when the loss stops being finite, `ValueError` for an objective that speaks of variances
    and a predictor that has none.
    """
    run = TrainingRun(predictor, predictor, config)

    def advance(step: int) -> tuple[float]:
        with torch.autocast("cpu", torch.bfloat16, enabled=config.is_mixed_precision):
            loss = _loss(predictor, stream(step), config)
        return (run.descend(loss),)

    measures = run.complete(advance, seed=seed, directory=directory, label=label)
    return TrainingRecord(losses=measures["losses"].numpy())


def _loss(predictor: SequencePredictor | RegressionPredictor, tasks: Any, config: TrainingConfig) -> Float[Tensor, ""]:
    match config.objective:
        case LogLoss():
            return -predictor.log_prob(tasks).mean()
        case VarianceWeightedLogLoss(exponent):
            if not isinstance(predictor, RegressionPredictor):
                raise ValueError("VarianceWeightedLogLoss weighs by variances, which only regressions predict")
            return -predictor.variance_weighted_log_prob(tasks, exponent).mean()
