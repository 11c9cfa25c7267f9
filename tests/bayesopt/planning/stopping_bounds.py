"""Bounds of the value of the first pull that are proved, not integrated numerically."""

import numpy as np
from scipy import special


def proved_bounds(lifetime, *, prior_scale, reward_scale, prior_loc=-1.0, discount=1.0, num_nodes=350):
    """Values of the first pull that are certainly not above, and not below, the true one; no quadrature.

    The worth of a state is convex in the posterior mean: the chords of an upper bound are an upper bound and the
    tangents of a lower bound a lower one. Both are piecewise linear, and so integrated exactly.
    """
    count = (reward_scale / prior_scale) ** 2 + np.arange(lifetime + 1)
    steps = reward_scale / np.sqrt(count[:-1] * count[1:])
    width = 9 * reward_scale * np.sqrt(1 / count[0] - 1 / count[-1]) + abs(prior_loc)
    nodes = width * np.sinh(np.linspace(-6, 6, num_nodes)) / np.sinh(6)
    nodes[np.argmin(np.abs(nodes - prior_loc))] = prior_loc

    def expected(x, step, kinks, slopes):
        """E[f(x + step Z)] and its derivative; f is 0 at first and gains these slopes at the kinks."""
        z = (x[:, None] - kinks) / step
        excess = step * (z * special.ndtr(z) + np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi))
        return excess @ slopes, special.ndtr(z) @ slopes

    upper = lower = nodes
    tangents, annuity = np.ones_like(nodes), 1.0
    for step in steps[-2::-1]:
        above = np.maximum(upper, 0.0)
        chords = np.append(np.diff(above) / np.diff(nodes), annuity)
        upper_next = expected(nodes, step, nodes, np.diff(chords, prepend=0.0))[0] + above[0]
        below, slopes = np.maximum(lower, 0.0), np.where(lower > 0, tangents, 0.0)
        rise = np.diff(below) - slopes[:-1] * np.diff(nodes)
        bends = np.diff(slopes)
        crossings = nodes[1:] - rise / np.where(bends > 0, bends, 1.0)
        assert (rise > -1e-9 * width).all()
        kinks = np.where(bends > 0, np.clip(crossings, nodes[:-1], nodes[1:]), nodes[1:])
        lower_next, derivative = expected(nodes, step, kinks, bends)
        upper, lower, tangents = nodes + discount * upper_next, nodes + discount * lower_next, 1 + discount * derivative
        annuity = 1 + discount * annuity
    at = np.flatnonzero(nodes == prior_loc)[0]
    return lower[at], upper[at]
