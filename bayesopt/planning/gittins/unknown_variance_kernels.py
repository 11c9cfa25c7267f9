"""Two backward sweeps of the stopping problem for the Gittins index of a Gaussian arm of unknown variance.

Notation. A belief worth `n` observations, sample standard deviation `s`, `nu` degrees of freedom, posterior mean
`y s`, discount `g`. Retiring pays 0; the value of an arm is `s (y + v(y))`, where `v_n(y) = max(-y, d_n(y))`. With
`c = 1 / sqrt(n (n + 1))` and T a Student variable with nu degrees of freedom, an observation multiplies `s` by
`b(T) = sqrt((nu + T^2) / (nu + 1))` and moves the mean by `s c T`:

    d_n(y) / g  =  E[b(T) v_{n+1}((y + c T) / b(T))].

`v` is convex, so `s v(m / s)` is jointly convex in mean and scale. It increases with s, and b is convex. The integrand
is therefore a convex function of T. For the upper bound, it is replaced by chords between knots, and `v_{n+1}` by
chords between its nodes. For the lower bound, mean and scale are replaced by their expectations between knots (Jensen),
and `v_{n+1}` by the tangents of a convex lower bound. Bins of width `width` from the boundary on hold lines
`(a, b, a', b')`: the bound of `v` there is `max(a + b y, a' + b' y)`. Below the boundary it is `-y`; above the last bin
it is 0, or given by the last tangent or node.
"""

import math

import numpy as np

from bayesopt.planning.compiled import compiled


@compiled
def boundaries(num_levels, discount, is_upper, width, growth, tops, scheme, leaf):
    """Return proved bounds of the boundaries at level 0, 1, ..., `num_levels - 1`.

    They come from upper bounds of the value if `is_upper`, else from lower bounds. `scheme` is a
    `student_knots.Scheme`: `d / g = constant + sum over knots of weight * v(shrink * y + shift)`. `leaf` holds nodes of
    the last level, a whole number of widths apart, and the values there.
    """
    knots, ends, points, point_weights = scheme
    nodes, values = leaf
    left = nodes[0]
    bounds = np.empty(num_levels)
    slopes = np.zeros(nodes.size)
    lines = _lines(nodes, values, slopes, width[num_levels], is_upper)
    state = (left, width[num_levels], lines, max(0.0, values[0] + left))
    for level in range(num_levels - 1, -1, -1):
        at_level = knots[:, ends[level] : ends[level + 1]]
        constant = 0.0
        if is_upper:
            constant = point_weights[level] * (_lookup(points[level], state) + _lookup(-points[level], state))
        y = left
        value, slope = 0.0, 0.0
        for _ in range(60):
            value, slope = _expectation(y, discount, constant, at_level, state)
            if abs(y + value) <= 1e-13 * abs(y):
                break
            y -= (y + value) / max(1 + slope, 0.5 * (1 - discount))
        bounds[level] = _certified(y, 1 + slope, discount, is_upper, constant, at_level, state)
        if level > 0:
            left = y
            nodes = _nodes(left, max(tops[level], left + 4 * width[level]), width[level], growth[level])
            values, slopes = np.empty(nodes.size), np.empty(nodes.size)
            for i in range(nodes.size):
                values[i], slopes[i] = _expectation(nodes[i], discount, constant, at_level, state)
            if is_upper:
                values = np.maximum(values, -nodes)
            lines = _lines(nodes, values, slopes, width[level], is_upper)
            state = (left, width[level], lines, values[0] + left if is_upper else 0.0)
    return bounds


@compiled
def _nodes(left, top, width, growth):
    """Return nodes from `left` to `top`, at multiples of `width` that are increasingly far apart."""
    steps = math.ceil((top - left) / width)
    places = np.empty(steps + 1)
    count, place = 0, 0
    while place < steps:
        places[count] = place
        place += max(1, int(math.exp(min(20.0, growth * place))))
        count += 1
    places[count] = steps
    return left + width * places[: count + 1]


@compiled
def _lines(nodes, values, slopes, width, is_upper):
    """Return for each bin the chord between its nodes, or the tangents at both; the last row holds beyond the bins."""
    left, num_bins = nodes[0], round((nodes[-1] - nodes[0]) / width)
    lines = np.zeros((num_bins + 1, 4))
    if is_upper:
        lines[num_bins, 0] = lines[num_bins, 2] = values[-1]
    else:
        lines[num_bins, 0], lines[num_bins, 1] = values[-1] - slopes[-1] * nodes[-1], slopes[-1]
    start = 0
    for i in range(nodes.size - 1):
        stop = round((nodes[i + 1] - left) / width)
        if is_upper:
            slope = (values[i + 1] - values[i]) / (nodes[i + 1] - nodes[i])
            first = (values[i] - slope * nodes[i], slope)
            second = first
        else:
            first = (values[i] - slopes[i] * nodes[i], slopes[i])
            second = (values[i + 1] - slopes[i + 1] * nodes[i + 1], slopes[i + 1])
        for k in range(start, stop):
            lines[k, 0], lines[k, 1] = first
            lines[k, 2], lines[k, 3] = second
        start = stop
    return lines


@compiled
def _lookup(y, state):
    """Return the bound of `v` at y."""
    left, width, lines, below = state
    if y < left:
        return below - y
    k = int(min((y - left) / width, lines.shape[0] - 1.0))
    return max(lines[k, 0] + lines[k, 1] * y, lines[k, 2] + lines[k, 3] * y)


@compiled
def _expectation(y, discount, constant, knots, state):
    """Return the bound of `d` at y, and its derivative."""
    left, width, lines, below = state
    per_width, last = 1 / width, lines.shape[0] - 1.0
    value, slope = constant, 0.0
    for j in range(knots.shape[1]):
        weight, shrink, shift = knots[0, j], knots[1, j], knots[2, j]
        place = shrink * y + shift
        if place < left:
            value += weight * (below - place)
            slope -= weight * shrink
            continue
        k = int(min((place - left) * per_width, last))
        one, two = lines[k, 0] + lines[k, 1] * place, lines[k, 2] + lines[k, 3] * place
        value += weight * max(one, two)
        slope += weight * shrink * (lines[k, 1] if one >= two else lines[k, 3])
    return discount * value, discount * slope


@compiled
def _certified(y, slope, discount, is_upper, constant, knots, state):
    """Return a point near y where pulling is proved to be worse (or better) than retiring, despite rounding errors."""
    sign = -1.0 if is_upper else 1.0
    allowance = 1e-12 * (abs(y) + abs(knots[2, 0])) / (1 - discount)
    shift = 2 * allowance / max(slope, 0.5 * (1 - discount))
    while shift < 1e6:
        place = y + sign * shift
        value, _ = _expectation(place, discount, constant, knots, state)
        if sign * (place + value) >= allowance:
            return place
        shift *= 2
    return sign * math.inf
