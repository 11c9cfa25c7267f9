"""Sweeps of the stopping problem of a known and an unknown Gaussian arm, on piecewise polynomials.

After k pulls the state is the posterior mean x. Another pull has the value `Q_k(x) = x + discount E[F_{k+1}(x + s Z)]`,
with F = max(Q, 0) and Z standard normal. F_k is 0 below the threshold b_k, where Q_k changes its sign. Above it, F_k is
an entire function that tends to a multiple of x. Panels begin at b_k, as wide as s allows, and grow; F_k is stored at
the Gauss-Legendre nodes of each panel. The probability that a walk of posterior means, now at x, was never below its
threshold has the same shape as a function of x, so it is stored in the same way.
"""

import math

import numpy as np

from bayesopt.planning.compiled import compiled


@compiled
def _interpolate(values, rule, x):
    """Evaluate at x the polynomial with these values at the nodes, in Lagrange's form, without divisions."""
    nodes, lagrange, products = rule.nodes, rule.lagrange, rule.products
    below, above, total = 1.0, 1.0, 0.0
    for j in range(len(nodes)):
        products[j] = below
        below *= x - nodes[j]
    for j in range(len(nodes) - 1, -1, -1):
        total += values[j] * lagrange[j] * products[j] * above
        above *= x - nodes[j]
    return total


@compiled
def _expectation(state, tables, x, deviation, rule, widest):
    """Return E[f(x + deviation Z)] for the function f of this state."""
    edges, last = tables.edges[state], tables.num_panels[state]
    level, slope = tables.levels[state], tables.slopes[state]
    if deviation == 0:  # nothing is learned, so there are no panels
        return level + slope * x if x > edges[last] else 0.0
    if x + rule.reach * deviation < edges[0]:
        return 0.0
    z = (edges[last] - x) / deviation
    beyond = 0.5 * math.erfc(z * math.sqrt(0.5))
    total = (level + slope * x) * beyond + slope * deviation * math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    for panel in range(last):
        left, right = edges[panel], edges[panel + 1]
        low, high = (left - x) / deviation, (right - x) / deviation
        start, stop = max(low, -rule.reach), min(high, rule.reach)
        if start >= stop:
            continue
        here = tables.values[state, panel]
        half = (high - low) / 2
        is_narrow = 2 * half <= widest
        if is_narrow:
            start, stop = low, high
        num_pieces = 1 if is_narrow else math.ceil((stop - start) / widest)
        piece = (stop - start) / num_pieces / 2
        for i in range(num_pieces):
            part = 0.0
            for j in range(len(rule.nodes)):
                z = start + piece * (2 * i + 1 + rule.nodes[j])
                f = here[j] if is_narrow else _interpolate(here, rule, (z - low) / half - 1)
                part += rule.weights[j] * f * math.exp(-0.5 * z * z)
            total += part * piece / math.sqrt(2 * math.pi)
    return total


@compiled
def _deviation(pulls, arm):
    """Return the standard deviation of the change of the posterior mean by the next reward."""
    count = arm.prior_pulls + pulls
    return arm.reward_scale / math.sqrt(count) / math.sqrt(count + 1) if count < np.inf else 0.0


@compiled
def _learnable(pulls, more, arm):
    """Return the standard deviation of the change of the posterior mean by `more` rewards."""
    count = arm.prior_pulls + pulls
    return arm.reward_scale * math.sqrt(more / count) / math.sqrt(count + more) if count < np.inf else 0.0


@compiled
def _worth(pulls, x, arm, tables, rule, widest):
    """Return Q of one more pull at posterior mean x."""
    if pulls == arm.lifetime - 1:
        return x
    return x + arm.discount * _expectation(pulls + 1, tables, x, _deviation(pulls, arm), rule, widest)


@compiled
def _threshold(pulls, above, arm, tables, rule):
    """Find where Q changes its sign, at or below the next threshold `above`, by the Illinois method."""
    high, at_high = above, _worth(pulls, above, arm, tables, rule, rule.widest)
    if at_high <= 0:
        return high
    step = _deviation(pulls, arm)
    low, at_low = high, at_high
    while at_low >= 0:
        high, at_high = low, at_low
        low -= step
        at_low = _worth(pulls, low, arm, tables, rule, rule.widest)
        step *= 2
    last_side, x = 0, low
    for _ in range(100):
        last, x = x, (low * at_high - high * at_low) / (at_high - at_low)
        value = _worth(pulls, x, arm, tables, rule, rule.widest)
        if value == 0 or abs(x - last) <= rule.tolerance * (high - low + abs(x)):
            break
        if value < 0:
            low, at_low = x, value
            at_high /= 2 if last_side < 0 else 1
            last_side = -1
        else:
            high, at_high = x, value
            at_low /= 2 if last_side > 0 else 1
            last_side = 1
    return x


@compiled
def _place_panels(state, left, right, first, tables, rule):
    """Place growing panels from left to right, the first at most `first` wide; none if left >= right."""
    tables.edges[state, 0] = left
    tables.num_panels[state] = 0
    if right <= left:
        return
    count = max(1, math.ceil(math.log1p((right - left) / first * (rule.growth - 1)) / math.log(rule.growth)))
    width = (right - left) * (rule.growth - 1) / (rule.growth**count - 1)
    for i in range(1, count):
        tables.edges[state, i] = left + width * (rule.growth**i - 1) / (rule.growth - 1)
    tables.edges[state, count] = right
    tables.num_panels[state] = count


