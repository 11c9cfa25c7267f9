"""Meta-training of predictors, on fresh tasks at every step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from metalearners.configs import LogLoss, TrainingConfig, VarianceWeightedLogLoss
from metalearners.network import SequencePredictor
from metalearners.own_settings import own_settings
from metalearners.regression import RegressionPredictor
from metalearners.runs import TrainingRun

TaskStream = Callable[[int], Any]
"""Training data of every step, observations or pairs, as a pure function of the step."""


class TrainingRecord(NamedTuple):
    """The objective at every training step; by default log loss, in nats per observation or output dimension."""

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
    """Train a predictor in place for `config.num_steps` steps, resuming from `directory` if it holds a resume file.

    With a directory, weights are kept at log-spaced steps as `step-002000.safetensors`, and `resume.safetensors` is
    written every few seconds and on Ctrl-C. `seed` determines any randomness of the network in training (dropout).
    Raises `FloatingPointError` if the loss stops being finite, and `ValueError` if the objective needs variances and
    the predictor has none.
    """
    with own_settings():
        run = TrainingRun(predictor, predictor, config)

    def advance(step: int) -> tuple[float]:
        with torch.autocast("cpu", torch.bfloat16, enabled=config.is_mixed_precision):
            loss = _loss(predictor, stream(step), config)
        torch.clear_autocast_cache()  # within a user's context, torch would keep casts of old weights
        return (run.descend(loss),)

    measures = run.complete(advance, stream, seed=seed, directory=directory, label=label)
    return TrainingRecord(losses=measures["losses"].numpy())


def _loss(predictor: SequencePredictor | RegressionPredictor, tasks: Any, config: TrainingConfig) -> Float[Tensor, ""]:
    match config.objective:
        case LogLoss():
            return -predictor.log_prob(tasks).mean()
        case VarianceWeightedLogLoss(exponent):
            if not isinstance(predictor, RegressionPredictor):
                raise ValueError(
                    "VarianceWeightedLogLoss needs a predictor of means and variances (a regression family); "
                    f"got {type(predictor).__name__}. Use LogLoss()"
                )
            return -predictor.variance_weighted_log_prob(tasks, exponent).mean()
