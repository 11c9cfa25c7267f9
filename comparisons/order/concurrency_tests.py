"""Is a concurrency score that of Bayes, or that of strictly staged learning? And do scores order learners reliably?

The unit of a test is either the task, within one network, or the network. Over tasks the standard error comes from
the score's influence function (the delta method): a task's share in the curves moves the path P(m) by
z(τ) − P'(m) z̄(τ), where z is the task's influence on the curves at the time τ at which their mean is m and z̄ its mean
over modes, because the time at which m is reached moves too. P' is that of the pole tested: a slope estimated from
noisy curves would make the test too cautious. Over networks it is a t test on their scores, which
speaks of networks on these tasks.

The delta method leaves out the score's bias, which is of the order of the squared noise of the curves. Over 10,000
simulated data sets a pole (200 tasks, 5 modes, 21 records) 4.7 % and 5.2 % of tests at 5 % reject where ρ is off by 0.3
per task; where the weakest of the modes is off by 1.5 per task, so by 0.1 after averaging, 5.1 % and 5.8 % do.
Noise rounds the corners of S, so scores near S are a little below 1 (by 0.001, 0.002 and 0.007 where the curves are off
by 0.02, 0.03 and 0.05), and a test against 1 over 8 networks that vary so much rejects in 5.2 %, 5.5 % and 6.8 %.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import stats

from comparisons.order.concurrency import Poles, concurrency_by_seed, defined_modes, only_modes, shared_range
from comparisons.order.paths import levels_in, passages, path_at_mean, sequential_path
from comparisons.order.trajectories import Recoveries, recovery_curves_by_seed

_ROUNDING = 1e-12
"""Standard errors below this are rounding: the units do not differ."""


class PoleTests(NamedTuple):
    """A score with, for each pole, its standard error there and the two-sided p-value against it."""

    score: float
    standard_error_bayes: float
    p_bayes: float
    """Against c = 0."""
    standard_error_sequential: float
    p_sequential: float
    """Against c = 1."""


_UNDEFINED = PoleTests(np.nan, np.nan, np.nan, np.nan, np.nan)


def pole_tests_over_tasks(recoveries: Recoveries, poles: Poles) -> PoleTests:
    """Test one network's score against both poles, with tasks as the unit (Student's t, tasks − 1 degrees of freedom).

    NaN where the score is undefined; p-values are NaN too where tasks do not differ. Raises `ValueError` for more than
    one network or fewer than 3 tasks.
    """
    num_seeds, num_tasks = recoveries.overlaps.shape[:2]
    if num_seeds != 1 or num_tasks < 3:
        raise ValueError(f"a test over tasks needs one network and at least 3 tasks; got {num_seeds} and {num_tasks}")
    curves = recovery_curves_by_seed(recoveries)
    is_defined = defined_modes(curves, poles)
    score = float(concurrency_by_seed(curves, poles)[0])
    if np.isnan(score):
        return _UNDEFINED
    curves, poles = curves[0][:, is_defined], only_modes(poles, is_defined)
    overlaps, strengths = recoveries.overlaps[0][:, :, is_defined], recoveries.strengths[:, is_defined]
    weights = _derivatives(curves, poles) / strengths.mean(axis=0)
    influence = (
        overlaps.reshape(num_tasks, -1) @ weights.reshape(2, -1).T - strengths @ (weights * curves).sum(axis=1).T
    )
    bayes, sequential = (float(error) for error in influence.std(axis=0, ddof=1) / num_tasks**0.5)
    return _t_tests(score, bayes, sequential, num_tasks)


def pole_tests_over_networks(scores: Float[np.ndarray, "training_seed"]) -> PoleTests:
    """Test the mean of the networks' scores (`concurrency_by_seed`) against both poles, by one-sample t tests.

    NaN where a score is. Raises `ValueError` for fewer than 3 networks.
    """
    if len(scores) < 3:
        raise ValueError(f"a test over networks needs at least 3 networks; got {len(scores)}")
    error = float(scores.std(ddof=1) / len(scores) ** 0.5)
    return _t_tests(float(scores.mean()), error, error, len(scores))


def separation(lower: Float[np.ndarray, "set"], higher: Float[np.ndarray, "other"]) -> float:
    """Area under the ROC curve: how often a score of `higher` exceeds one of `lower`, ties counting one half."""
    return float(stats.mannwhitneyu(higher, lower).statistic / (len(lower) * len(higher)))


def rank_agreement(
    lower: Float[np.ndarray, "training_seed learner"], upper: Float[np.ndarray, "training_seed learner"]
) -> float:
    """Kendall's τ-b between two seeds' orders of the same learners, averaged over pairs of seeds.

    Within a seed two learners whose intervals [lower, upper] overlap are tied. Overlap is not transitive, so τ is
    Daniels' general coefficient (1944, Biometrika 33), Σ a_ij b_ij / √(Σ a² Σ b²) with a, b in {−1, 0, 1}: Kendall's
    τ-b where ties are ties. Raises `ValueError` for fewer than 2 seeds or a seed in which all learners are tied.
    """
    if len(lower) < 2:
        raise ValueError(f"agreement between seeds needs at least 2 of them; got {len(lower)}")
    is_above = lower[:, :, None] > upper[:, None, :]
    order = is_above.astype(float) - is_above.swapaxes(1, 2)
    norms = np.sqrt((order**2).sum(axis=(1, 2)))
    if (norms == 0).any():
        raise ValueError(
            f"all learners are tied for {int((norms == 0).sum())} of {len(lower)} seeds; no order to compare"
        )
    agreement = np.einsum("aij,bij->ab", order, order) / np.outer(norms, norms)
    return float(agreement[np.triu_indices(len(lower), 1)].mean())


def _t_tests(score: float, error_bayes: float, error_sequential: float, num_units: int) -> PoleTests:
    return PoleTests(
        score,
        error_bayes,
        _p_value(score / error_bayes, num_units) if error_bayes > _ROUNDING else np.nan,
        error_sequential,
        _p_value((score - 1) / error_sequential, num_units) if error_sequential > _ROUNDING else np.nan,
    )


def _p_value(statistic: float, num_units: int) -> float:
    return float(2 * stats.t.sf(abs(statistic), num_units - 1))


def _derivatives(curves: Float[np.ndarray, "time mode"], poles: Poles) -> Float[np.ndarray, "2 time mode"]:
    """Derivatives of c with respect to every point of the curves where the path is B's, and where it is S's.

    At the poles the ends of the range drop out, since the integrands of c's numerator and of c times its denominator
    are equal there.
    """
    low, high = shared_range(curves[None], poles)
    levels = levels_in(low, high)
    bayes = path_at_mean(poles.bayes, levels)
    sequential = sequential_path(levels, poles.stages)
    axis = sequential - bayes
    both = passages(curves, levels)
    derivatives = []
    for pole in (bayes, sequential):
        derivative = np.zeros(curves.shape)
        slope = np.gradient(pole, levels, axis=0)
        moved = 0.5 * (axis - (axis * slope).mean(axis=1, keepdims=True))
        for before, after, fraction in both:
            np.add.at(derivative, before, (1 - fraction)[:, None] * moved)
            np.add.at(derivative, after, fraction[:, None] * moved)
        derivatives.append(derivative / (axis**2).sum())
    return np.stack(derivatives)
