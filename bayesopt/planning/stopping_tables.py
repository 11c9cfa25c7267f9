"""Solved tables of the stopping problem: one arm's posterior mean, swept back in time and forth again.

The numbers that both `bayesopt.planning.stopping` and `bayesopt.planning.stopping_maps` are made of.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from bayesopt.planning import stopping_kernels as kernels

LARGEST_RATIO = 1e50
"""Of the reward scale to the prior scale: beyond it nothing is learned that float64 could hold."""


class GaussianArm(NamedTuple):
    """An arm that pays Normal(mean, reward_scale), mean ~ Normal(prior_loc, .), and how often it may be pulled."""

    lifetime: int
    prior_loc: float
    prior_pulls: float
    """How many pulls the prior is worth: `(reward_scale / prior_scale)**2`; infinite where nothing can be learned."""
    reward_scale: float
    discount: float


class Rule(NamedTuple):
    """Gauss-Legendre nodes and weights, weights of Lagrange's interpolation, space to work in; and how panels lie."""

    nodes: Float[np.ndarray, "node"]
    weights: Float[np.ndarray, "node"]
    lagrange: Float[np.ndarray, "node"]
    products: Float[np.ndarray, "node"]
    reach: float
    """Where normal tails are cut, in standard deviations."""
    first: float
    """Width of the first panel, in standard deviations of the next step."""
    growth: float
    """Width of a panel relative to the one before it."""
    widest: float
    """How much of a normal density one set of nodes sees, in standard deviations."""
    tolerance: float
    """Relative error of the thresholds."""


class Tables(NamedTuple):
    """A function of the posterior mean after each number of pulls: 0 below the first edge, a line above the last."""

    edges: Float[np.ndarray, "pulls edge"]
    num_panels: Int[np.ndarray, "pulls"]
    values: Float[np.ndarray, "pulls panel node"]
    levels: Float[np.ndarray, "pulls"]
    slopes: Float[np.ndarray, "pulls"]


class SolvedTables(NamedTuple):
    """What pulling is worth after each number of pulls, and at which posterior mean it is worth nothing."""

    tables: Tables
    thresholds: Float[np.ndarray, "pulls"]
    error_bound: float


def gaussian_arm(
    *, lifetime: int, prior_scale: float, reward_scale: float, prior_loc: float, discount: float
) -> GaussianArm:
    """The arm in the terms of the kernels; raises `ValueError` for scales that differ too much for float64."""
    if not prior_scale <= LARGEST_RATIO * reward_scale:
        raise ValueError(f"prior_scale must be at most {LARGEST_RATIO:g} times reward_scale; got {prior_scale!r}")
    ratio = reward_scale / prior_scale if prior_scale > 0 else math.inf
    prior_pulls = ratio * ratio if ratio < LARGEST_RATIO else math.inf
    return GaussianArm(int(lifetime), float(prior_loc), prior_pulls, float(reward_scale), float(discount))


@functools.cache
def fine_rule() -> Rule:
    """Errors near rounding."""
    return _rule(num_nodes=12, reach=7.5, first=1.0, growth=1.5, widest=2.0, tolerance=1e-15)


@functools.cache
def coarse_rule() -> Rule:
    """Errors of about 1e-6 of the rewards at stake, six times as fast: for maps of many problems."""
    return _rule(num_nodes=12, reach=6.0, first=3.0, growth=2.2, widest=6.0, tolerance=1e-9)


def solved(arm: GaussianArm, rule: Rule) -> SolvedTables:
    """Sweep back from the last pull."""
    most = _most_panels(16.0 * math.sqrt(arm.lifetime), rule)
    tables, thresholds = _empty(arm.lifetime, most, rule), np.zeros(arm.lifetime)
    return SolvedTables(tables, thresholds, float(kernels.solve(arm, tables, rule, thresholds)))


