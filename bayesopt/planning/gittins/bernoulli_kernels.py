"""Compiled kernels of the Gittins indices of Bernoulli arms: a banded sweep that gives a lower and an upper bound.

An arm that may be left for a known reward `l` is an American put on the posterior mean p. With
`Y = (value of the best rule that may leave for l) - (value of never leaving)`, rewards scaled by 1 - discount,

    Y(c1, c0) = max(l - p, discount (p Y(c1 + 1, c0) + (1 - p) Y(c1, c0 + 1))),   p = c1 / (c1 + c0) = c1 / n,

which is `sup E discount^T (l - p_T)` over stopping times T. Y decreases in p and is 0 where leaving never pays. The
index is the l at which both arguments of max are equal. The gap between them, D(l) = continuation - (l - p), is convex
in l with slope -(1 - P), P = E discount^T. It is above 0 if and only if l is below the index.

Lower bound. Any stopping rule bounds Y from below; the sweep begins with stopping at depth N if l > p, and else never.
Its tangent does so too: the rule found at l, held fixed, gives a line below D. The root of this line is at or below the
index for every l.

Upper bound. Any Z with Z >= l - p and Z >= discount E Z' bounds Y from above. Two are used where the sweep begins:

* `E (l - theta)^+`, perfect information, is at most `exp(-n kl(p, l)) l (1 - l) / (n (p - l))` where p > l (Chernoff's
  bound of P(theta <= x) by gamma variables, integrated over x < l with kl convex in x).
* The perpetual put `Z = exp(h (l - p) - 1) / h` where p > p* = l - 1 / h, and l - p below (a tangent, so Z is convex).
  A pull moves p by a centred Bernoulli(p) variable over n + 1 or more. `discount E Z' <= Z` above p* if the logarithm
  of E exp(-h (p' - p)) is at most r = -log(discount). With h = eta (n + 1), this holds by Hoeffding's lemma for
  eta = sqrt(8 r). By Bernstein's lemma it also holds if v eta^2 / (2 (1 - eta / 3)) is at most r, where v bounds
  p (1 - p) over p >= p* - 1 / (n + 1) > 1 / 2. Below p*, Z' exceeds l - p' only after a success, by at most
  h ((1 - p) / (n + 1))^2 / 2, with probability p, while waiting costs (1 - discount) / h or more. It is sufficient that
  eta^2 p (1 - p)^2 / 2 <= 1 / discount - 1, which exceeds r. For Hoeffding's eta the left side is at most
  8 r (4 / 27) / 2, for Bernstein's r (1 - p).

The band. If all states up to some number of successes stop, all but the last stop one trial earlier. Above the band the
lower bound of Y is 0, and the upper bound is the smaller of the two above. Below its top edge rows are computed in
blocks. The values at the edge are computed for the last row of the block; they hold for the other rows, which have
fewer failures.

Rounding (u = 2^-53, no fused operations). The error of p is at most 5 u, that of discount^t 9 u (one power in eight
rows, products in between). The error of a payoff is at most 17 u discount^t, once per path. The error of a continuation
is at most 8 u times the largest discount^t Y of the row's band; maxima and averages do not increase errors. The error
of D is therefore at most 25 u, its own last step included, plus 8 u times the sum of those largest values over the
rows; `sweep` bounds them by the value at the bottom of the band in the last row of a block, scaled to its first row.
The error of P is below 32 u / (1 - discount). Upper bounds are enlarged by more than their own rounding error
when they are set.
"""

import math

import numpy as np

from bayesopt.planning.compiled import compiled

ROWS = 8
"""Number of rows in a block, which share the band, and of cells in a vector."""

PAD = 16
"""Number of cells before the cell of zero successes: the band is widened downwards to a multiple of ROWS."""

ROUNDING = 2.0**-53


@compiled
def exponent(worth, total, rate):
    """Return the largest h with which the perpetual put is an upper bound at this total concentration and beyond."""
    eta = math.sqrt(8 * rate)
    lowest = worth - 1 / (eta * (total + 1)) - 1 / (total + 1)
    if lowest > 0.5:
        variance, third = lowest * (1 - lowest), rate / 3
        eta = max(eta, (math.sqrt(third * third + 2 * variance * rate) - third) / variance)
    return (1 - 1e-12) * eta * (total + 1)


