"""Compiled quadrature of the probabilities of being the best arm, with a proved bound of its error.

Panels go from the highest lower end of the arms' ranges, below which the product of distribution functions is
negligible, to the highest upper end. On each panel, Gauss-Legendre nodes give the integrals, and the polynomial through
the densities at the nodes gives the distribution functions, from those at the start of the panel on.

The bound. On a panel of half-width h, let S bound a density and G a distribution function inside the ellipse of
parameter rho = 3, which reaches 5/3 h along the axis and y = 4/3 h across it. The error of an integral is at most
`h (64 / 15) rho^(2 - 2n) / (1 - rho^-2)` times the product of one S and the other Gs (Trefethen, Approximation Theory
and Approximation Practice, theorem 19.3). The error of a distribution function is at most
`4 h (1 + L) rho^(1 - n) / (rho - 1) S`, with L the Lebesgue constant of the nodes (theorems 8.2 and 15.1).

S and G. For a Beta(a, b) arm with a <= b, `|1 + e^(x + iy)| >= 1 + e^x cos y`, so the density is at most
`(cos y)^-a` times its peak there. The same holds for a Gamma arm with concentration a. A Gaussian density is at most
`exp(y^2 / (2 scale^2))` times its peak. Integration from the real axis gives `G = 1 + y S`. If the whole ellipse is
in an exponential tail, then S is the rate times 1.12 for any y, because `e^0.05 e^(0.05 / 0.95) < 1.12`; the
probability beyond is at most 1.12.
"""

import math

import numpy as np

from bayesopt.planning.compiled import compiled

BETA, INVERSE_GAMMA, NORMAL = 0, 1, 2
"""Kinds of arms."""

NUM_NODES = 36
LEBESGUE_CONSTANT = 12.0
"""Upper bound of the Lebesgue constant of 36 Gauss-Legendre nodes, which is 11.1."""

RHO = 3.0
ALONG, ACROSS = 5 / 3, 4 / 3
"""Half-axes of the ellipse, in half-widths of the panel."""

PANEL_FACTOR = 64 / 15 * RHO ** (2 - 2 * NUM_NODES) / (1 - RHO**-2)
CDF_FACTOR = 4 * (1 + LEBESGUE_CONSTANT) * RHO ** (1 - NUM_NODES) / (RHO - 1)

LARGEST_GROWTH = 6.0
"""Panels are as wide as the logarithms of S allow: at most this above those of the peaks."""

MANY_ARMS = 8
"""With more arms panels are narrower, because their Gs are multiplied."""

HIGHEST = 1.5
"""Largest distance across where the coordinate is a logarithm or logit; the cosine must be positive."""

TAIL_FACTOR = 1.12


@compiled
def integrate(kind, arms, rule, probs, errors):
    """Fill the probability of each arm to be the best (row, arm), and the error of its row (row).

    `arms` is an `Arms`, `rule` holds nodes, weights and the integral of each node's polynomial up to every node.
    """
    num_rows, num_arms = arms.location.shape
    cdf, nothing = np.empty(num_arms), np.empty(num_arms)
    for row in range(num_rows):
        start, stop = arms.lower[row].max(), arms.upper[row].max()
        error = 0.0
        for arm in range(num_arms):
            cdf[arm] = 1.0
            if arms.upper[row, arm] > start:
                cdf[arm] = 0.0
                part = (row, arm, arm + 1)
                error += _sweep(kind, arms, part, rule, arms.lower[row, arm], start, cdf, nothing)
        probs[row] = 0.0
        errors[row] = error + _sweep(kind, arms, (row, 0, num_arms), rule, start, stop, cdf, probs[row])


@compiled
def _sweep(kind, arms, part, rule, start, stop, cdf, probs):
    """Go from `start` to `stop` with a part of the arms of a row; add to their `probs`, and take their `cdf` along.

    Returns a bound of the error of any of these probabilities, and of how much densities fail to integrate to one.
    """
    row, first, last = part
    density, below, others = np.empty((3, last - first, NUM_NODES))
    error, left = 0.0, start
    while left < stop:
        right, side = _next_panel(kind, arms, part, left, stop)
        half = (right - left) / 2
        product, largest = 1.0, 0.0
        for arm in range(first, last):
            i = arm - first
            if arms.upper[row, arm] <= left:
                density[i], below[i] = 0.0, 1.0
                continue
            _fill(kind, arms, row, arm, left, half, rule, density[i])
            _accumulate(rule, cdf[arm], density[i], below[i])
            cdf[arm] += density[i].sum()
            on_ellipse, cdf_on_ellipse = _on_ellipse(kind, arms, row, arm, half, side)
            largest, product = max(largest, on_ellipse), product * cdf_on_ellipse
            error += CDF_FACTOR * half * on_ellipse
            if arms.upper[row, arm] <= right:
                error += abs(cdf[arm] - 1)
        error += PANEL_FACTOR * half * largest * product
        _multiply_others(below, others)
        for i in range(last - first):
            for node in range(NUM_NODES):
                probs[first + i] += density[i, node] * others[i, node]
        left = right
    return error


