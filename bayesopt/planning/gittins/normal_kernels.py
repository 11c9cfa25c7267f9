"""Backward sweep of the stopping problem for the Gittins index of a Gaussian arm, with a bound on its error.

Notation. `n` observations, posterior mean `x`, step `s = 1 / sqrt(n (n + 1))` of the posterior mean, discount `g`.
The value of an arm is `W = x + V`, where `V_n(x) = max(-x, d_n(x))` and `d_n(x) = g E V_{n+1}(x + s Z)`, because
retiring replaces `x` by 0 and `x` is a martingale. Arms are retired below the boundary `b_n`, the root of
`x + d_n(x)`, and the index is `-b_n`. Hence, with `b`, `d` of `n + 1` and `z = (x - b) / s`,

    d_n(x) / g = s (phi(z) - z Phi(-z)) - b Phi(-z)  +  integral over u > b of d(u) phi((u - x) / s) / s.

The integral is computed by Gauss-Legendre rules on panels of half-width `a / (n + 1)` from `b` to `top`; `d` is stored
at their nodes only. All terms are positive, so for complex arguments `|d(u + i y)| <= d(u) exp(y^2 / (2 s^2))`, and the
kernel obeys the same bound with its own step. On the Bernstein ellipse of parameter rho around a panel the integrand
therefore grows by at most `exp(a^2 (rho - 1 / rho)^2 / 4)`. The error of a rule with p nodes is then at most
`8 rho^(-2p) / (1 - 1 / rho)` times half the width times the largest modulus (Trefethen, Approximation Theory and
Approximation Practice, theorem 8.2, applied to degree 2p - 1).
"""

import math

import numpy as np

from bayesopt.planning.compiled import compiled

NUM_NODES = 16
"""Number of Gauss-Legendre nodes on every panel; fixed, so that the compiler unrolls the loops over them."""

REACH = 7.75
"""Standard deviations beyond which the Gaussian kernel is omitted: a mass of 1e-14, included in ROUNDING."""

ROUNDING = 6e-14
"""Relative error of one evaluation of `d`: rounding of exponents up to 100, of 200 positive terms, and REACH."""


@compiled
def bounded_indices(start, num_levels, discount, is_upper, largest_tail, rule, quadrature_error, ellipse):
    """Return proved lower (or upper) bounds of the indices at `start`, `start + 1`, ..., `start + num_levels - 1`.

    For the lower bound, the arm is kept or retired for good from `start + num_levels` on, so its value is `max(0, x)`.
    For the upper bound, its steps stop shrinking and it may be retired at any time between pulls: a Brownian motion,
    whose stopping value has a closed form. (If the discount is below 0.32, the closed form for 0.32 is used, which is
    larger; the exponential then grows less on an ellipse than `quadrature_error` allows.) `rule` holds the half-width
    `a`, the nodes and the weights. `quadrature_error` bounds the error of one integral relative to the largest `d` on
    the ellipses, which extend over `ellipse` half-widths.
    """
    half_width, nodes, weights = rule
    coupling = np.exp(half_width**2 * nodes.reshape(-1, 1) * nodes.reshape(1, -1))
    drift = np.exp(2 * half_width**2 * nodes)
    bounds = np.empty(num_levels)
    frequency = min(1.5, math.sqrt(-2 * math.log(discount)))

    n = start + num_levels
    step = 1 / (math.sqrt(n) * math.sqrt(n + 1))
    boundary = -step / frequency if is_upper else 0.0
    num_panels, top, tail = _panels(n, boundary, discount, is_upper, largest_tail, half_width)
    values = np.zeros((num_panels, NUM_NODES))
    if is_upper:
        for k in range(num_panels):
            for j in range(NUM_NODES):
                u = boundary + half_width / n * (2 * k + 1 + nodes[j])
                values[k, j] = step / frequency * math.exp(-1 - u * frequency / step)
    error = 0.0
    scaled = np.full(3, boundary * n)

    for level in range(num_levels - 1, -1, -1):
        n = start + level
        step = 1 / (math.sqrt(n) * math.sqrt(n + 1))
        half = half_width / (n + 1)
        terms = values * (weights * (half / step / math.sqrt(2 * math.pi)))
        later = (boundary, top, tail, half, terms, nodes)
        error += (quadrature_error + ROUNDING) * (half * ellipse - boundary + error)
        error *= discount

        x = (3 * scaled[0] - 3 * scaled[1] + scaled[2]) / n
        excess, slope = 0.0, 0.0
        for _ in range(60):
            excess, slope = _excess_and_slope(x, step, discount, later)
            if abs(excess) <= 1e-14 * abs(x):
                break
            x -= excess / slope
        error += 2 * abs(excess)
        scaled[2], scaled[1], scaled[0] = scaled[1], scaled[0], n * x

        if 0.4 * error > (1 - discount) * step:
            bounds[: level + 1] = np.inf if is_upper else -np.inf
            return bounds
        allowance = -2 * error if is_upper else error
        shift = 1.1 * allowance / slope
        while (_excess_and_slope(x + shift, step, discount, later)[0] - allowance) * allowance < 0:
            shift *= 2
        bounds[level] = -(x + shift)

        if level > 0:
            num_panels, new_top, new_tail = _panels(n, x, discount, is_upper, largest_tail, half_width)
            values = _continuation(x, num_panels, half_width / n, step, discount, later, coupling, drift)
            boundary, top, tail = x, new_top, new_tail
    return bounds


