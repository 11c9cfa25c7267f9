"""Strength of each mode of a deep linear network during learning, in closed form (Saxe et al. 2013).

A network of `depth` weight matrices descends ½ E‖y - W_depth … W_1 x‖² with whitened inputs, in continuous time. The
modes are the singular triplets of the task's map; s is the singular value of a mode and u its strength in the network.
From a balanced, aligned start the modes do not interact, and each obeys

    τ du/dt = depth · u^(2 - 2/depth) · (s - u)

(arXiv 1312.6120). Times are in the unit of the time constant τ; in steps of gradient descent, τ = 1 / learning rate.
Arguments broadcast as in NumPy.
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Real

Reals = float | Real[np.ndarray, "..."]
Strengths = Float[np.ndarray, "..."] | np.floating[Any]


def single_layer_strength(times: Reals, singular_value: Reals, *, initial: Reals, time_constant: float) -> Strengths:
    """Return the strength of a mode in a network of one layer: s - (s - u₀) exp(-t / τ).

    As a fraction of s it is the same for every mode that starts at zero: one layer does not stagger.
    """
    return singular_value - (singular_value - np.asarray(initial)) * np.exp(-np.asarray(times) / time_constant)


def mode_strength(times: Reals, singular_value: Reals, *, initial: Reals, time_constant: float) -> Strengths:
    """Return the strength of a mode in a network of two layers: s / (1 + (s / u₀ - 1) exp(-2 s t / τ)).

    This is a sigmoid in time. Its delay (up to a logarithm) and its rise time are inversely proportional to s.
    """
    _require_within_reach(singular_value, initial)
    decay = np.exp(-2 * np.asarray(singular_value) * np.asarray(times) / time_constant)
    return singular_value / (1 + (singular_value / np.asarray(initial) - 1) * decay)


def time_to_reach(fraction: Reals, singular_value: Reals, *, initial: Reals, time_constant: float) -> Strengths:
    """Return the time at which two layers express this fraction f of a mode.

    It is τ / (2 s) · log(u_f (s - u₀) / (u₀ (s - u_f))) with u_f = f s, and negative if the mode starts above u_f.
    """
    _require_fraction(fraction)
    _require_within_reach(singular_value, initial)
    share, start = np.asarray(fraction), np.asarray(initial) / singular_value
    return time_constant / (2 * singular_value) * np.log(share * (1 - start) / (start * (1 - share)))


def half_time(singular_value: Reals, *, initial: Reals, time_constant: float) -> Strengths:
    """Return the time at which two layers express half of a mode: τ / (2 s) · log(s / u₀ - 1)."""
    return time_to_reach(0.5, singular_value, initial=initial, time_constant=time_constant)


def rise_time(singular_value: Reals, *, time_constant: float) -> Strengths:
    """Return the time that two layers take from a tenth to nine tenths of a mode: τ · log(81) / (2 s).

    It does not depend on the initial strength.
    """
    return np.asarray(time_constant * np.log(81) / (2 * np.asarray(singular_value)))


def time_to_reach_at_depth(
    fraction: float, singular_value: float, *, initial: float, time_constant: float, depth: int
) -> float:
    """Return the time at which a network of this depth expresses this fraction of a mode, by quadrature.

    With u = s σ(z) the time is ∫ τ / depth · s^(2/depth - 2) · σ(z)^(2/depth - 1) dz. The integrand is smooth, and
    constant for two layers.
    """
    _require_fraction(fraction)
    _require_within_reach(singular_value, initial)
    if depth < 1:
        raise ValueError(f"time_to_reach_at_depth: depth must be at least 1; got {depth!r}")
    start, end = _logit(initial / singular_value), _logit(fraction)
    nodes, weights = np.polynomial.legendre.leggauss(64)
    log_odds = (start + end) / 2 + (end - start) / 2 * nodes
    shares = 1 / (1 + np.exp(-log_odds))
    pace = depth * singular_value ** (2 - 2 / depth) / time_constant
    return float((end - start) / 2 * np.sum(weights * shares ** (2 / depth - 1)) / pace)


def effective_initial_strength(hidden_size: int, scale: float) -> float:
    """Return the u₀ at which a balanced start behaves like two layers of independent normal weights: H σ² / 2.

    A mode's strength is Σ (weight in × weight out) = Σ ((in + out)² - (in - out)²) / 4 over hidden units. Sums grow and
    differences decay, and the sums start with H · 2σ² / 4. The formula is derived for small weights and checked against
    simulations in the tests; it is not in the paper.
    """
    return hidden_size * scale**2 / 2


def _logit(share: float) -> float:
    return float(np.log(share) - np.log1p(-share))


def _require_fraction(fraction: Reals) -> None:
    if np.any(np.asarray(fraction) <= 0) or np.any(np.asarray(fraction) >= 1):
        raise ValueError(f"fraction must be in (0, 1); got {fraction!r}")


def _require_within_reach(singular_value: Reals, initial: Reals) -> None:
    if np.any(np.asarray(initial) <= 0) or np.any(np.asarray(initial) >= singular_value):
        raise ValueError(f"initial must be in (0, singular value = {singular_value!r}); got {initial!r}")