@compiled
def _next_panel(kind, arms, part, left, stop):
    """Return the end of the widest panel whose ellipse is within the bounds, and its side: -1 or 1 if in the tails."""
    row, first, last = part
    growth = LARGEST_GROWTH * min(1.0, MANY_ARMS / (last - first)) ** 2
    height = math.inf if kind == NORMAL else HIGHEST
    nearest, left_tail, right_tail = stop, math.inf, -math.inf
    for arm in range(first, last):
        if arms.upper[row, arm] > left:
            nearest = min(nearest, arms.upper[row, arm])
            ratio = growth / arms.shape[row, arm]
            height = min(height, math.sqrt(2 * ratio) if kind == NORMAL else math.acos(math.exp(-ratio)))
            left_tail = min(left_tail, arms.left_tail[row, arm])
            right_tail = max(right_tail, arms.right_tail[row, arm])
    half, side = height / ACROSS, 0
    # the ellipse goes `(ALONG - 1) half` beyond either end of its panel
    if (left_tail - left) / (1 + ALONG) > half:
        half, side = (left_tail - left) / (1 + ALONG), -1
    if (left - right_tail) / (ALONG - 1) > half:
        half, side = (left - right_tail) / (ALONG - 1), 1
    right = min(left + 2 * half, nearest)
    return (right if right > left else nearest), side


@compiled
def _fill(kind, arms, row, arm, left, half, rule, density):
    """Fill the density of an arm at the nodes, multiplied by their weights."""
    nodes, weights, _ = rule
    location, shape, total = arms.location[row, arm], arms.shape[row, arm], abs(arms.total[row, arm])
    sign, peak = math.copysign(1.0, arms.total[row, arm]), half * arms.peak[row, arm]
    for node in range(NUM_NODES):
        t = left + half * (1 + nodes[node]) - location
        if kind == BETA:
            # towards the larger concentration, where the two terms do not cancel; e^t is kept from overflowing
            t *= sign
            near = min(t, 500.0)
            deviance = total * (math.log1p(shape / total * math.expm1(near)) + (t - near)) - shape * t
        elif kind == INVERSE_GAMMA:
            deviance = shape * (t + math.expm1(-t))
        else:
            deviance = 0.5 * shape * t * t
        density[node] = weights[node] * peak * math.exp(-deviance)


@compiled
def _accumulate(rule, cdf, density, below):
    """Fill the distribution function at the nodes, from that at the start of the panel."""
    _, _, primitive = rule
    below[:] = cdf
    for node in range(NUM_NODES):
        for later in range(NUM_NODES):
            below[later] += primitive[node, later] * density[node]


@compiled
def _multiply_others(below, others):
    """Fill for each arm the product of the distribution functions of the other arms."""
    for node in range(NUM_NODES):
        product = 1.0
        for i in range(len(below)):
            others[i, node] = product
            product *= below[i, node]
        product = 1.0
        for i in range(len(below) - 1, -1, -1):
            others[i, node] *= product
            product *= below[i, node]


@compiled
def _on_ellipse(kind, arms, row, arm, half, side):
    """Return upper bounds of a density and of its distribution function on the ellipse of a panel."""
    if side < 0:
        return TAIL_FACTOR * arms.left_rate[row, arm], TAIL_FACTOR
    if side > 0:
        return TAIL_FACTOR * arms.right_rate[row, arm], 1 + TAIL_FACTOR
    height, shape = ACROSS * half, arms.shape[row, arm]
    growth = 0.5 * height**2 if kind == NORMAL else -math.log(math.cos(height))
    density = arms.peak[row, arm] * math.exp(shape * growth)
    return density, 1 + height * density