def worth_of_pull(
    arm: GaussianArm, tables: Tables, rule: Rule, *, pulls: Int[np.ndarray, "task"], loc: Float[np.ndarray, "task"]
) -> Float[np.ndarray, "task"]:
    """What one more pull is worth, and optimal choices thereafter, at each number of pulls and posterior mean."""
    result = np.empty(len(loc))
    kernels.read(pulls, loc, arm, tables, rule, result)
    return result


class Walk(NamedTuple):
    """The law of the posterior mean after each number of pulls, if none were ever left out: normal."""

    means: Float[np.ndarray, "pulls"]
    deviations: Float[np.ndarray, "pulls"]


def walk_under_prior(arm: GaussianArm) -> Walk:
    """As the arm's mean is drawn from the prior."""
    pulls = np.arange(arm.lifetime)
    deviations = arm.reward_scale * np.sqrt(pulls / arm.prior_pulls) / np.sqrt(arm.prior_pulls + pulls)
    return Walk(np.full(arm.lifetime, arm.prior_loc), deviations)


def walk_given(arm: GaussianArm, mean: float) -> Walk:
    """As the arm's true mean is this."""
    pulls = np.arange(arm.lifetime)
    count = arm.prior_pulls + pulls
    return Walk(arm.prior_loc + pulls / count * (mean - arm.prior_loc), arm.reward_scale * np.sqrt(pulls) / count)


def pull_probs(
    arm: GaussianArm, thresholds: Float[np.ndarray, "pulls"], rule: Rule, walks: tuple[Walk, ...]
) -> list[Float[np.ndarray, "_"]]:
    """For each walk the distribution of the number of pulls, 0 to lifetime, where it ends at or below a threshold."""
    goes_on = np.zeros((len(walks), arm.lifetime))
    if arm.prior_loc > thresholds[0]:
        goes_on[:, 0] = 1.0
        if arm.prior_pulls < np.inf:
            tables = _survival_tables(arm, thresholds, rule)
            for walk, row in zip(walks, goes_on, strict=True):
                kernels.read_survival(walk.means, walk.deviations, tables, rule, row)
        else:
            goes_on[:] = arm.prior_loc > thresholds
    goes_on = np.minimum.accumulate(goes_on.clip(0.0, 1.0), axis=1)
    return list(0.0 - np.diff(goes_on, prepend=1.0, append=0.0, axis=1))


def _survival_tables(arm: GaussianArm, thresholds: Float[np.ndarray, "pulls"], rule: Rule) -> Tables:
    """By posterior mean: how likely it is, from the first pull on, that no earlier one was below its threshold."""
    tops = np.full(arm.lifetime, -np.inf)
    longest = kernels.survival_tops(arm, thresholds, rule, tops)
    tables = _empty(arm.lifetime, _most_panels(longest, rule), rule)
    kernels.survive(arm, tables, rule, thresholds, tops)
    return tables


def _rule(*, num_nodes: int, reach: float, first: float, growth: float, widest: float, tolerance: float) -> Rule:
    nodes, weights = np.polynomial.legendre.leggauss(num_nodes)
    lagrange = 1 / (nodes[:, None] - nodes + np.eye(num_nodes)).prod(1)
    return Rule(nodes, weights, lagrange, np.zeros(num_nodes), reach, first, growth, widest, tolerance)


def _most_panels(ratio: float, rule: Rule) -> int:
    """How many panels a stretch takes that is so many times wider than the standard deviation at its start."""
    return 1 + max(1, math.ceil(math.log1p(ratio / rule.first * (rule.growth - 1)) / math.log(rule.growth)))


def _empty(lifetime: int, most: int, rule: Rule) -> Tables:
    return Tables(
        edges=np.zeros((lifetime, most + 1)),
        num_panels=np.zeros(lifetime, dtype=np.int64),
        values=np.zeros((lifetime, most, len(rule.nodes))),
        levels=np.zeros(lifetime),
        slopes=np.ones(lifetime),
    )