@compiled
def solve(arm, tables, rule, thresholds):
    """Fill the tables of F and the thresholds from the last pull to the first; return a bound on the error of Q_0.

    Interpolants are compared at the ends of their panels, where they are worst, with quadrature in pieces half as
    wide. The bound is the sum over tables of twice the largest difference, with an allowance for the omitted tails.
    """
    bound, annuity = 0.0, 1.0
    negligible = 1e-15 + math.erfc(rule.reach * math.sqrt(0.5))
    for pulls in range(arm.lifetime - 1, -1, -1):
        above = thresholds[pulls + 1] if pulls < arm.lifetime - 1 else 0.0
        left = _threshold(pulls, above, arm, tables, rule)
        thresholds[pulls] = left
        if pulls == 0:
            break
        reach = rule.reach * _learnable(pulls, arm.lifetime - 1 - pulls, arm)
        _place_panels(pulls, left, reach, rule.first * _deviation(pulls, arm), tables, rule)
        tables.slopes[pulls], tables.levels[pulls] = annuity, 0.0
        error = negligible * annuity * (reach - left)
        for panel in range(tables.num_panels[pulls]):
            start, half = tables.edges[pulls, panel], (tables.edges[pulls, panel + 1] - tables.edges[pulls, panel]) / 2
            here = tables.values[pulls, panel]
            for j in range(len(rule.nodes)):
                here[j] = _worth(pulls, start + half * (1 + rule.nodes[j]), arm, tables, rule, rule.widest)
            for z in (-1.0, 1.0):
                worth = _worth(pulls, start + half * (1 + z), arm, tables, rule, rule.widest / 2)
                error = max(error, abs(_interpolate(here, rule, z) - worth))
                if z > 0 and panel == tables.num_panels[pulls] - 1:
                    error = max(error, abs(annuity * reach - worth))
        bound = arm.discount * (bound + 2 * error)
        annuity = 1 + arm.discount * annuity
    return bound


@compiled
def _tabulated(state, x, tables, rule):
    """Evaluate the function of this state at x, which must not be below its first edge."""
    edges, last = tables.edges[state], tables.num_panels[state]
    if x >= edges[last]:
        return tables.levels[state] + tables.slopes[state] * x
    panel = np.searchsorted(edges[: last + 1], x, side="right") - 1
    return _interpolate(
        tables.values[state, panel], rule, 2 * (x - edges[panel]) / (edges[panel + 1] - edges[panel]) - 1
    )


@compiled
def read(pulls, x, arm, tables, rule, result):
    """Fill `result` with Q at these pulls and posterior means: from its table above the threshold, else by one step."""
    for i in range(len(x)):
        if pulls[i] > 0 and x[i] >= tables.edges[pulls[i], 0]:
            result[i] = _tabulated(pulls[i], x[i], tables, rule)
        else:
            result[i] = _worth(pulls[i], x[i], arm, tables, rule, rule.widest)


@compiled
def _pull_back(pulls, arm):
    """Return the expected distance of the previous posterior mean from the prior mean, relative to the present one."""
    before = arm.prior_pulls + pulls - 1
    return (pulls - 1) / pulls * (before + 1) / before


@compiled
def _backward_deviation(pulls, arm):
    """Return the standard deviation of the posterior mean one pull earlier, given the present one."""
    return _deviation(pulls - 1, arm) * math.sqrt(_pull_back(pulls, arm))


@compiled
def survival_tops(arm, thresholds, rule, tops):
    """Fill `tops` with posterior means above which, almost surely, no earlier one was below its threshold.

    Return the largest distance from a threshold to its top, in standard deviations of the last step.
    """
    longest = 1.0
    for pulls in range(2, arm.lifetime):
        share, top = pulls / (arm.prior_pulls + pulls), -np.inf
        for earlier in range(1, pulls):
            above = (thresholds[earlier] - arm.prior_loc) * (arm.prior_pulls + earlier) / earlier
            above += rule.reach * arm.reward_scale * math.sqrt(1 / earlier - 1 / pulls)
            top = max(top, arm.prior_loc + share * above)
        tops[pulls] = top
        longest = max(longest, (top - thresholds[pulls]) / _backward_deviation(pulls, arm))
    return longest


@compiled
def survive(arm, tables, rule, thresholds, tops):
    """Fill the tables of the probability, given the posterior mean, that no earlier one was below its threshold.

    Given its present position, the walk is a bridge: its law is the same for every true mean of the arm, and therefore
    also under the prior.
    """
    for pulls in range(1, arm.lifetime):
        tables.slopes[pulls], tables.levels[pulls] = 0.0, 1.0
        if pulls == 1:
            _place_panels(pulls, thresholds[1], thresholds[1], 1.0, tables, rule)
            continue
        deviation, pull_back = _backward_deviation(pulls, arm), _pull_back(pulls, arm)
        _place_panels(pulls, thresholds[pulls], tops[pulls], rule.first * deviation, tables, rule)
        for panel in range(tables.num_panels[pulls]):
            start, half = tables.edges[pulls, panel], (tables.edges[pulls, panel + 1] - tables.edges[pulls, panel]) / 2
            for j in range(len(rule.nodes)):
                x = start + half * (1 + rule.nodes[j])
                earlier = arm.prior_loc + pull_back * (x - arm.prior_loc)
                tables.values[pulls, panel, j] = _expectation(pulls - 1, tables, earlier, deviation, rule, rule.widest)


@compiled
def read_survival(means, deviations, tables, rule, result):
    """Fill `result` with the probability, after each pull, that a walk is above the present and earlier thresholds.

    `means` and `deviations` define the normal law of the walk after each number of pulls.
    """
    for pulls in range(1, len(means)):
        result[pulls] = _expectation(pulls, tables, means[pulls], deviations[pulls], rule, rule.widest)