@compiled
def _panels(n, boundary, discount, is_upper, largest_tail, half_width):
    """Return the number of panels at level n, their end, and a bound of `d` beyond (0 if it may be omitted)."""
    frequency, step = math.sqrt(-2 * math.log(discount)), 1 / (math.sqrt(n) * math.sqrt(n + 1))
    brownian = step / frequency * (math.log(step / frequency / largest_tail) - 1)
    informed = math.sqrt(2 * max(0.0, math.log(0.4 / (largest_tail * math.sqrt(n)))) / n)
    num_panels = max(1, math.ceil((min(brownian, informed) - boundary) * n / (2 * half_width)))
    top = boundary + 2 * half_width / n * num_panels
    tail = 0.0
    if is_upper:
        tail = step / frequency * math.exp(-1 - top * frequency / step)
        if top > 0:
            tail = min(tail, 0.4 * math.exp(-n * top**2 / 2) / math.sqrt(n))
    return num_panels, top, tail


@compiled
def _ends(x, step, later):
    """Return the contribution of states outside the panels to `d / g` and its derivative.

    States below the panels are stopped; states above are bounded by `tail`.
    """
    boundary, top, tail, _, _, _ = later
    value, slope = 0.0, 0.0
    z = (x - boundary) / step
    if z < 8.3:
        density, below = math.exp(-z * z / 2) / math.sqrt(2 * math.pi), math.erfc(z / math.sqrt(2)) / 2
        value += step * (density - z * below) - boundary * below
        slope += boundary * density / step - below
    z = (x - top) / step
    if z > -8.3 and tail > 0:
        value += tail * math.erfc(-z / math.sqrt(2)) / 2
        slope += tail * math.exp(-z * z / 2) / (math.sqrt(2 * math.pi) * step)
    return value, slope


@compiled
def _excess_and_slope(x, step, discount, later):
    """Return `x + d(x)`, the advantage of pulling over retiring, and its derivative."""
    boundary, _, _, half, terms, nodes = later
    value, slope = _ends(x, step, later)
    first = max(0, math.floor((x - REACH * step - boundary) / (2 * half)))
    last = min(terms.shape[0], math.floor((x + REACH * step - boundary) / (2 * half)) + 1)
    for k in range(first, last):
        for j in range(NUM_NODES):
            z = (boundary + half * (2 * k + 1 + nodes[j]) - x) / step
            term = terms[k, j] * math.exp(-z * z / 2)
            value += term
            slope += term * z / step
    return x + discount * value, 1 + discount * slope


@compiled
def _continuation(start, num_panels, half, step, discount, later, coupling, drift):
    """Return `d` at the nodes of the panels from `start` on.

    Between a panel of `later` and one of these, whose centres are `delta` steps apart, the kernel at nodes t and t'
    is `exp(-(delta + r t - r' t')^2 / 2)`, where `r r' = a^2` at every level. `coupling` is the factor that depends on
    both nodes.
    """
    boundary, _, _, later_half, terms, nodes = later
    source, target = later_half / step, half / step
    source_decay, target_decay = np.exp(-((source * nodes) ** 2) / 2), np.exp(-((target * nodes) ** 2) / 2)
    source_drift = np.exp(-2 * source**2 * nodes)
    values = np.empty((num_panels, NUM_NODES))
    left, right, mixed, total = np.empty(NUM_NODES), np.empty(NUM_NODES), np.empty(NUM_NODES), np.empty(NUM_NODES)
    reach = REACH * step + half + later_half
    for panel in range(num_panels):
        centre = start + half * (2 * panel + 1)
        first = max(0, math.ceil((centre - reach - boundary) / (2 * later_half) - 0.5))
        last = min(terms.shape[0], math.floor((centre + reach - boundary) / (2 * later_half) - 0.5) + 1)
        delta = (boundary + later_half * (2 * first + 1) - centre) / step
        for j in range(NUM_NODES // 2):  # the nodes are symmetric, so one exponential serves two
            opposite = NUM_NODES - 1 - j
            left[j], right[j] = math.exp(-nodes[j] * source * delta), math.exp(nodes[j] * target * delta)
            left[opposite], right[opposite] = 1 / left[j], 1 / right[j]
        for j in range(NUM_NODES):
            left[j] *= source_decay[j]
            right[j] *= target_decay[j]
            total[j] = 0.0
        for k in range(first, last):
            height = math.exp(-delta * delta / 2)
            for j in range(NUM_NODES):
                mixed[j] = terms[k, j] * left[j] * height
            for i in range(NUM_NODES):
                sum_over_source = 0.0
                for j in range(NUM_NODES):
                    sum_over_source += coupling[j, i] * mixed[j]
                total[i] += right[i] * sum_over_source
            for j in range(NUM_NODES):
                left[j] *= source_drift[j]
                right[j] *= drift[j]
            delta += 2 * source
        for i in range(NUM_NODES):
            ends, _ = _ends(centre + half * nodes[i], step, later)
            values[panel, i] = discount * (total[i] + ends)
    return values
