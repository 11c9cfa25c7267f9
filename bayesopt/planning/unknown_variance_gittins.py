"""Gittins indices of Gaussian arms whose mean and variance are both unknown, with proved error bounds.

Bounds from below: a policy (keep or retire for good after N more pulls), evaluated with observations that are less
spread out. Bounds from above: the mean is revealed after N more pulls, and observations are more spread out. The value
is convex, so that either change has a known sign (`unknown_variance_gittins_kernels`).
"""

import math

import numpy as np
from jaxtyping import Float, Int
from scipy import special

from bayesopt.planning.certified import CertifiedIndex
from bayesopt.planning.index_batches import (
    Bracket,
    Real,
    Run,
    certified,
    horizon,
    require,
    require_discount_and_tolerance,
    runs,
)
from bayesopt.planning.unknown_variance_gittins_kernels import boundaries

FUDGE=6
FARTHEST_KNOT = 8.0
"""Where chords end, in standard deviations of a Student variable with many degrees of freedom."""

LARGEST_WORK = 5e10
"""Levels times knots times nodes; a few minutes. Sweeps that need more are refused."""

Levels = Float[np.ndarray, " level"]


def _density(t: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    log_height = special.gammaln((freedom + 1) / 2) - special.gammaln(freedom / 2) - np.log(np.pi * freedom) / 2
    return np.exp(log_height - (freedom + 1) / 2 * np.log1p(t**2 / freedom))


def _excess_mean(z: np.ndarray, freedom: np.ndarray) -> np.ndarray:
    """E max(T - z, 0) of a Student variable, for z of either sign."""
    beyond = _density(z, freedom) * (freedom + z**2) / (freedom - 1)
    return beyond - z * special.stdtr(freedom, -z)


def _scheme(num_observations: Levels, freedom: Levels, spacing: float, *, is_upper: bool) -> tuple:
    n, nu = num_observations[:, None], freedom[:, None]
    step = 1 / np.sqrt(n * (n + 1))
    half = int(np.ceil(1 / spacing))
    z = special.ndtri((np.arange(half) + 0.5) / (2 * half)) * np.sqrt(3+FUDGE/nu)
    t = np.concatenate([np.sqrt(nu) * np.sinh(z / np.sqrt(nu)),0*nu],axis=1)
    below = np.diff(special.stdtr(nu, t), axis=1, prepend=0.0)
    moment = np.diff(-_density(t, nu) * (nu + t**2) / (nu - 1), axis=1, prepend=0.0)
    if is_upper:
        gaps = np.diff(t, axis=1)
        right = (moment[:, 1:] - below[:, 1:] * t[:, :-1]) / gaps
        weights = np.zeros_like(t)
        weights[:, 1:] += right
        weights[:, :-1] += below[:, 1:] - right
        weights[:, 0] += below[:, 0]
        tail = -moment[:, 0] + t[:, 0] * below[:, 0]
        weights = np.concatenate([weights[:, :-1], 2 * weights[:, -1:], weights[:, -2::-1]], axis=1)
        t = np.concatenate([t, -t[:, -2::-1]], axis=1)
        scale = np.sqrt((nu + t**2) / (nu + 1))
        knots = np.stack([weights * scale, 1 / scale, step * t / scale], axis=1)
        return knots, (step * np.sqrt(nu + 1))[:, 0], tail / np.sqrt(nu[:, 0] + 1)
    ratio = special.gammaln((nu + 1) / 2) + special.gammaln((nu - 1) / 2) - 2 * special.gammaln(nu / 2)
    mean_scale = np.sqrt(nu / (nu + 1)) * np.exp(ratio)
    scale = mean_scale * np.diff(special.stdtr(nu - 1, t * np.sqrt((nu - 1) / nu)), axis=1, prepend=0.0)
    below, moment, scale = (
        np.concatenate([x, sign * x[:, ::-1]], axis=1) for x, sign in ((below, 1), (moment, -1), (scale, 1))
    )
    knots = np.stack([scale, below / scale, step * moment / scale], axis=1)
    return knots, np.zeros(len(n)), np.zeros(len(n))
