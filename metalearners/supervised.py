"""Meta-training by log loss on fresh sequences at every step."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Shaped
from torch import Tensor

from metalearners.configs import TrainingConfig
from metalearners.network import SequencePredictor
from metalearners.runs import TrainingRun

ObservationStream = Callable[[int], Shaped[Tensor, "batch time"]]
"""The observations of every training step, as a pure function of the step."""


class TrainingRecord(NamedTuple):
    """What training did: the mean log loss of every step, in nats per observation."""

    losses: Float[np.ndarray, "step"]


def train(
    predictor: SequencePredictor,
    stream: ObservationStream,
    config: TrainingConfig,
    *,
    seed: int,
    directory: Path | None = None,
    label: str = "training",
) -> TrainingRecord:
    """Train a predictor in place, `config.num_steps` steps from where `directory` says it is.

    With a directory, weights are kept at log-spaced steps as `step-002000.safetensors`, and `resume.safetensors`
    every few seconds and on Ctrl-C. `seed` drives whatever randomness the network has in training (dropout).
    Raises `FloatingPointError` when the loss stops being finite.
    """
    run = TrainingRun(predictor, predictor, config)

    def advance(step: int) -> tuple[float]:
        return (run.descend(-predictor.log_prob(stream(step)).mean()),)

    measures = run.complete(advance, seed=seed, directory=directory, label=label)
    return TrainingRecord(losses=measures["losses"].numpy())
