"""Backward sweep of a two-armed Gaussian bandit's dynamic program, on piecewise polynomials.

By shift invariance a state is the pulls of the two arms and the difference x of their posterior means. With `a` the sum
of the remaining discounts, the value of pulling an arm is `a (loc1 + loc2) / 2 + G(x)`, where
`G1(x) = x / 2 + discount E[F(x + s1 Z)]`, `G2(x) = -x / 2 + discount E[F(x + s2 Z)]`, F = max(G1, G2) of the next state
and Z is standard normal. G1 and G2 are entire functions; F has a kink where they cross. Panels begin there, as wide as
the smaller s allows, and grow; G1 and G2 are stored at the Gauss-Legendre nodes of each panel. For large |x|, F is
a |x| / 2.
"""

import math

import numpy as np

from bayesopt.planning.compiled import compiled

REACH = 7.5
"""Standard deviations beyond which normal tails are omitted: one has probability 3e-14."""

FIRST_PANEL = 1.0
"""Width of the panels beside the kink, in units of the smaller s."""

GROWTH = 1.5
"""Width of a panel relative to the one before it."""

NEGLIGIBLE = 1e-12
"""Interpolation error below which panels are not refined, relative to the rewards at stake."""

WIDEST_PIECE = 2.0
"""Largest part of a normal density that one set of Gauss-Legendre nodes covers, in standard deviations."""


@compiled
def _interpolate(values, rule, x):
    """Evaluate at x the polynomial with these values at the nodes, in Lagrange's form, without divisions."""
    nodes, _, lagrange, products = rule
    below, above, total = 1.0, 1.0, 0.0
    for j in range(len(nodes)):
        products[j] = below
        below *= x - nodes[j]
    for j in range(len(nodes) - 1, -1, -1):
        total += values[j] * lagrange[j] * products[j] * above
        above *= x - nodes[j]
    return total


@compiled
def _expectation(state, tables, rule, annuity, x, deviation, widest):
    """Return E[F(x + deviation Z)] in this state; `annuity` is the sum of its remaining discounts."""
    edges, num_panels, kinks, values = tables
    nodes, weights = rule[0], rule[1]
    edges, num_panels, kink = edges[state], num_panels[state], kinks[state]
    total = 0.0
    for side in (-1.0, 1.0):
        z = side * (edges[num_panels if side > 0 else 0] - x) / deviation
        beyond = 0.5 * math.erfc(z * math.sqrt(0.5))
        total += annuity / 2 * (side * x * beyond + deviation * math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi))
    for panel in range(num_panels):
        left, right = edges[panel], edges[panel + 1]
        start, stop = max((left - x) / deviation, -REACH), min((right - x) / deviation, REACH)
        if start >= stop:
            continue
        here = values[state, 1 if panel < kink else 0, panel]
        half = (right - left) / 2
        is_narrow = 2 * half <= widest * deviation
        if is_narrow:
            start, stop = (left - x) / deviation, (right - x) / deviation
        num_pieces = 1 if is_narrow else math.ceil((stop - start) / widest)
        piece = (stop - start) / num_pieces / 2
        for i in range(num_pieces):
            part = 0.0
            for j in range(len(nodes)):
                z = start + piece * (2 * i + 1 + nodes[j])
                f = here[j] if is_narrow else _interpolate(here, rule, (x + deviation * z - left) / half - 1)
                part += weights[j] * f * math.exp(-0.5 * z * z)
            total += part * piece / math.sqrt(2 * math.pi)
    return total


@compiled
def _worth(arm, x, time, first_pulls, problem, tables, rule, widest):
    """Return G of this arm at difference x, with `first_pulls` of `time` pulls of the first arm."""
    discount, annuities, deviations = problem
    reward = x / 2 if arm == 0 else -x / 2
    remaining = len(annuities) - 1 - time
    if remaining == 1:
        return reward
    pulls = first_pulls if arm == 0 else time - first_pulls
    after = (time + 1) * (time + 2) // 2 + first_pulls + (1 if arm == 0 else 0)
    future = _expectation(after, tables, rule, annuities[remaining - 1], x, deviations[arm, pulls], widest)
    return reward + discount * future


@compiled
def _crossing(reach, time, first_pulls, problem, tables, rule):
    """Find where G1 - G2, negative at -reach and positive at reach, changes its sign, by the Illinois method."""
    low, high, at_low, at_high = -reach, reach, 0.0, 0.0
    x, last_side = math.inf, 0
    for step in range(100):
        last, x = x, low
        if step == 1:
            x = high
        elif step > 1:
            x = (low * at_high - high * at_low) / (at_high - at_low)
        gap = 0.0
        for arm in range(2):
            gap += (1 - 2 * arm) * _worth(arm, x, time, first_pulls, problem, tables, rule, WIDEST_PIECE)
        if step > 1 and (gap == 0 or abs(x - last) <= 1e-15 * reach):
            break
        if gap < 0:
            low, at_low = x, gap
            at_high /= 2 if last_side < 0 else 1
            last_side = -1 if step > 1 else 0
        else:
            high, at_high = x, gap
            at_low /= 2 if last_side > 0 else 1
            last_side = 1 if step > 1 else 0
    return x


