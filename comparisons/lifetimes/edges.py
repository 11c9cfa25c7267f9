"""Where learning begins on a map of fixed-arm bandits: the exact edges of three theories, as curves to draw."""

import functools
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.interpolate import PchipInterpolator

from bayesopt.planning.exploration import commit_edge, printed_commit_edge
from bayesopt.planning.stopping_maps import solve_stopping_map

NUM_KNOTS = 8
"""Reward scales at which the sequential edge is solved for; its ratio to the commit edge is interpolated between."""


EDGE_ERROR = 0.005
"""Relative error of the sequential edge that is drawn: less than the width of its line."""


_NUM_HALVINGS = 8


class Edges(NamedTuple):
    """The smallest prior scale at which each theory explores, in rewards; infinite in lifetimes of one trial."""

    printed: Float[np.ndarray, "reward_scale"]
    """By the paper's printed formula."""
    commit: Float[np.ndarray, "reward_scale"]
    """Of policies that explore, then commit."""
    sequential: Float[np.ndarray, "reward_scale"]
    """Of the best of all policies, within a relative `EDGE_ERROR`."""


def edges_at(lifetime: int, reward_scales: Float[np.ndarray, "reward_scale"]) -> Edges:
    """The edges at reward scales in ascending order.

    The first two are exact. The sequential one is found by bisection on `solve_stopping_map` at a few reward scales
    and by interpolation between, of its ratio to the commit edge, which varies little; `sequential_edge` is exact, and
    takes ten times as long. Raises `ValueError` as `commit_edge` does.
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
    """The sequential edge over the commit edge, by bisection: who may stop at any time explores for less."""
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
