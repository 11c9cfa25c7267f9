"""One backward sweep of the stopping problem behind the index of a Gaussian arm, with its error bounded on the way.

Notation. `n` observations, posterior mean `x`, step `s = 1 / sqrt(n (n + 1))` of the posterior mean, discount `g`.
An arm is worth `W = x + V`, where `V_n(x) = max(-x, d_n(x))` and `d_n(x) = g E V_{n+1}(x + s Z)`: retiring swaps `x`
for 0, and `x` is a martingale. Arms are retired below the boundary `b_n`, the root of `x + d_n(x)`, and the index
is `-b_n`. Hence, with `b`, `d` of `n + 1` and `z = (x - b) / s`,

    d_n(x) / g = s (phi(z) - z Phi(-z)) - b Phi(-z)  +  integral over u > b of d(u) phi((u - x) / s) / s.

The integral is taken by Gauss-Legendre on panels of half-width `a / (n + 1)` from `b` to `top`, `d` being held at
their nodes and nowhere else. All terms are positive, so that for complex arguments `|d(u + i y)| <= d(u) exp(y^2 /
(2 s^2))`, and the kernel obeys the same bound with its own step: on the Bernstein ellipse of parameter rho around a
panel the integrand grows by at most `exp(a^2 (rho - 1 / rho)^2 / 4)`. A rule with p nodes then errs by at most
`8 rho^(-2p) / (1 - 1 / rho)` times half the width times the largest modulus (Trefethen, Approximation Theory and
Approximation Practice, theorem 8.2, applied to degree 2p - 1).
"""

import math

import numpy as np

from bayesopt.planning.compiled import compiled

NUM_NODES = 16
"""Of the Gauss-Legendre rule on every panel; fixed, so that the compiler unrolls the loops over them."""

REACH = 7.75
"""Standard deviations beyond which the Gaussian kernel is left out: a mass of 1e-14, counted in ROUNDING."""

ROUNDING = 6e-14
"""Relative error of one evaluation of `d`: rounding of exponents up to 100, of 200 positive terms, and REACH."""


@compiled
def bounded_indices(start, num_levels, discount, is_upper, largest_tail, rule, quadrature_error, ellipse):
    """Proved lower (or upper) bounds of the indices at `start`, `start + 1`, ..., `start + num_levels - 1`.

    Below, the arm is worth `max(0, x)` from `start + num_levels` on: it is kept or retired for good. Above, its steps
    never shrink and it may be retired at any time between pulls: Brownian motion, whose stopping value is closed (at
    discount 0.32 if that is more: its exponential then grows less on an ellipse than `quadrature_error` allows for).
    `rule` holds the half-width `a`, the nodes and the weights; `quadrature_error` bounds the error of one integral
    relative to the largest `d` on the ellipses, which reach `ellipse` half-widths.
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
    """The number of panels at level n, where they end, and a bound of `d` from there on (0 if it may be left out)."""
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
    """What the stopped states below the panels and the bounded ones above add to `d / g`, and its derivative."""
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
    """`x + d(x)`, by how much pulling beats retiring, and its derivative."""
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
    """`d` at the nodes of the panels from `start` on.

    Between a panel of `later` and one of these, whose centres are `delta` steps apart, the kernel at nodes t and t'
    is `exp(-(delta + r t - r' t')^2 / 2)`, where `r r' = a^2` at every level: the factor in both is `coupling`.
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
        for j in range(NUM_NODES // 2):  # the nodes are symmetric: one exponential serves two
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
