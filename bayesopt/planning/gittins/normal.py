"""Gittins indices of Gaussian arms whose observation variance is known, with proved error bounds.

The lower bound is the value of a policy that keeps or retires the arm for good after N more pulls. The upper bound
relaxes the problem: after N more pulls the posterior mean becomes a Brownian motion that never slows down.
`normal_kernels` solves both problems and bounds its own discretisation error; no part of the bound is
estimated.
"""

import numpy as np
from jaxtyping import Int

from bayesopt.inputs import as_floats, as_number
from bayesopt.planning.certified import CertifiedIndex
from bayesopt.planning.gittins.index_batches import (
    SMALLEST_NUM_OBSERVATIONS,
    Bracket,
    Real,
    Run,
    certified,
    horizon,
    require,
    require_discount_and_tolerance,
    runs,
)
from bayesopt.planning.gittins.normal_kernels import NUM_NODES, bounded_indices

LARGEST_NUM_LEVELS = 50_000
"""Largest number of levels of a sweep. More levels take minutes, so they raise an error."""

LIMIT_OF_FLOAT64 = 1e-14
"""Smallest tolerance that sweeps aim at, relative to the index."""

PANEL_RULES = ((2.25, 3.571, 1.01e-10), (2.0, 4.008, 3.41e-12), (1.75, 4.571, 6.61e-14))
"""Half-width of the panels at level n times n, the ellipse parameter rho, and the error bound of one integral.

The last is `0.4 (a ((rho + 1 / rho) / 2 + 3) + 1.26) 8 rho^-32 exp(a^2 (rho - 1 / rho)^2 / 4) / (1 - 1 / rho)`. Here
0.4 is the height of the Gaussian and the bracket counts overlapping ellipses; the kernels explain the rest.
"""


def normal_gittins_index(num_observations: Real, discount: Real, *, tolerance: float = 1e-6) -> CertifiedIndex:
    """Return the known reward per pull that is worth as much as an arm with posterior mean 0 and unit noise variance.

    The belief about the arm's mean reward is normal with mean 0 and precision `num_observations`, any real number
    above 0. It is the number of observations that the belief is worth, starting from an improper flat prior. An arm
    with posterior mean `m`, posterior precision `p` and observation scale `sigma` has index
    `m + sigma * normal_gittins_index(p * sigma**2, discount).index`, and its error bound scales with `sigma`.

    The index is on the scale of the rewards, not multiplied by `1 / (1 - discount)`. Arguments broadcast; scalars give
    floats. Arms that differ by whole observations share one sweep. As `num_observations` grows,
    `num_observations * index` increases to `Li_{1/2}(discount) / sqrt(2 pi)`.

    Raises:
        ValueError: an argument is out of range, or the tolerance cannot be reached.

    Source: Gittins, Glazebrook & Weber (2011), Multi-armed Bandit Allocation Indices, section 7.3.
    """
    require("num_observations", num_observations, lambda x: x > 0, "positive and finite")
    require("num_observations", num_observations, lambda x: x >= SMALLEST_NUM_OBSERVATIONS, "at least 1e-200")
    require_discount_and_tolerance(discount, tolerance)
    tolerance = as_number("tolerance", tolerance)
    levels, discounts = np.broadcast_arrays(
        as_floats("num_observations", num_observations), as_floats("discount", discount)
    )
    lower, upper = np.zeros(levels.size), np.zeros(levels.size)
    flat_levels, flat_discounts = levels.ravel(), discounts.ravel()

    def longest_gap(position: int) -> float:
        return 1.0 + horizon(flat_levels[position], max(flat_discounts[position], 1e-300), tolerance)

    for run in runs(flat_levels, [flat_discounts], longest_gap):
        if flat_discounts[run.members[0]] > 0:
            start, at_discount = float(flat_levels[run.members[0]]), float(flat_discounts[run.members[0]])
            lower[run.members], upper[run.members] = _brackets(start, run, at_discount, tolerance)
    return certified(lower.reshape(levels.shape), upper.reshape(levels.shape), is_scalar=levels.ndim == 0)


def _brackets(start: float, run: Run, discount: float, tolerance: float) -> Bracket:
    """Return brackets of the arms of a run; the horizon grows until all are narrow enough."""
    tolerance_of_sweeps = max(tolerance, LIMIT_OF_FLOAT64 * _largest_index(start, discount))
    extra = horizon(start + run.offsets[-1], discount, tolerance_of_sweeps)
    margin = 1.3 * max(
        0.0, -np.log(-1e4 * np.log(discount))
    )  # measured: horizons at discounts above .9999 are too short
    is_hopeless = horizon(start, discount, tolerance_of_sweeps, margin=margin) > LARGEST_NUM_LEVELS
    width = np.inf
    while True:
        if is_hopeless or extra > LARGEST_NUM_LEVELS:
            tolerances = tolerance_of_sweeps * 1.1 ** np.arange(1000)
            horizons = (horizon(start, discount, t, margin=margin) for t in tolerances)
            affordable = tolerances[next(i for i, pulls in enumerate(horizons) if pulls <= LARGEST_NUM_LEVELS)]
            raise ValueError(
                f"tolerance must be at least about {1.1 * min(width, affordable):.1e} at discount {discount}; got "
                f"{tolerance}, which needs a horizon of more than {LARGEST_NUM_LEVELS} pulls"
            )
        lower, upper = _sweeps(start, int(run.offsets[-1]) + extra, discount, tolerance_of_sweeps, run.offsets)
        previous, width = width, float((upper - lower).max()) / 2 * (1 + 1e-9)
        if width <= tolerance:
            return lower, upper
        if not width < 0.9 * previous:
            raise ValueError(
                f"tolerance must be at least {1.1 * min(width, previous):.1e} at discount {discount} and "
                f"num_observations {start}, the limit of float64; got {tolerance}"
            )
        extra += 1 + int(max(0.3, 0.4 * np.log(width / tolerance)) / -np.log(discount))


def _sweeps(
    start: float, num_levels: int, discount: float, tolerance: float, offsets: Int[np.ndarray, " arm"]
) -> Bracket:
    """Return proved lower and upper bounds, from one sweep each."""
    needed = 0.1 * tolerance * (1 - discount) ** 1.5 / (3 * _largest_index(start, discount))
    half_width, rho, quadrature_error = next((rule for rule in PANEL_RULES if rule[2] < needed), PANEL_RULES[-1])
    nodes, weights = np.polynomial.legendre.leggauss(NUM_NODES)
    largest_tail = 0.05 * tolerance * np.sqrt(1 - discount)
    sweep = (largest_tail, (half_width, nodes, weights), quadrature_error, (rho + 1 / rho) / 2)
    lower, upper = (bounded_indices(start, num_levels, discount, above, *sweep)[offsets] for above in (False, True))
    return np.maximum(lower, 0.0), upper


def _largest_index(num_observations: float, discount: float) -> float:
    """Return an upper bound of the index, that of a Brownian motion that never slows down."""
    return 1 / (np.sqrt(num_observations) * np.sqrt(num_observations + 1) * np.sqrt(-2 * np.log(discount)))