@compiled
def top_of_band(concentration1, total, worth, log_precision, h):
    """Return the number of successes beyond which Y is below about exp(-log_precision) times its boundary value."""
    drop = max(1.0, log_precision)
    skew = (1 - 2 * worth) * drop / (3 * total)
    distance = min(skew + math.sqrt(skew * skew + 2 * worth * (1 - worth) * drop / total), drop / h)
    return int(max(2.0, min(2.0**40, math.ceil((worth + distance) * total - concentration1) + 1)))


@compiled
def put_above_band(mean, total, worth, h):
    """Return an upper bound of Y where the mean is above the worth."""
    bound = math.exp(h * (worth - mean) - 1) / h
    if mean > worth:
        kl = mean * math.log(mean / worth) + (1 - mean) * math.log((1 - mean) / (1 - worth))
        bound = min(bound, math.exp(-total * kl) * worth * (1 - worth) / (total * (mean - worth)))
    return bound * (1 + 1e-12 + 1e-14 * (total + h))


@compiled
def fill_last_row(cells, total, worth, power, h, low, high):
    """Fill bounds of discount^N Y, and the slope of the lower one, where the sweep begins; up to `low` all stop."""
    inverse = 1 / total
    enlarged = power * (1 + 1e-12 + 1e-14 * h) / h
    for i in range(PAD + low, PAD + high + 1):
        payoff = power * worth - power * (cells[0, i] * inverse)
        exponent_of_put = h * (worth - cells[0, i] * inverse) - 1
        cells[1, i] = max(0.0, payoff)
        cells[2, i] = power if payoff > 0 else 0.0
        cells[3, i] = payoff if exponent_of_put >= 0 else enlarged * math.exp(exponent_of_put)


@compiled
def record(brackets, row, boundary, cells, root_total, discount, worth, rounding):
    """Narrow the brackets of the last state of a row that stops, and of the first that does not; return the latter.

    The four layers of `brackets` are the lower bound, the upper bound, the largest worth so far below the root of the
    upper D, and that D. `cells` holds the next row.
    """
    inverse = 1 / (root_total + row)
    power = cells[4, row]
    while boundary <= row and upper_gap(cells, boundary, inverse, worth, power) + rounding <= 0:
        boundary += 1
    while boundary > 0 and upper_gap(cells, boundary - 1, inverse, worth, power) + rounding > 0:
        boundary -= 1
    for s in range(max(boundary - 1, 0), min(boundary, row) + 1):
        i = PAD + s
        mean = cells[0, i] * inverse
        lower = (cells[1, i] + mean * (cells[1, i + 1] - cells[1, i])) / power - (worth - mean) - rounding
        slope = (cells[2, i] + mean * (cells[2, i + 1] - cells[2, i])) / power
        upper = upper_gap(cells, s, inverse, worth, power) + rounding
        brackets[0, row, s] = max(brackets[0, row, s], lower_root(worth, lower, slope, discount))
        start, height = brackets[2, row, s], brackets[3, row, s]
        if upper <= 0:  # a chord lies above a convex function
            root = start + (worth - start) * (height / (height - upper)) if height > 0 else worth
            brackets[1, row, s] = min(brackets[1, row, s], root)
        elif worth > start:
            brackets[2, row, s], brackets[3, row, s] = worth, upper
    return boundary


@compiled
def upper_gap(cells, s, inverse, worth, power):
    """Return D of the upper bound in a row, from the row after it."""
    mean, i = cells[0, PAD + s] * inverse, PAD + s
    return (cells[3, i] + mean * (cells[3, i + 1] - cells[3, i])) / power - (worth - mean)


@compiled
def lower_root(worth, lower, slope, discount):
    """Return a point at or below the index: the root of a line below D (`lower` already allows for rounding)."""
    slack = 32 * ROUNDING / (1 - discount) ** 2
    return worth + lower / ((1 - slope) * (1 + slack if lower >= 0 else 1 - slack))


