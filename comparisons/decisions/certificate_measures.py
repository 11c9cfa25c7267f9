"""Measures of the certificate of decisions, and of how well sampled episodes agree with it."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

from comparisons.decisions.scores import Decisions
from comparisons.kind import Measure, Section
from comparisons.rows import Resampler, Row, Scores, exactly, in_standard_errors


def _certified_shortfall(scores: Decisions, over: Resampler) -> Iterator[Row]:
    if (exact := _exact(scores, "gap_by_time")) is not None:
        length = exact.shape[1]
        row = exactly("network", float(exact.sum(axis=1).mean()), length=length)
        yield row._replace(unit=f"rewards per {length} trials")


def _sampled_shortfall(scores: Decisions, over: Resampler) -> Iterator[Row]:
    if (exact := _exact(scores, "gap_by_time")) is not None:
        length = exact.shape[1]
        row = over.mean("network", _sampled(scores, length), length=length)
        yield row._replace(unit=f"rewards per {length} trials")


def _sampled_minus_certified(scores: Decisions, over: Resampler) -> Iterator[Row]:
    if (exact := _exact(scores, "gap_by_time")) is not None:
        sampled = _sampled(scores, exact.shape[1]).mean(0)
        yield in_standard_errors("network", sampled - float(exact.sum(axis=1).mean()))


def _certified_value(scores: Decisions, over: Resampler) -> Iterator[Row]:
    exact = _exact(scores, "rewards_by_time")
    if exact is not None and exact.shape[1] == scores.length:
        yield exactly("network", float(exact.sum(axis=1).mean()))


def _exact(scores: Decisions, variable: str) -> Float[np.ndarray, "training_seed time"] | None:
    """Return exact scores at each of the first trials, where there is a certificate."""
    if not scores.has_optimum or "certificate" not in scores.tree.children:
        return None
    return scores.tree["certificate"][variable].to_numpy()


def _sampled(scores: Decisions, length: int) -> Scores:
    """Return the network's summed action gap over the first trials of each detailed task."""
    return scores.trials["action_gap"].to_numpy()[scores.players["network"]][:, :, :length].sum(axis=2)


CERTIFICATE = Section(
    "Certificate",
    "The network's shortfall in the first trials, summed over every possible history: no sampling error for these "
    "networks.",
    (
        Measure(
            "certified_shortfall",
            "exact shortfall of the first {length} trials",
            "rewards",
            _certified_shortfall,
        ),
        Measure(
            "sampled_shortfall",
            "sampled shortfall of the first {length} trials",
            "rewards",
            _sampled_shortfall,
        ),
        Measure(
            "sampled_minus_certified",
            "sampled minus exact shortfall",
            "standard errors",
            _sampled_minus_certified,
        ),
        Measure("certified_value", "exact rewards per episode", "rewards per {length} trials", _certified_value),
    ),
)
