"""Two backward sweeps of the stopping problem for the Gittins index of an exponential arm: an upper and a lower bound.

Notation. The event rate has a Gamma(a, s) belief, the mean reward is `m = s / (a - 1)`, retiring pays 1 per pull, the
discount is `g`. The value of an arm is `m + V`, where `V_a(s) = max(1 - m, d_a(s))`. One reward multiplies `s` by
`exp(E / a)`, with E a standard exponential variable, so

    d_a(s) / g  =  integral over v > s of  a s^a v^(-a - 1) V_{a+1}(v).

`V` is convex and decreasing in s. On a geometric grid, where neighbours have ratio `exp(h)`, the part of the integral
between neighbours has the same weights everywhere, so one pass from the top down gives `d` on the whole grid. For the
upper bound, `V_{a+1}` is replaced by its chords. For the lower bound, the mass between neighbours is moved to its mean
(Jensen); these means are the grid of level a + 1, which is the grid of level a times a constant.

Arms are retired up to `b_a`, the root of `d_a(s) = 1 - m`; the index of a Gamma(a, 1) belief is `1 / b_a`. For s up to
`b_{a+1}`, and any reference point u up to there, `d_a(s) = g (1 - m) + K (s / u)^a` exactly.
"""

import math

import numpy as np

from bayesopt.planning.compiled import compiled

ROUNDING = 2e-15
"""Rounding error of one step of a pass; errors decay within 1 / (a h) steps."""


@compiled
def lower_boundaries(start, num_levels, discount, spacing, largest_tail):
    """Return proved lower bounds of the boundaries at `start`, ..., `start + num_levels`, from upper bounds of values.

    Beyond the last level `V <= c m^-theta`, with theta such that `g^t m_t^-theta` is a supermartingale from there on.
    """
    bounds = np.empty(num_levels + 1)
    base = lowest_boundary(start, discount)
    last = start + num_levels
    size = num_cells(last, discount, spacing, largest_tail, base)
    grid = base * np.exp(spacing * np.arange(size + 1))
    tail = _tail(last, discount, grid[size])
    theta, constant = _power_bound(last, discount)
    values = constant * (grid / (last - 1)) ** -theta
    bounds[num_levels] = (last - 1) * theta / (1 + theta)
    first, error = math.ceil(math.log(bounds[num_levels] / base) / spacing), 0.0
    for level in range(num_levels - 1, -1, -1):
        a = start + level
        decay, mass = math.exp(-a * spacing), -math.expm1(-a * spacing)
        mean = -a / (a - 1) * math.expm1(-(a - 1) * spacing)
        far = discount * (mean - mass) / math.expm1(spacing)
        near = discount * mass - far
        error = discount * error + ROUNDING * (1 + 1 / (a * spacing))
        anchor = max(0, min(size - 1, math.floor(math.log(bounds[level + 1] / base) / spacing) - 1))
        current, at_anchor = discount * tail, 0.0
        right = max(values[size], 1 - grid[size] / a)
        values[size] = current
        i = size - 1
        while i >= 0:
            left = values[i] if i >= first else 1 - grid[i] / a
            current = decay * current + near * left + far * right
            retired = 1 - grid[i] / (a - 1)
            if i == anchor:
                at_anchor = current
            if i <= anchor and current <= retired:
                break
            values[i] = max(current, retired)
            right = left
            i -= 1
        first = i + 1
        root = _boundary(at_anchor + error, grid[anchor], a, discount)
        bounds[level] = max(base, grid[anchor] if math.isnan(root) else root)
        size = min(size, max(num_cells(a, discount, spacing, largest_tail, base), first + 1))
        tail = _tail(a, discount, grid[size])
    return bounds


