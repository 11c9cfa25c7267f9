"""Lower and upper bounds of expectations of convex functions under Student's t distribution, and a closed form."""

import itertools

import numpy as np
from jaxtyping import Float, Int
from scipy import special

Levels = Float[np.ndarray, " level"]

Scheme = tuple[Float[np.ndarray, "3 _"], Int[np.ndarray, " _"], Levels, Levels]
"""Weights, shrinkages and shifts of all levels' knots; the first knot of each level; its point and weight at infinity.
"""


def informed_value(
    y: Float[np.ndarray, "*batch"], num_observations: float, degrees_of_freedom: float
) -> Float[np.ndarray, "*batch"]:
    """Return E max(-M, 0) for a mean M with posterior mean y and sample standard deviation 1, in rewards per pull.

    It is the value of being able to retire with perfect information about M, an upper bound for every policy.
    """
    z, nu = y * np.sqrt(num_observations), degrees_of_freedom
    return (_moment_beyond(z, nu) - z * special.stdtr(nu, -z)) / np.sqrt(num_observations)


def schemes_below_and_above(
    num_observations: Levels, degrees_of_freedom: Levels, num_knots: Int[np.ndarray, " level"]
) -> tuple[Scheme, Scheme]:
    """Return schemes that bound E[b(T) v((y + c T) / b(T))] from below and above (`unknown_variance_kernels`).

    There are `num_knots` knots on either side of 0, at quantiles of about the cube root of the density, which minimise
    the error of chords. The lower bound takes mean and scale at their expectations between knots; the integral of `b`
    is a Student distribution function with one degree of freedom less. The upper bound takes chords between knots, and
    beyond them the slopes that a convex function has at infinity.
    """
    half, level = num_knots + 1, np.repeat(np.arange(len(num_knots)), num_knots + 1)
    starts = np.concatenate([[0], np.cumsum(half)])
    place = np.arange(starts[-1]) - starts[level]
    n, nu = num_observations[level], degrees_of_freedom[level]
    z = special.ndtri((np.minimum(place, num_knots[level] - 0.5) + 0.5) / (2 * num_knots[level])) * np.sqrt(3 + 6 / nu)
    t = np.sqrt(nu) * np.sinh(z / np.sqrt(nu))
    step = 1 / (np.sqrt(n) * np.sqrt(n + 1))

    def between_knots(cumulative: np.ndarray) -> np.ndarray:
        return np.where(place == 0, cumulative, np.diff(cumulative, prepend=0.0))

    mass, moment = between_knots(special.stdtr(nu, t)), between_knots(-_moment_beyond(t, nu))
    scale = between_knots(special.stdtr(nu - 1, t * np.sqrt((nu - 1) / nu)))
    scale *= np.sqrt(nu / (nu + 1)) * _gamma_ratio(nu / 2) / _gamma_ratio((nu - 1) / 2)

    both = [np.arange(a, b) for a, b in itertools.pairwise(starts)]
    mirrored = np.concatenate([np.concatenate([side, side[::-1]]) for side in both])
    sign = np.concatenate([np.repeat([1.0, -1.0], side.size) for side in both])
    below = np.stack([scale, mass / scale, step * moment / scale])[:, mirrored]
    below[2] *= sign

    gaps = np.where(place == 0, 1.0, np.diff(t, prepend=0.0))
    right = np.where(place == 0, mass, (moment - mass * np.concatenate([[0.0], t[:-1]])) / gaps)
    weights = right + np.append(np.where(place == 0, 0.0, mass - right)[1:], 0.0)
    weights[starts[1:] - 1] *= 2
    b = np.sqrt((nu + t**2) / (nu + 1))
    mirrored = np.concatenate([np.concatenate([side, side[-2::-1]]) for side in both])
    sign = np.concatenate([np.repeat([1.0, -1.0], [side.size, side.size - 1]) for side in both])
    above = np.stack([weights * b, 1 / b, step * t / b])[:, mirrored]
    above[2] *= sign

    first, freedom = starts[:-1], degrees_of_freedom
    reach = step[first] * np.sqrt(freedom + 1)
    tail = (-moment[first] + t[first] * mass[first]) / np.sqrt(freedom + 1)
    return (below, 2 * starts, 0 * reach, 0 * tail), (above, 2 * starts - np.arange(len(starts)), reach, tail)


def _moment_beyond(t: np.ndarray, nu: np.ndarray | float) -> np.ndarray:
    """Return E[T; T > t]."""
    height = _gamma_ratio(nu / 2) / np.sqrt(np.pi * nu)
    return height * np.exp(-(nu - 1) / 2 * np.log1p(t**2 / nu)) * nu / (nu - 1)


def _gamma_ratio(x: np.ndarray | float) -> np.ndarray:
    """Return Gamma(x + 1/2) / Gamma(x) to 2e-15; differences of log-gamma functions would lose digits."""
    y = np.clip(x, 75.0, 1e50)  # beyond, the series is 1, and powers of y would overflow
    series = 1 - 1 / (8 * y) + 1 / (128 * y**2) + 5 / (1024 * y**3) - 21 / (32768 * y**4) - 399 / (262144 * y**5)
    z = np.minimum(x, 75.0)
    return np.where(x < 75, special.gamma(z + 0.5) / special.gamma(z), np.sqrt(np.maximum(x, 75.0)) * series)
