"""Distributions and Kullback-Leibler divergences that NumPyro lacks.

Everything is in log space and in nats. Importing this module registers with `numpyro.distributions.kl_divergence` the
pairs of Bernoulli and Categorical distributions in every parametrisation, Lomax-Lomax, and Normal or Lomax against a
`Histogram`.
"""

import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
from jaxtyping import Array, Float
from numpyro.distributions import constraints
from numpyro.distributions.kl import kl_divergence
from numpyro.distributions.util import promote_shapes, validate_sample

from bayesopt.tail_integrals import (
    LARGEST_EXPONENTIAL,
    integral,
    mean_log1p_gain_of_lomax,
    mean_log1p_of_lomax,
)

NUM_TAIL_NODES = 96
LARGEST_Z = 9.5
"""A standard normal variable exceeds this in absolute value with probability 2e-21."""


class Lomax(dist.Distribution):
    """Lomax distribution (Pareto type II): an exponential whose rate is Gamma(concentration, scale).

    Density `concentration / scale * (1 + x / scale) ** -(concentration + 1)` on x >= 0; moments of order
    `concentration` and above are infinite.
    """

    arg_constraints = {"concentration": constraints.positive, "scale": constraints.positive}
    support: Any = constraints.nonnegative
    reparametrized_params = ["concentration", "scale"]
    concentration: Any
    scale: Any

    def __init__(self, concentration: Any, scale: Any, *, validate_args: bool | None = None) -> None:
        self.concentration, self.scale = promote_shapes(concentration, scale)
        batch_shape = jnp.broadcast_shapes(jnp.shape(concentration), jnp.shape(scale))
        super().__init__(batch_shape=batch_shape, validate_args=validate_args)

    def sample(self, key: Array | None, sample_shape: tuple[int, ...] = ()) -> Array:
        assert key is not None
        exponential = jax.random.exponential(key, sample_shape + self.batch_shape)
        return self.scale * jnp.expm1(exponential / self.concentration)

    @validate_sample
    def log_prob(self, value: Any) -> Array:  # pyright: ignore[reportIncompatibleMethodOverride]
        log_density = (
            jnp.log(self.concentration)
            - jnp.log(self.scale)
            - (self.concentration + 1) * jnp.log1p(jnp.maximum(value, 0) / self.scale)
        )
        return jnp.where(jnp.asarray(value) < 0, -jnp.inf, log_density)

    def cdf(self, value: Any) -> Array:
        return -jnp.expm1(-self.concentration * jnp.log1p(jnp.maximum(value, 0) / self.scale))

    def icdf(self, q: Any) -> Array:
        return self.scale * jnp.expm1(-jnp.log1p(-q) / self.concentration)

    @property
    def mean(self) -> Array:
        is_finite = self.concentration > 1
        mean = self.scale / jnp.where(is_finite, self.concentration - 1, 1.0)
        return jnp.broadcast_to(jnp.where(is_finite, mean, jnp.inf), self.batch_shape)

    @property
    def variance(self) -> Array:
        is_finite = self.concentration > 2
        shape = jnp.where(is_finite, self.concentration, 3.0)
        variance = self.scale**2 * shape / ((shape - 1) ** 2 * (shape - 2))
        return jnp.broadcast_to(jnp.where(is_finite, variance, jnp.inf), self.batch_shape)

    def entropy(self) -> Array:
        return jnp.log(self.scale) - jnp.log(self.concentration) + 1 / self.concentration + 1


