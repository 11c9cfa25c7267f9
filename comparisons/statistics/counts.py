"""Exact intervals from counts: of a share of alike units, and of a median.

Both hold for any number of units, at the stated level or above it, because counts are whole numbers.
"""

import numpy as np
from jaxtyping import Float
from scipy import stats

from comparisons.statistics.intervals import LEVEL, Interval, ratio_interval


def share_interval(count: float, number: float, *, level: float = LEVEL) -> Interval:
    """Return a share with the interval of Clopper & Pearson (1934, Biometrika 26), also at 0 and 1.

    If units have different probabilities, it covers their mean (Hoeffding 1956, Ann. Math. Stat. 27). Numbers need not
    be whole. Raises `ValueError` for a count outside [0, number], or none.
    """
    if not 0 <= count <= number or number <= 0:
        raise ValueError(f"a share needs a count from 0 to a number above 0; got {count} of {number}")
    tail = (1 - level) / 2
    lower = float(stats.beta.ppf(tail, count, number - count + 1)) if count > 0 else 0.0
    upper = float(stats.beta.ppf(1 - tail, count + 1, number - count)) if count < number else 1.0
    return Interval(count / number, min(lower, count / number), max(upper, count / number))


def share_of_events_interval(
    parts: Float[np.ndarray, "training_seed task"], wholes: Float[np.ndarray, "training_seed task"]
) -> Interval:
    """Return the share of events that are of one sort, where a task has several events; both are counted by task.

    As `share_interval` for the number of independent events that would have the variance of the ratio (Korn & Graubard
    1998, Survey Methodology 24): never more than there are, and one for each task if all events are alike. NaN where
    there are no events or too few tasks have any. Raises as `ratio_interval`.
    """
    ratio = ratio_interval(parts, wholes)
    share = ratio.estimate
    if np.isnan(ratio.lower):
        return ratio
    half = max(ratio.upper - share, share - ratio.lower)
    quantile = float(stats.norm.ppf((1 + LEVEL) / 2))
    number = float((wholes.sum(axis=0) > 0).sum())
    if half > 0 and 0 < share < 1:
        number = min(share * (1 - share) * (quantile / half) ** 2, float(wholes.sum()))
    return share_interval(share * number, number)._replace(estimate=share)


def median_interval(values: Float[np.ndarray, "task"], *, level: float = LEVEL) -> Interval:
    """Return the median over tasks between two order statistics, by the binomial distribution; values may be infinite.

    Of fewer than 6 tasks the least and the largest value cover less than 95 %; then there is no interval, NaN. (David &
    Nagaraja 2003, Order Statistics, section 7.1.) Raises `ValueError` for fewer than 2 tasks, values that are NaN, or
    a level outside (0, 1).
    """
    if len(values) < 2 or np.isnan(values).any():
        raise ValueError(f"a median needs at least 2 tasks, none of them NaN; got {values}")
    if not 0 < level < 1:
        raise ValueError(f"level must be in (0, 1); got {level}")
    ordered = np.sort(values)
    estimate = float(np.quantile(ordered, 0.5, method="inverted_cdf"))
    num_below = int(stats.binom.ppf((1 - level) / 2, len(values), 0.5)) - 1  # P(X ≤ num_below) is below the tail
    if num_below < 0:
        return Interval(estimate, np.nan, np.nan)
    return Interval(estimate, float(ordered[num_below]), float(ordered[-1 - num_below]))