@compiled
def go_back(numbers, lowers, slopes, uppers, powers, start, width, root_total, first, last, worth):
    """Overwrite a part of row `last` by that of the row before, and so on down to row `first`."""
    for row in range(last - 1, first - 1, -1):
        inverse = 1 / (root_total + row)
        power = powers[row]
        payoff_at_zero = power * worth
        for j in range(width):
            i, above = np.uint64(start + j), np.uint64(start + j + 1)
            mean = numbers[i] * inverse
            payoff = payoff_at_zero - power * mean
            lower, slope, upper = lowers[i], slopes[i], uppers[i]
            go_on = lower + mean * (lowers[above] - lower)
            slope = slope + mean * (slopes[above] - slope)
            upper = upper + mean * (uppers[above] - upper)
            lowers[i] = payoff if payoff > go_on else go_on
            slopes[i] = power if payoff > go_on else slope
            uppers[i] = payoff if payoff > upper else upper


@compiled
def make_cells(concentration1, discount, depth):
    """Return space for sweeps from this depth, with the two constant layers filled (see `sweep`)."""
    cells = np.empty((5, depth + 1 + PAD))
    for i in range(depth + 1 + PAD):
        cells[0, i] = concentration1 + (i - PAD)
        cells[4, i] = math.pow(discount, float(i)) if i % ROWS == 0 else cells[4, i - 1] * discount
    return cells


@compiled
def sweep(cells, brackets, num_recorded, concentration1, concentration0, discount, worth, depth, precision):
    """Sweep from row `depth` back to the state itself, row 0; `depth - 1` is a multiple of ROWS.

    Return D of the lower bound, its P, D of the upper bound, and a bound on the rounding error of either D. The layers
    of `cells` are concentration1 + successes, the lower bound of discount^row Y, its derivative by the worth, the upper
    bound of discount^row Y, and discount^row. States near the boundary in the first `num_recorded` rows are recorded in
    `brackets`. Above the band discount^row Y is about `precision` or less.
    """
    numbers, lowers, slopes, uppers, powers = cells[0], cells[1], cells[2], cells[3], cells[4]
    rate = -math.log(discount) * (1 - 1e-13)
    root_total = concentration1 + concentration0
    total, power = root_total + depth, powers[depth]
    h = exponent(worth, total, rate)
    high = min(top_of_band(concentration1, total, worth, math.log(power / (precision * h) + 1), h), depth)
    low = min(max(int((worth - 1 / h) * total - concentration1) - 1, 0), high)
    fill_last_row(cells, total, worth, power, h, low, high)
    spent = 0.0
    for last in range(depth, 1, -ROWS):
        first = last - ROWS
        total, power = root_total + last, powers[last]
        inverse = 1 / total
        while low < high and uppers[PAD + low] <= power * worth - power * (numbers[PAD + low] * inverse):
            low += 1
        h = exponent(worth, total, rate)
        log_precision = math.log(powers[first] / (precision * h) + 1)
        top = min(top_of_band(concentration1, total, worth, log_precision, h), last)
        for i in range(PAD + high + 1, PAD + top + 1):
            lowers[i], slopes[i] = 0.0, 0.0
            uppers[i] = power * put_above_band(numbers[i] * inverse, total, worth, h)
        high = top
        if high < last:
            lowers[PAD + high], slopes[PAD + high] = 0.0, 0.0
            uppers[PAD + high] = powers[first] * put_above_band(numbers[PAD + high] * inverse, total, worth, h)
        lowest = max(low - ROWS - 1, 0) if first > 1 else 0
        width = (high - lowest + ROWS - 1) // ROWS * ROWS
        start = high - width + PAD
        for i in range(start, low + PAD):
            stopped = power * worth - power * (numbers[i] * inverse)
            lowers[i], slopes[i], uppers[i] = stopped, power, stopped
        spent += ROWS * (powers[first] / power) * uppers[PAD + lowest]
        if first >= num_recorded:
            go_back(numbers, lowers, slopes, uppers, powers, start, width, root_total, first, last, worth)
        else:
            boundary = low
            for row in range(last - 1, first - 1, -1):
                if row < num_recorded:
                    rounding = ROUNDING * (25 + 8 * spent / powers[row])
                    boundary = record(brackets, row, boundary, cells, root_total, discount, worth, rounding)
                go_back(numbers, lowers, slopes, uppers, powers, start, width, root_total, row, row + 1, worth)
        low = lowest
    if num_recorded > 0:
        record(brackets, 0, 0, cells, root_total, discount, worth, ROUNDING * (25 + 8 * spent))
    mean = concentration1 / root_total
    gain = worth - mean
    lower = lowers[PAD] + mean * (lowers[PAD + 1] - lowers[PAD]) - gain
    slope = slopes[PAD] + mean * (slopes[PAD + 1] - slopes[PAD])
    upper = uppers[PAD] + mean * (uppers[PAD + 1] - uppers[PAD]) - gain
    return lower, slope, upper, ROUNDING * (25 + 8 * spent)