class Histogram(dist.Distribution):
    """Distribution that is uniform within bins and has power-law tails outside.

    The tails are so heavy that they alone make no KL divergence to it infinite. `edges` (`bin + 1`, increasing) bound
    the inner bins. `logits` (`... bin + 2`) weigh the lower tail, the inner bins and the upper tail; a support bounded
    below has logit -inf for the lower tail. Beyond an outer edge e the density falls as
    `(1 + |x - e| / tail_scale) ** -2`, a Lomax of concentration 1.
    """

    arg_constraints = {
        "edges": constraints.ordered_vector,
        "logits": constraints.dependent(is_discrete=False, event_dim=1),  # -inf is allowed
        "tail_scale": constraints.positive,
    }
    support: Any = constraints.real

    def __init__(self, edges: Any, logits: Any, tail_scale: Any, *, validate_args: bool | None = None) -> None:
        if jnp.shape(logits)[-1] != jnp.shape(edges)[-1] + 1:
            raise ValueError(
                f"Histogram: {jnp.shape(edges)[-1]} edges need {jnp.shape(edges)[-1] + 1} logits "
                f"(lower tail, bins, upper tail); got {jnp.shape(logits)[-1]}"
            )
        self.edges, self.logits, self.tail_scale = edges, logits, tail_scale
        super().__init__(batch_shape=jnp.shape(logits)[:-1], validate_args=validate_args)

    @property
    def log_weights(self) -> Array:
        """Log probability of the lower tail, each bin, and the upper tail (`... bin + 2`)."""
        return jax.nn.log_softmax(self.logits, axis=-1)

    def sample(self, key: Array | None, sample_shape: tuple[int, ...] = ()) -> Array:
        assert key is not None
        key_piece, key_within, key_tail = jax.random.split(key, 3)
        shape = sample_shape + self.batch_shape
        piece = jax.random.categorical(key_piece, self.logits, axis=-1, shape=shape)
        num_bins = self.edges.shape[-1] - 1
        left = jnp.clip(piece - 1, 0, num_bins - 1)
        width = self.edges[left + 1] - self.edges[left]
        inner = self.edges[left] + width * jax.random.uniform(key_within, shape)
        excess = self.tail_scale * jnp.expm1(jax.random.exponential(key_tail, shape))
        outer = jnp.where(piece == 0, self.edges[0] - excess, self.edges[-1] + excess)
        return jnp.where((piece == 0) | (piece == num_bins + 1), outer, inner)

    @validate_sample
    def log_prob(self, value: Any) -> Array:  # pyright: ignore[reportIncompatibleMethodOverride]
        value = jnp.asarray(value)
        shape = jnp.broadcast_shapes(value.shape, self.batch_shape)
        piece = jnp.searchsorted(self.edges, value, side="right")
        log_weights = jnp.broadcast_to(self.log_weights, (*shape, self.logits.shape[-1]))
        log_weight = jnp.take_along_axis(log_weights, jnp.broadcast_to(piece, shape)[..., None], axis=-1)[..., 0]
        distance = jnp.maximum(self.edges[0] - value, value - self.edges[-1])
        log_tail_density = -jnp.log(self.tail_scale) - 2 * jnp.log1p(jnp.maximum(distance, 0) / self.tail_scale)
        log_widths = jnp.log(jnp.diff(self.edges))
        inner = -log_widths[jnp.clip(piece - 1, 0, log_widths.shape[-1] - 1)]
        return log_weight + jnp.where(distance > 0, log_tail_density, inner)

    def cdf(self, value: Any) -> Array:
        """Return P(X <= value): the mass of the pieces below, plus a fraction of the piece that holds `value`."""
        value = jnp.asarray(value)
        shape = jnp.broadcast_shapes(value.shape, self.batch_shape)
        weights = jnp.exp(jnp.broadcast_to(self.log_weights, (*shape, self.logits.shape[-1])))
        value = jnp.broadcast_to(value, shape)[..., None]
        inside = jnp.clip((value - self.edges[:-1]) / jnp.diff(self.edges), 0, 1)
        below = 1 / (1 + jnp.maximum(self.edges[0] - value, 0) / self.tail_scale)
        above = 1 - 1 / (1 + jnp.maximum(value - self.edges[-1], 0) / self.tail_scale)
        return (weights * jnp.concatenate([below, inside, above], axis=-1)).sum(-1)

    def icdf(self, q: Any) -> Array:
        """Return the quantile at `q`: it finds the piece by its cumulative weight, then inverts within the piece."""
        shape = jnp.broadcast_shapes(jnp.shape(q), self.batch_shape)
        weights = jnp.exp(jnp.broadcast_to(self.log_weights, (*shape, self.logits.shape[-1])))
        below = jnp.cumsum(weights, axis=-1) - weights
        q = jnp.broadcast_to(jnp.asarray(q), shape)[..., None]
        piece = (below <= q).sum(-1, keepdims=True) - 1
        within = (q - jnp.take_along_axis(below, piece, -1)) / jnp.take_along_axis(weights, piece, -1)
        within, piece = within[..., 0], piece[..., 0]
        left = jnp.clip(piece - 1, 0, self.edges.shape[-1] - 2)
        inner = self.edges[left] + within * (self.edges[left + 1] - self.edges[left])
        lower = self.edges[0] - self.tail_scale * (1 / within - 1)
        upper = self.edges[-1] + self.tail_scale * (1 / (1 - within) - 1)
        return jnp.where(piece == 0, lower, jnp.where(piece == self.edges.shape[-1], upper, inner))


