"""Linear maps with a matrix-normal prior, and noisy targets at random inputs."""

import math
import operator
from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
from jaxtyping import Array

from bayesopt.conjugate import (
    SMALLEST_NOISE,
    LinearGaussianBelief,
    linear_gaussian_posterior,
    linear_gaussian_predictive,
    update_linear_gaussian,
)
from bayesopt.family import AbstractRegressionFamily
from bayesopt.hyperparameters import (
    are_known,
    require_equal_lengths,
    require_positive,
    require_resolved,
    require_workable,
)

_DIMENSION = 5
"""Number of inputs and of outputs by default; the paper's is not known."""

_SIGNAL = "the standard deviation of the targets without noise"


@dataclass(frozen=True)
class LinearRegression(AbstractRegressionFamily):
    """Linear map W with noisy targets W x, and independent W[i, j] ~ Normal(0, output_scales[i] * weight_scales[j]).

    The scales have one number per output and one per input. Any other row or column covariance is this family in
    rotated coordinates. Inputs are independent normals with standard deviations `input_scales` and carry no
    information about W; `noise_scale` is the standard deviation of the noise on every output. The task follows
    Rabinowitz 2019 (arXiv 1905.01320), whose dimensions and scales are not known. Our choices are five inputs and
    outputs, weights of variance 1/5 (so that targets are of order 1), and the noise.
    """

    title: ClassVar[str] = (
        "random {num_output_scales} × {num_weight_scales} linear maps, weight scale {each_weight_scales}, "
        "noise {noise_scale}"
    )

    weight_scales: tuple[float, ...] = (_DIMENSION**-0.5,) * _DIMENSION
    output_scales: tuple[float, ...] = (1.0,) * _DIMENSION
    input_scales: tuple[float, ...] = (1.0,) * _DIMENSION
    noise_scale: float = 0.3

    is_exchangeable: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for field in ("weight_scales", "output_scales", "input_scales", "noise_scale"):
            require_positive(self, field)
        require_equal_lengths(self, "weight_scales", "input_scales")
        if are_known(self.weight_scales, self.output_scales, self.input_scales):
            for smallest_or_largest in (min, max):
                product = smallest_or_largest(self.output_scales) * smallest_or_largest(self.weight_scales)
                require_workable(self, "output_scales times weight_scales", product)
            signal = max(self.output_scales) * math.hypot(*map(operator.mul, self.weight_scales, self.input_scales))
            require_workable(self, "the standard deviation of targets", signal)
            require_resolved(self, "noise_scale", beside=signal, meaning=_SIGNAL, ratio=SMALLEST_NOISE)

    @property
    def num_inputs(self) -> int:
        """Dimension of an input."""
        return len(self.weight_scales)

    @property
    def num_outputs(self) -> int:
        """Dimension of a target."""
        return len(self.output_scales)

    def model(self, inputs: Array | None = None, targets: Array | None = None, *, length: int) -> None:
        weights = numpyro.sample("weights", dist.Normal(0.0, self._prior_scales()).to_event(2))
        with numpyro.plate("time", length):
            drawn = dist.Normal(0.0, jnp.array(self.input_scales, float)).to_event(1)
            inputs = numpyro.sample("inputs", drawn, obs=inputs)
            numpyro.sample("targets", dist.Normal(inputs @ weights.T, self.noise_scale).to_event(1), obs=targets)

    def prior_belief(self) -> LinearGaussianBelief:
        scales = self._prior_scales()
        return LinearGaussianBelief(jnp.zeros_like(scales), scales[:, :, None] ** 2 * jnp.eye(self.num_inputs))

    def update_with_pair(self, belief: LinearGaussianBelief, inputs: Array, targets: Array) -> LinearGaussianBelief:
        return update_linear_gaussian(belief, inputs, targets, observation_scale=self.noise_scale)

    def posterior(self, belief: LinearGaussianBelief) -> dict[str, dist.Distribution]:
        return {"weights": linear_gaussian_posterior(belief)}

    def target_predictive(self, belief: LinearGaussianBelief, inputs: Array) -> dist.Distribution:
        return linear_gaussian_predictive(belief, inputs, observation_scale=self.noise_scale)

    def _prior_scales(self) -> Array:
        return jnp.outer(jnp.array(self.output_scales, float), jnp.array(self.weight_scales, float))
