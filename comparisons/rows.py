"""From scores per task to numbers a person reads: each an estimate with an interval, a unit, and what it is over."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from comparisons.statistics.intervals import LEVEL, resampled_means

Scores = Float[np.ndarray, "training_seed task"]


class Measure(NamedTuple):
    """One row of the table of results."""

    measure: str
    predictor: str
    estimate: float
    lower: float
    upper: float
    unit: str
    interval_over: str


def over(num_seeds: int) -> str:
    """What an interval is over, in words."""
    return "tasks" if num_seeds == 1 else f"tasks and {num_seeds} training seeds"


def in_standard_errors(differences: Float[np.ndarray, "task"]) -> float:
    """How many standard errors the mean difference is from zero; NaN where it is infinite."""
    if not np.isfinite(differences).all():
        return float("nan")
    if not differences.any():
        return 0.0
    return float(differences.mean() / (differences.std(ddof=1) / len(differences) ** 0.5))


def curve_of(values: Float[np.ndarray, "training_seed task time"], seed: int) -> Float[np.ndarray, "time bound"]:
    """Mean and percentile interval at every time, over tasks and training seeds."""
    resampled = resampled_means(np.moveaxis(values, 2, 0), seed=seed, num_resamples=500)
    tail = (1 - LEVEL) / 2
    lower, upper = np.quantile(resampled, [tail, 1 - tail], axis=1, method="lower")
    return np.stack([values.mean((0, 1)), lower, upper], axis=1)