def outcome_log_probs(distribution: Any) -> Float[Array, "... outcome"] | None:
    """Return the log probability of every outcome of a Bernoulli or Categorical; `None` for any other type."""
    if isinstance(distribution, dist.BernoulliLogits):
        return jax.nn.log_sigmoid(jnp.stack([jnp.negative(distribution.logits), distribution.logits], axis=-1))
    if isinstance(distribution, dist.BernoulliProbs):
        return jnp.stack([jnp.log1p(jnp.negative(distribution.probs)), jnp.log(distribution.probs)], axis=-1)
    if isinstance(distribution, dist.CategoricalLogits):
        return jax.nn.log_softmax(distribution.logits, axis=-1)
    if isinstance(distribution, dist.CategoricalProbs):
        return jnp.log(distribution.probs)
    return None


def kl_divergence_of_log_probs(p: Float[Array, "... outcome"], q: Float[Array, "... outcome"]) -> Float[Array, "..."]:
    """Return KL(p‖q) in nats between rows of log probabilities.

    An outcome that p rules out contributes nothing; one that only q rules out gives inf.
    """
    is_possible = p > -jnp.inf
    is_surprise = is_possible & (q == -jnp.inf)
    gap = jnp.where(is_possible, p, 0.0) - jnp.where(is_possible & ~is_surprise, q, 0.0)
    return jnp.where(is_surprise, jnp.inf, jnp.exp(p) * gap).sum(-1)


def _kl_of_outcomes(p: dist.Distribution, q: dist.Distribution) -> Array:
    """Return KL(p‖q); the distribution with fewer outcomes never gives the others. A Bernoulli has outcomes 0 and 1."""
    log_p, log_q = outcome_log_probs(p), outcome_log_probs(q)
    assert log_p is not None and log_q is not None
    num_outcomes = max(log_p.shape[-1], log_q.shape[-1])
    return kl_divergence_of_log_probs(_with_outcomes(log_p, num_outcomes), _with_outcomes(log_q, num_outcomes))


def _with_outcomes(log_probs: Float[Array, "... _"], num_outcomes: int) -> Float[Array, "... outcome"]:
    missing = [(0, 0)] * (log_probs.ndim - 1) + [(0, num_outcomes - log_probs.shape[-1])]
    return jnp.pad(log_probs, missing, constant_values=-jnp.inf)


def _kl_lomax(p: Lomax, q: Lomax) -> Array:
    """Return KL(p‖q), in terms that are all 0 where p is q."""
    ratio = jnp.asarray(q.concentration / p.concentration, float)
    concentration, scale = jnp.broadcast_arrays(
        jnp.asarray(p.concentration, float), jnp.asarray(p.scale / q.scale, float)
    )
    gain = mean_log1p_gain_of_lomax(concentration, scale)
    return (q.concentration + 1) * gain - jnp.log(scale) + (ratio - 1 - jnp.log(ratio))


def _kl_to_histogram(p: dist.Distribution, q: Histogram, mean_log1p_beyond: Callable[[Array, int], Array]) -> Array:
    """Return KL(p‖q): exact over the bins; the tails come from `mean_log1p_beyond(edge, sign)`."""
    edges, tail_scale = jnp.asarray(q.edges), jnp.asarray(q.tail_scale)
    cdf = p.cdf(edges.reshape((-1,) + (1,) * len(p.batch_shape)))
    masses = jnp.moveaxis(jnp.diff(cdf, axis=0, prepend=0.0, append=1.0), 0, -1)
    log_tail_scale = jnp.log(tail_scale)[None]
    log_densities = q.log_weights - jnp.concatenate([log_tail_scale, jnp.log(jnp.diff(edges)), log_tail_scale])
    cross_entropy = -(masses * jnp.where(masses > 0, log_densities, 0.0)).sum(-1)
    tails = mean_log1p_beyond(edges[0], -1) + mean_log1p_beyond(edges[-1], 1)
    return cross_entropy + 2 * tails - p.entropy()