@compiled
def index_bracket(concentration1, concentration0, discount, tolerance, lowest, highest, worth, depth):
    """Return bounds of the index, at most twice the tolerance apart, from known bounds, a guess and a first depth.

    Also return the smallest tolerance that rounding allows, and the last depth. If the former exceeds the tolerance,
    the bounds may be further apart.
    """
    rate = -math.log(discount)
    size, least, is_hopeless = 0, 0.0, False
    brackets, cells = np.empty((4, 0, 0)), np.empty((5, 1))
    # At worth 0 stopping never pays: D is the mean and its slope -1.
    last_gap, last_waiting = concentration1 / (concentration1 + concentration0), 1.0
    share, precision = 0.02, 0.02 * tolerance * math.sqrt(rate)
    while highest - lowest > 2 * tolerance and not is_hopeless and rate * depth < 600:
        if depth > size:
            size = depth
            cells = make_cells(concentration1, discount, depth)
        lower, slope, upper, rounding = sweep(
            cells, brackets, 0, concentration1, concentration0, discount, worth, depth, precision
        )
        waiting = 1 - slope
        least = 2 * rounding / waiting
        width = highest - lowest
        lowest = max(lowest, lower_root(worth, lower - rounding, slope, discount))
        if upper + rounding <= 0:
            highest = min(highest, worth)
        # Newton's step, for a slope that keeps changing with the gap as it did since the last worth.
        gap, step = 0.5 * (lower + upper), 0.5 * (lower + upper) / waiting
        change = max(0.0, (last_waiting - waiting) / (last_gap - gap)) * step if last_gap != gap else 0.0
        change = min(max(change, -0.5), 0.7)
        if abs(change) > 1e-6:
            step *= -math.log1p(-change) / change
        last_gap, last_waiting = gap, waiting
        is_hopeless = least > tolerance and abs(step) < 4 * least
        # Uncertainty of the root between the bounds of D, and distance above the middle to prove an upper bound.
        spread, margin = (upper - lower) / waiting, 0.6 * tolerance
        if spread > tolerance:
            if abs(step) * change * change < 0.3 * spread or highest - lowest == width:
                more = int(0.8 * math.log(spread / tolerance) / (rate * ROWS))
                depth += ROWS * (1 + min(more, 3 * depth // ROWS))
        else:
            margin = 0.55 * spread + 0.2 * tolerance + 1.1 * rounding / waiting
            if highest - lowest == width:
                depth += ROWS * (1 + depth // (4 * ROWS))
        if highest - lowest == width:
            share *= 0.1
        precision = share * tolerance * waiting
        worth = min(max(worth + step + margin, lowest), highest)
    return lowest, highest, least, depth


@compiled
def narrow_brackets(brackets, cells, discount, precision, worths):
    """Narrow `brackets` of all Beta(1 + s, 1 + row - s) by sweeps with these worths."""
    for worth in worths:
        depth = cells.shape[1] - 1 - PAD
        sweep(cells, brackets, brackets.shape[1], 1.0, 1.0, discount, worth, depth, precision)