@compiled
def upper_boundaries(start, num_levels, discount, spacing, largest_tail, lower):
    """Return proved upper bounds of the boundaries at `start`, ..., `start + num_levels - 1`, from a policy's values.

    From level `start + num_levels` on, the arm is kept or retired for good. `lower` is the result of
    `lower_boundaries`.
    """
    bounds = np.empty(num_levels)
    base = lowest_boundary(start, discount)
    last = start + num_levels
    size = max(2, math.ceil(math.log((last - 1) / base) / spacing))
    powers = np.exp(spacing * np.arange(size + 1))
    values = np.maximum(0.0, 1 - base / (last - 1) * powers)
    first, error = 0, 0.0
    for level in range(num_levels - 1, -1, -1):
        a = start + level
        decay, mass = math.exp(-a * spacing), -math.expm1(-a * spacing)
        mean = -a / (a - 1) * math.expm1(-(a - 1) * spacing)
        later_base, base = base, base * mass / mean
        error = discount * error + ROUNDING * (1 + 1 / (a * spacing))
        anchor = max(0, min(size - 1, math.floor(math.log(lower[level + 1] / base) / spacing) - 1))
        current, at_anchor, continued = 0.0, 0.0, -1
        i = size
        while i >= 0:
            value = values[i] if i >= first else 1 - later_base / a * powers[i]
            current = decay * current + discount * mass * value
            retired = 1 - base / (a - 1) * powers[i]
            if i == anchor:
                at_anchor = current
            if current - error > retired:
                continued = i
            elif i <= anchor:
                break
            values[i] = max(current, retired)
            i -= 1
        first = i + 1
        root = _boundary(at_anchor - error, base * powers[anchor], a, discount)
        bounds[level] = min(a - 1, root)
        if math.isnan(root):
            bounds[level] = min(a - 1, base * powers[continued]) if continued >= 0 else a - 1
        size = min(size, max(num_cells(a, discount, spacing, largest_tail, base), first + 1))
    return bounds


@compiled
def _boundary(value, anchor, a, discount):
    """Return the root of `d = 1 - m` if `d` is `value` at `anchor`, where the arm is retired after one more pull.

    It solves `(1 - g) (1 - m) = K (s / anchor)^a` by Newton's method in log s. It is nan if the root would be beyond
    `anchor`.
    """
    retire = 1 / (a - 1)
    excess = value - discount * (1 - anchor * retire)
    if not excess >= (1 - discount) * (1 - anchor * retire):
        return math.nan
    x = math.log(anchor)
    for _ in range(100):
        s = math.exp(x)
        growth = excess * math.exp(a * (x - math.log(anchor)))
        gap, slope = growth - (1 - discount) * (1 - s * retire), a * growth + (1 - discount) * s * retire
        x -= gap / slope
        if abs(gap) <= 1e-15 * slope:
            break
    return math.exp(x)


@compiled
def _power_bound(a, discount):
    """Return the theta of the supermartingale, and the smallest c with `c m^-theta >= 1 - m` everywhere."""
    low, high = 0.0, 1.0
    while math.log(discount) - high * math.log1p(-1 / a) - math.log1p(high / a) < 0:
        low, high = high, 2 * high
    for _ in range(60):
        theta = (low + high) / 2
        if math.log(discount) - theta * math.log1p(-1 / a) - math.log1p(theta / a) < 0:
            low = theta
        else:
            high = theta
    return low, math.exp(low * math.log(low) - (1 + low) * math.log1p(low))


@compiled
def lowest_boundary(a, discount):
    """Return a closed-form lower bound of the boundary: where the supermartingale's bound of `V` touches `1 - m`."""
    theta, _ = _power_bound(a, discount)
    return (a - 1) * theta / (1 + theta)


@compiled
def _tail(a, discount, s):
    """Return a bound of `V_a` at s and beyond, from the supermartingale or Chernoff's bound of P(rate > 1)."""
    theta, constant = _power_bound(a, discount)
    tail = min(1.0, constant * (s / (a - 1)) ** -theta)
    return min(tail, math.exp(a - s + a * math.log(s / a))) if s > a else tail


@compiled
def num_cells(a, discount, spacing, largest_tail, base):
    """Return the number of grid cells from `base` up to where `V_a` is about `largest_tail`."""
    theta, constant = _power_bound(a, discount)
    power = (a - 1) * (constant / largest_tail) ** (1 / theta)
    need = -math.log(largest_tail)
    chernoff = a + math.sqrt(2 * a * need) + need
    return max(2, math.ceil(math.log(min(power, chernoff) / base) / spacing))