def _kl_normal_to_histogram(p: dist.Normal, q: Histogram) -> Array:
    loc, scale = jnp.broadcast_arrays(jnp.asarray(p.loc, float), jnp.asarray(p.scale, float))

    def mean_log1p_beyond(edge: Array, sign: int) -> Array:
        """Integrate E[y; d > 0] over y = log(1 + d / tail_scale), where d is the distance beyond the edge."""
        edge_z = sign * (edge - loc) / scale
        start_z = jnp.maximum(edge_z, -LARGEST_Z)
        stop_z = jnp.maximum(start_z, 0.0) + LARGEST_Z
        start = jnp.log1p(scale * (start_z - edge_z) / q.tail_scale)
        stop = jnp.log1p(scale * (stop_z - edge_z) / q.tail_scale)
        z_per_y = (q.tail_scale * jnp.exp(start) / scale)[..., None]

        def integrand(y: Array) -> Array:
            z = start_z[..., None] + z_per_y * jnp.expm1(y - start[..., None])
            return y * jnp.exp(y - start[..., None] - z**2 / 2) * z_per_y / np.sqrt(2 * np.pi)

        return integral(integrand, start, stop, num_nodes=NUM_TAIL_NODES)

    return _kl_to_histogram(p, q, mean_log1p_beyond)


def _kl_lomax_to_histogram(p: Lomax, q: Histogram) -> Array:
    concentration, scale = jnp.broadcast_arrays(jnp.asarray(p.concentration, float), jnp.asarray(p.scale, float))

    def mean_log1p_below(edge: Array) -> Array:
        """Integrate the half of [0, edge] near 0 over p's exponential variable, and the other half over y."""
        c, s = concentration[..., None], scale[..., None]
        half = jnp.broadcast_to(edge / 2, scale.shape)
        stop = jnp.minimum(concentration * jnp.log1p(half / scale), LARGEST_EXPONENTIAL)
        start = jnp.zeros_like(half)
        lomax = Lomax(c, s)

        def near(e: Array) -> Array:
            return jnp.exp(-e) * jnp.log1p((edge - s * jnp.expm1(e / c)) / q.tail_scale)

        def far(y: Array) -> Array:
            distance = jnp.minimum(q.tail_scale * jnp.expm1(y), edge)
            return y * q.tail_scale * jnp.exp(y + lomax.log_prob(edge - distance))

        far_stop = jnp.log1p(half / q.tail_scale)
        return integral(near, start, stop, num_nodes=NUM_TAIL_NODES) + integral(
            far, start, far_stop, num_nodes=NUM_TAIL_NODES
        )

    def mean_log1p_beyond(edge: Array, sign: int) -> Array:
        edge = jnp.maximum(edge, 0.0)
        if sign < 0:
            return mean_log1p_below(edge)
        survival = jnp.exp(-concentration * jnp.log1p(edge / scale))
        return survival * mean_log1p_of_lomax(concentration, (scale + edge) / q.tail_scale)

    return _kl_to_histogram(p, q, mean_log1p_beyond)


registry: Any = kl_divergence
_BERNOULLIS = (dist.BernoulliProbs, dist.BernoulliLogits)
_CATEGORICALS = (dist.CategoricalProbs, dist.CategoricalLogits)
for _pair in itertools.product(_BERNOULLIS + _CATEGORICALS, repeat=2):
    if _pair != (dist.CategoricalProbs, dist.CategoricalProbs):  # NumPyro has this one
        registry.add(_pair, _kl_of_outcomes)
registry.add((Lomax, Lomax), _kl_lomax)
registry.add((dist.Normal, Histogram), _kl_normal_to_histogram)
registry.add((Lomax, Histogram), _kl_lomax_to_histogram)
