"""Learning thresholds on a map of fixed-arm bandits: three exact curves, for figures."""

import functools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.interpolate import PchipInterpolator

from bayesopt.planning.exploration import commit_edge, printed_commit_edge
from bayesopt.planning.stopping.maps import solve_stopping_map

NUM_KNOTS = 8
"""Reward scales at which the Bayes-optimal threshold is solved; its ratio to the commit threshold is interpolated."""


EDGE_ERROR = 0.005
"""Relative error of the Bayes-optimal threshold that is drawn: less than the width of its line."""


_NUM_HALVINGS = 8


class Edges(NamedTuple):
    """The smallest prior scale at which exploring pays, in rewards; infinite in lifetimes of one trial."""

    printed: Float[np.ndarray, "reward_scale"]
    """By the paper's printed formula."""
    commit: Float[np.ndarray, "reward_scale"]
    """For explore-then-commit policies."""
    sequential: Float[np.ndarray, "reward_scale"]
    """For the Bayes-optimal policy, within a relative `EDGE_ERROR`."""


def edges_at(lifetime: int, reward_scales: Float[np.ndarray, "reward_scale"]) -> Edges:
    """Return the thresholds at reward scales in ascending order.

    The first two are exact. The third is found by bisection on `solve_stopping_map` at a few reward scales; between
    them its ratio to the commit threshold, which varies little, is interpolated. `sequential_edge` is exact and takes
    ten times as long. Raises `ValueError` as `commit_edge` does.
    """
    commit = commit_edge(lifetime=lifetime, reward_scale=reward_scales).prior_scale
    printed = printed_commit_edge(lifetime=lifetime, reward_scale=reward_scales).prior_scale
    if lifetime == 1:
        return Edges(printed, commit, commit)
    knots = np.geomspace(reward_scales[0], reward_scales[-1], NUM_KNOTS if len(reward_scales) > 1 else 1)
    ratios = np.array(_sequential_ratios(lifetime, tuple(knots.tolist())))
    if len(knots) == 1:
        return Edges(printed, commit, ratios * commit)
    # Rounding may put the ends of the scales a hair outside the knots.
    ratio = PchipInterpolator(np.log(knots), ratios)(np.log(np.clip(reward_scales, knots[0], knots[-1])))
    return Edges(printed, commit, ratio * commit)


@functools.cache
def _sequential_ratios(lifetime: int, reward_scales: tuple[float, ...]) -> tuple[float, ...]:
    """Return the Bayes-optimal threshold over the commit threshold, by bisection; it is below 1."""
    scales = np.array(reward_scales)
    commit = commit_edge(lifetime=lifetime, reward_scale=scales).prior_scale

    def pays(ratios: Float[np.ndarray, "knot"]) -> np.ndarray:
        return solve_stopping_map(lifetimes=lifetime, prior_scales=ratios * commit, reward_scales=scales).values > 0

    high, low = np.ones(len(scales)), np.full(len(scales), 0.5)
    while (is_low := pays(low)).any():
        high, low = np.where(is_low, low, high), np.where(is_low, low / 2, low)
    for _ in range(_NUM_HALVINGS):
        middle = (low + high) / 2
        is_above = pays(middle)
        low, high = np.where(is_above, low, middle), np.where(is_above, middle, high)
    return tuple(((low + high) / 2).tolist())
