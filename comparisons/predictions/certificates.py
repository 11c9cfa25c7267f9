"""Certificates: the divergence from Bayes, summed exactly over every history that a finite family can produce.

No sampling error is left: the number holds for the network as it is, up to floating-point rounding.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from bayesopt.distributions import outcome_log_probs
from bayesopt.family import AbstractPredictionFamily
from bayesopt.float64 import in_float64
from bayesopt.reference import predict_sequence
from comparisons.expected import require_family
from comparisons.isolation import isolated
from comparisons.seams.predictions import Network, as_predictor, num_outcomes
from comparisons.statistics.divergences import kl_divergence
from comparisons.user_code import reporting_user_code

MAX_HISTORIES = 1_000_000


class Certificate(NamedTuple):
    """The divergence of one network from Bayes, summed over all histories."""

    kl_by_time: Float[np.ndarray, "time"]
    """Expected KL(Bayes‖network) of the prediction at each time, in nats."""
    worst_history: Int[np.ndarray, "past"]
    """The history after which the network is farthest from Bayes."""
    worst_kl: float
    """How far, in nats."""
    worst_probability: float
    """How probable that history is under the family."""
    num_histories: int
    """How many histories were summed, of all lengths."""

    @property
    def mean_kl(self) -> float:
        """Expected KL per prediction, in nats."""
        return float(self.kl_by_time.mean())


def require_affordable(family: AbstractPredictionFamily, length: int) -> None:
    """Raise `ValueError` for a length that needs more than a million histories; it names the longest allowed."""
    outcomes = num_outcomes(family)
    if length < 1:
        raise ValueError(f"a certificate needs a length of at least 1; got {length}")
    longest = longest_certifiable(family)
    if length > longest:
        count = f" = {outcomes ** (length - 1):,}" if length < 64 else ""
        raise ValueError(
            f"a certificate at length {length} needs {outcomes}^{length - 1}{count} histories; "
            f"at most {MAX_HISTORIES:,} are allowed, so length <= {longest} for {outcomes} outcomes"
        )


def longest_certifiable(family: AbstractPredictionFamily) -> int:
    """Return the greatest length for which a certificate is affordable."""
    outcomes = num_outcomes(family)
    length = 1
    while outcomes**length <= MAX_HISTORIES:
        length += 1
    return length


@reporting_user_code()
@in_float64
@isolated
def certify(predictor: Network, family: AbstractPredictionFamily, *, length: int) -> Certificate:
    """Sum KL(Bayes‖predictor) over all histories of up to `length - 1` observations, weighted by their probability.

    Raises `ValueError` for a family without finitely many outcomes or a length beyond a million histories.
    """
    require_family(family, AbstractPredictionFamily, "certify")
    predictor = as_predictor(predictor, family)
    require_affordable(family, length)
    outcomes = num_outcomes(family)
    observations = _all_sequences(outcomes, length)
    reference = predict_sequence(family, observations)
    divergences = kl_divergence(reference, predictor(observations))
    log_probs = outcome_log_probs(reference)
    assert log_probs is not None
    chosen = np.take_along_axis(np.asarray(log_probs), observations[..., None], axis=-1)[..., 0]
    log_evidence = np.cumsum(chosen, axis=1) - chosen

    kl_by_time = np.empty(length)
    worst = (-np.inf, 0, 0)
    for time in range(length):
        stride = outcomes ** (length - 1 - time)
        unique = divergences[::stride, time]
        weights = np.exp(log_evidence[::stride, time])
        kl_by_time[time] = (weights * np.where(weights > 0, unique, 0.0)).sum()
        row = int(np.argmax(unique))
        worst = max(worst, (float(unique[row]), row * stride, time))
    worst_kl, row, time = worst
    return Certificate(
        kl_by_time=kl_by_time,
        worst_history=observations[row, :time],
        worst_kl=worst_kl,
        worst_probability=float(np.exp(log_evidence[row, time])),
        num_histories=sum(outcomes**time for time in range(length)),
    )


def _all_sequences(outcomes: int, length: int) -> Int[np.ndarray, "history time"]:
    """Return every history of `length - 1` observations in lexicographic order, each with a last observation of 0.

    A prefix of t observations is shared by `outcomes ** (length - 1 - t)` neighbouring rows.
    """
    index = np.arange(outcomes ** (length - 1))
    place_values = outcomes ** np.arange(length - 2, -1, -1) if length > 1 else np.array([], dtype=int)
    histories = index[:, None] // place_values[None, :] % outcomes
    return np.concatenate([histories, np.zeros((len(index), 1), histories.dtype)], axis=1)
