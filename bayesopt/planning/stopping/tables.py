"""Solved tables of the stopping problem: values of pulls, thresholds, and distributions of the number of pulls.

`bayesopt.planning.stopping` and `bayesopt.planning.stopping.maps` are built on them.
"""

import functools
import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from bayesopt.memory import require_memory
from bayesopt.planning.stopping.kernels import read, read_survival, solve, survival_tops, survive

NUM_NODES = 12
"""Gauss-Legendre nodes of a panel."""

LARGEST_RATIO = 1e50
"""Largest ratio of one scale to the other. With a smaller prior scale, float64 cannot hold what is learned."""


class GaussianArm(NamedTuple):
    """Arm that pays Normal(mean, reward_scale) with a normal prior on the mean, and may be pulled `lifetime` times."""

    lifetime: int
    prior_loc: float
    prior_pulls: float
    """Pulls that the prior is worth: `(reward_scale / prior_scale)**2`; infinite if nothing can be learned."""
    reward_scale: float
    discount: float


class Rule(NamedTuple):
    """Gauss-Legendre nodes and weights, Lagrange interpolation weights, work space, and the placement of panels."""

    nodes: Float[np.ndarray, "node"]
    weights: Float[np.ndarray, "node"]
    lagrange: Float[np.ndarray, "node"]
    products: Float[np.ndarray, "node"]
    reach: float
    """Standard deviations beyond which normal tails are omitted."""
    first: float
    """Width of the first panel, in standard deviations of the next step."""
    growth: float
    """Width of a panel relative to the one before it."""
    widest: float
    """Largest part of a normal density that one set of nodes covers, in standard deviations."""
    tolerance: float
    """Relative error of the thresholds."""


class Tables(NamedTuple):
    """Function of the posterior mean after each number of pulls: 0 below the first edge, linear above the last."""

    edges: Float[np.ndarray, "pulls edge"]
    num_panels: Int[np.ndarray, "pulls"]
    values: Float[np.ndarray, "pulls panel node"]
    levels: Float[np.ndarray, "pulls"]
    slopes: Float[np.ndarray, "pulls"]


class SolvedTables(NamedTuple):
    """Values of pulling after each number of pulls, and the thresholds at which this value is 0."""

    tables: Tables
    thresholds: Float[np.ndarray, "pulls"]
    error_bound: float


def gaussian_arm(
    *, lifetime: int, prior_scale: float, reward_scale: float, prior_loc: float, discount: float
) -> GaussianArm:
    """Return the arm in the form of the kernels.

    Raises `ValueError` if the prior scale is too large for float64, or the tables do not fit in memory.
    """
    needed = 8.0 * lifetime * (_most_panels(16.0 * math.sqrt(lifetime), fine_rule()) + 1) * (2 + NUM_NODES)
    require_memory(needed, f"tables of {lifetime:,} trials", remedy="Lower the lifetime")
    if not prior_scale <= LARGEST_RATIO * reward_scale:
        raise ValueError(f"prior_scale must be at most {LARGEST_RATIO:g} times reward_scale; got {prior_scale!r}")
    ratio = reward_scale / prior_scale if prior_scale > 0 else math.inf
    prior_pulls = ratio * ratio if ratio < LARGEST_RATIO else math.inf
    return GaussianArm(int(lifetime), float(prior_loc), prior_pulls, float(reward_scale), float(discount))


@functools.cache
def fine_rule() -> Rule:
    """Return the accurate rule, with errors near rounding error."""
    return _rule(num_nodes=NUM_NODES, reach=7.5, first=1.0, growth=1.5, widest=2.0, tolerance=1e-15)


@functools.cache
def coarse_rule() -> Rule:
    """Return the fast rule for maps of many problems: six times as fast, errors of about 1e-6 of the rewards."""
    return _rule(num_nodes=NUM_NODES, reach=6.0, first=3.0, growth=2.2, widest=6.0, tolerance=1e-9)


def solved(arm: GaussianArm, rule: Rule) -> SolvedTables:
    """Solve the stopping problem by a sweep back from the last pull."""
    most = _most_panels(16.0 * math.sqrt(arm.lifetime), rule)
    tables, thresholds = _empty(arm.lifetime, most, rule), np.zeros(arm.lifetime)
    return SolvedTables(tables, thresholds, float(solve(arm, tables, rule, thresholds)))


