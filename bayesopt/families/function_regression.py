"""Periodic functions with a chosen spectrum, and noisy values at random inputs."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array, Float

from bayesopt.conjugate import (
    SMALLEST_NOISE,
    LinearGaussianBelief,
    linear_gaussian_predictive,
    update_linear_gaussian,
)
from bayesopt.family import AbstractRegressionFamily
from bayesopt.hyperparameters import (
    are_known,
    require_count,
    require_equal_lengths,
    require_positive,
    require_resolved,
)

_HIGHEST = 5
"""Highest frequency by default; the paper's is not known."""

_SIGNAL = "the largest standard deviation of the function"


@dataclass(frozen=True)
class FunctionRegression(AbstractRegressionFamily):
    """Random Fourier series f on the circle [0, 1), observed with noise at uniformly random inputs.

    f(x) is the sum over `frequencies` k of sqrt(2) * (a_k cos(2 pi k x) + b_k sin(2 pi k x)), or a_0 where k is 0;
    a_k and b_k are Normal with mean 0 and variance v_k, the entry of `variances` for k. f is therefore a Gaussian
    process with kernel sum of v_k * 2 cos(2 pi k (x - x')), or v_0 where k is 0. Equal variances up to a cut-off give
    a low-pass spectrum; omitted frequencies give a band-pass or band-stop spectrum. The task follows Rabinowitz 2019
    (arXiv 1905.01320), whose spectra are not known; the numbers are our choice, with a total variance of 1.
    """

    title: ClassVar[str] = "random functions of frequencies {frequencies}, noise {noise_scale}"

    frequencies: tuple[int, ...] = tuple(range(_HIGHEST + 1))
    variances: tuple[float, ...] = (1 / (2 * _HIGHEST + 1),) * (_HIGHEST + 1)
    noise_scale: float = 0.1

    is_exchangeable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for field in ("variances", "noise_scale"):
            require_positive(self, field)
        require_count(self, "frequencies")
        if list(self.frequencies) != sorted(set(self.frequencies)):
            raise ValueError(f"FunctionRegression: frequencies must be increasing integers; got {self.frequencies!r}")
        require_equal_lengths(self, "frequencies", "variances")
        if are_known(self.variances):
            signal = math.sqrt(2 * sum(self.variances))
            require_resolved(self, "noise_scale", beside=signal, meaning=_SIGNAL, ratio=SMALLEST_NOISE)

    @property
    def num_inputs(self) -> int:
        """Dimension of an input: 1, its position on the circle."""
        return 1

    @property
    def num_outputs(self) -> int:
        """Dimension of a target: 1, the noisy value."""
        return 1

    def model(self, inputs: Array | None = None, targets: Array | None = None, *, length: int) -> None:
        scales = self._coefficient_scales()
        coefficients = numpyro.sample("coefficients", dist.Normal(0.0, scales).to_event(1))
        with numpyro.plate("time", length):
            places: Any = numpyro.sample("inputs", dist.Uniform(jnp.zeros(1), 1.0).to_event(1), obs=inputs)
            values = (fourier_features(places[..., 0], self.frequencies) @ coefficients)[..., None]
            numpyro.sample("targets", dist.Normal(values, self.noise_scale).to_event(1), obs=targets)

    def prior_belief(self) -> LinearGaussianBelief:
        scales = self._coefficient_scales()
        return LinearGaussianBelief(jnp.zeros_like(scales)[None], jnp.diag(scales**2)[None])

    def update_with_pair(self, belief: LinearGaussianBelief, inputs: Array, targets: Array) -> LinearGaussianBelief:
        features = fourier_features(inputs[0], self.frequencies)
        return update_linear_gaussian(belief, features, targets, observation_scale=self.noise_scale)

    def posterior(self, belief: LinearGaussianBelief) -> dict[str, dist.Distribution]:
        return {"coefficients": dist.MultivariateNormal(belief.loc[0], belief.covariance[0])}

    def target_predictive(self, belief: LinearGaussianBelief, inputs: Array) -> dist.Distribution:
        features = fourier_features(inputs[0], self.frequencies)
        return linear_gaussian_predictive(belief, features, observation_scale=self.noise_scale)

    def _coefficient_scales(self) -> Array:
        variances: list[float] = []
        for k, variance in zip(self.frequencies, self.variances, strict=True):
            variances += [variance] * num_features(k)
        return jnp.sqrt(jnp.array(variances, float))


def num_features(frequency: int) -> int:
    """Return the number of coefficients of a frequency: 2 (cosine and sine), or 1 for the constant."""
    return 2 if frequency else 1


def fourier_features(places: Float[Array, "..."], frequencies: tuple[int, ...]) -> Float[Array, "... feature"]:
    """Return features of positions on the circle: sqrt(2) times cosine and sine per frequency, or 1 for frequency 0.

    Features are the last axis. They are orthonormal under the uniform distribution of positions.
    """
    features: list[Array] = []
    for k in frequencies:
        angle = 2 * math.pi * k * places
        features += [2**0.5 * jnp.cos(angle), 2**0.5 * jnp.sin(angle)] if k else [jnp.ones_like(angle)]
    return jnp.stack(features, axis=-1)