@compiled
def _place_panels(state, reach, first, crossing, tables):
    """Place panels from -reach to reach that grow away from the crossing on both sides."""
    edges, num_panels, kinks, _ = tables
    total = 0
    for side in (-1, 1):
        distance = reach - side * crossing
        count = math.ceil(math.log1p(distance / first * (GROWTH - 1)) / math.log(GROWTH))
        width = distance * (GROWTH - 1) / (GROWTH**count - 1)
        for i in range(count):
            offset = width * (GROWTH ** (i + 1) - 1) / (GROWTH - 1)
            edges[state, count - 1 - i if side < 0 else total + i + 1] = crossing + side * offset
        total += count
        if side < 0:
            kinks[state] = count
            edges[state, count] = crossing
    num_panels[state] = total


@compiled
def _fill_panel(state, panel, time, first_pulls, problem, tables, rule):
    """Fill the values at the nodes; return the error of the interpolant at the panel's ends, where it is largest.

    The error is measured against quadrature with pieces half as wide.
    """
    edges, _, _, values = tables
    num_nodes = len(rule[0])
    left, half = edges[state, panel], (edges[state, panel + 1] - edges[state, panel]) / 2
    error = 0.0
    for arm in range(2):
        here = values[state, arm, panel]
        for j in range(num_nodes + 2):
            is_node = j < num_nodes
            z = rule[0][j] if is_node else 2.0 * (j - num_nodes) - 1
            widest = WIDEST_PIECE if is_node else WIDEST_PIECE / 2
            worth = _worth(arm, left + half * (1 + z), time, first_pulls, problem, tables, rule, widest)
            if is_node:
                here[j] = worth
            else:
                error = max(error, abs(_interpolate(here, rule, z) - worth))
    return error


@compiled
def solve(problem, reaches, tables, rule, errors):
    """Fill the tables from the last time to the first, and `errors` with a bound on the error of each state's G.

    Panels are halved, while there is room, until their error is negligible. The bound is twice the largest remaining
    error, plus the discounted bound of the worse successor.
    """
    edges, num_panels, kinks, _ = tables
    discount, annuities, deviations = problem
    horizon = len(annuities) - 1
    for time in range(horizon - 1, -1, -1):
        for n in range(time + 1):
            state = time * (time + 1) // 2 + n
            first = FIRST_PANEL * min(deviations[0, n], deviations[1, time - n])
            crossing = _crossing(reaches[state], time, n, problem, tables, rule)
            _place_panels(state, reaches[state], first, crossing, tables)
            negligible = NEGLIGIBLE * annuities[horizon - time] * reaches[state]
            panel = 0
            while panel < num_panels[state]:
                error = _fill_panel(state, panel, time, n, problem, tables, rule)
                left, right = edges[state, panel], edges[state, panel + 1]
                if error > negligible and right - left > first / 4 and num_panels[state] + 1 < edges.shape[1]:
                    num_panels[state] += 1
                    for edge in range(num_panels[state], panel + 1, -1):
                        edges[state, edge] = edges[state, edge - 1]
                    edges[state, panel + 1] = (left + right) / 2
                    kinks[state] += 1 if panel < kinks[state] else 0
                else:
                    errors[state] = max(errors[state], 2 * error)
                    panel += 1
            if time < horizon - 1:
                after = (time + 1) * (time + 2) // 2 + n
                errors[state] += discount * max(errors[after], errors[after + 1])


@compiled
def read(differences, times, first_pulls, problem, tables, rule, result):
    """Fill `result` (belief, arm) with G1 and G2."""
    edges, num_panels, _, values = tables
    discount, annuities, _ = problem
    horizon = len(annuities) - 1
    for belief in range(len(differences)):
        x, time = differences[belief], times[belief]
        state = time * (time + 1) // 2 + first_pulls[belief]
        panel = np.searchsorted(edges[state, : num_panels[state] + 1], x, side="right") - 1
        if 0 <= panel < num_panels[state]:
            left, right = edges[state, panel], edges[state, panel + 1]
            for arm in range(2):
                result[belief, arm] = _interpolate(values[state, arm, panel], rule, 2 * (x - left) / (right - left) - 1)
        else:
            best, other = annuities[horizon - time] / 2, discount * annuities[horizon - time - 1] / 2 - 0.5
            result[belief, 0] = x * (best if x > 0 else -other)
            result[belief, 1] = x * (other if x > 0 else -best)