def worth_of_pull(
    arm: GaussianArm, tables: Tables, rule: Rule, *, pulls: Int[np.ndarray, "task"], loc: Float[np.ndarray, "task"]
) -> Float[np.ndarray, "task"]:
    """Return the value of one more pull followed by the optimal policy, at each number of pulls and posterior mean."""
    result = np.empty(len(loc))
    read(pulls, loc, arm, tables, rule, result)
    return result


class Walk(NamedTuple):
    """Normal law of the posterior mean after each number of pulls, if the arm is pulled at every trial."""

    means: Float[np.ndarray, "pulls"]
    deviations: Float[np.ndarray, "pulls"]


def walk_under_prior(arm: GaussianArm) -> Walk:
    """Return the law of the posterior mean after each number of pulls when the arm's mean is drawn from the prior."""
    pulls = np.arange(arm.lifetime)
    deviations = arm.reward_scale * np.sqrt(pulls / arm.prior_pulls) / np.sqrt(arm.prior_pulls + pulls)
    return Walk(np.full(arm.lifetime, arm.prior_loc), deviations)


def walk_given(arm: GaussianArm, mean: float) -> Walk:
    """Return the law of the posterior mean after each number of pulls when the arm's true mean is `mean`."""
    pulls = np.arange(arm.lifetime)
    count = arm.prior_pulls + pulls
    return Walk(arm.prior_loc + pulls / count * (mean - arm.prior_loc), arm.reward_scale * np.sqrt(pulls) / count)


def pull_probs(
    arm: GaussianArm, thresholds: Float[np.ndarray, "pulls"], rule: Rule, walks: tuple[Walk, ...]
) -> list[Float[np.ndarray, "_"]]:
    """Return for each walk the distribution of the number of pulls, 0 to lifetime, before it reaches a threshold."""
    goes_on = np.zeros((len(walks), arm.lifetime))
    if arm.prior_loc > thresholds[0]:
        goes_on[:, 0] = 1.0
        if arm.prior_pulls < np.inf:
            tables = _survival_tables(arm, thresholds, rule)
            for walk, row in zip(walks, goes_on, strict=True):
                read_survival(walk.means, walk.deviations, tables, rule, row)
        else:
            goes_on[:] = arm.prior_loc > thresholds
    goes_on = np.minimum.accumulate(goes_on.clip(0.0, 1.0), axis=1)
    return list(0.0 - np.diff(goes_on, prepend=1.0, append=0.0, axis=1))


def _survival_tables(arm: GaussianArm, thresholds: Float[np.ndarray, "pulls"], rule: Rule) -> Tables:
    """Return tables of the probability, given the posterior mean, that no earlier one was below its threshold."""
    tops = np.full(arm.lifetime, -np.inf)
    longest = survival_tops(arm, thresholds, rule, tops)
    tables = _empty(arm.lifetime, _most_panels(longest, rule), rule)
    survive(arm, tables, rule, thresholds, tops)
    return tables


def _rule(*, num_nodes: int, reach: float, first: float, growth: float, widest: float, tolerance: float) -> Rule:
    nodes, weights = np.polynomial.legendre.leggauss(num_nodes)
    lagrange = 1 / (nodes[:, None] - nodes + np.eye(num_nodes)).prod(1)
    return Rule(nodes, weights, lagrange, np.zeros(num_nodes), reach, first, growth, widest, tolerance)


def _most_panels(ratio: float, rule: Rule) -> int:
    """Return the number of panels of an interval that is `ratio` times as wide as the step's standard deviation."""
    return 1 + max(1, math.ceil(math.log1p(ratio / rule.first * (rule.growth - 1)) / math.log(rule.growth)))


def _empty(lifetime: int, most: int, rule: Rule) -> Tables:
    return Tables(
        edges=np.zeros((lifetime, most + 1)),
        num_panels=np.zeros(lifetime, dtype=np.int64),
        values=np.zeros((lifetime, most, len(rule.nodes))),
        levels=np.zeros(lifetime),
        slopes=np.ones(lifetime),
    )
