"""References are float64 whatever the user's JAX setting, which they never change; and they never load torch."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
import scipy.stats
from numpyro.distributions import kl_divergence

from bayesopt import (
    filter_beliefs,
    log_marginal_likelihood,
    oracle_log_prob,
    predict_sequence,
    sample_sequences,
)
from bayesopt.distributions import Lomax
from bayesopt.families import GammaExponential, NormalNormal
from bayesopt.float64 import as_float64, in_float64

FAMILY = NormalNormal()
OBSERVATIONS = np.array([[0.1, 0.7, -1.3]])


@pytest.fixture(autouse=True)
def setting_is_left_alone():
    assert not jax.config.jax_enable_x64
    yield
    assert not jax.config.jax_enable_x64
    assert jnp.ones(()).dtype == jnp.float32


def test_public_functions_return_float64():
    simulated = sample_sequences(FAMILY, jax.random.key(0), num_tasks=1, length=3)
    assert simulated.observations.dtype == simulated.latents["mean"].dtype == np.float64
    assert log_marginal_likelihood(FAMILY, OBSERVATIONS).dtype == np.float64
    for leaf in jax.tree.leaves(filter_beliefs(FAMILY, OBSERVATIONS)):
        assert isinstance(leaf, np.ndarray)
        assert leaf.dtype == np.float64
    predictive = predict_sequence(FAMILY, OBSERVATIONS)
    oracle = oracle_log_prob(FAMILY, simulated.latents, OBSERVATIONS)
    for value in (predictive.log_prob(OBSERVATIONS), predictive.mean, predictive.variance, oracle):
        assert isinstance(value, np.ndarray)
        assert value.dtype == np.float64


def test_results_are_as_accurate_as_float64():
    """The third predictive of a standard normal mean, by hand; float32 would be off by about 1e-7."""
    predictive = predict_sequence(FAMILY, OBSERVATIONS)
    expected = scipy.stats.norm.logpdf(-1.3, (0.1 + 0.7) / 3, np.sqrt(1 / 3 + 1))
    assert abs(predictive.log_prob(OBSERVATIONS)[0, 2] - expected) < 1e-15


def test_single_precision_observations_are_computed_in_double():
    narrow = log_marginal_likelihood(FAMILY, OBSERVATIONS.astype(np.float32))
    wide = log_marginal_likelihood(FAMILY, OBSERVATIONS.astype(np.float32).astype(np.float64))
    assert narrow.dtype == np.float64
    assert narrow == pytest.approx(wide, rel=1e-15)


def test_predictives_are_usable_inside_a_users_jit():
    """There they compute in the precision of the user's transformation."""
    predictive = predict_sequence(FAMILY, OBSERVATIONS)
    jitted = jax.jit(predictive.log_prob)(jnp.asarray(OBSERVATIONS))
    np.testing.assert_allclose(jitted, predictive.log_prob(OBSERVATIONS), rtol=1e-5)

    def loss(shift):
        return predictive.log_prob(jnp.asarray(OBSERVATIONS) + shift).sum()

    assert np.isfinite(jax.grad(loss)(0.0))
    assert jax.vmap(predictive.log_prob)(jnp.zeros((5, 1, 3))).shape == (5, 1, 3)


def test_as_float64_keeps_type_and_registered_divergences():
    lomax = as_float64(Lomax(2.0, 3.0))
    assert isinstance(lomax, Lomax)
    assert type(lomax).__name__ == "Lomax"
    assert as_float64(lomax) is lomax
    assert lomax.sample(jax.random.key(0), (2,)).dtype == np.float64
    assert kl_divergence(lomax, Lomax(2.0, 3.0)) == pytest.approx(0.0, abs=1e-6)
    predictive = predict_sequence(GammaExponential(), np.ones((2, 3)))
    assert isinstance(predictive, Lomax)
    assert predictive.batch_shape == (2, 3)


def test_as_float64_leaves_the_original_class_alone():
    as_float64(dist.Normal(0.0, 1.0))
    assert dist.Normal(0.0, 1.0).log_prob(0.0).dtype == jnp.float32


def test_the_setting_is_restored_after_an_error():
    @in_float64
    def fail():
        assert jnp.ones(()).dtype == jnp.float64
        raise KeyError("inside")

    with pytest.raises(KeyError, match="inside"):
        fail()


def test_importing_everything_changes_no_setting_and_loads_no_torch():
    """In a fresh interpreter, in which importing torch is an error."""
    program = """
import sys

class Blocked:
    def find_spec(self, name, *args):
        if name.partition(".")[0] in ("torch", "metalearners", "comparisons"):
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
import bayesopt, bayesopt.contract, bayesopt.inference.mcmc
from bayesopt import families, predict_sequence
import jax
families.discover()
predict_sequence(families.BetaBernoulli(), [[0, 1]])
assert not jax.config.jax_enable_x64
assert jax.numpy.ones(()).dtype == jax.numpy.float32
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True)


def test_importing_bayesopt_alone_is_light():
    """Names load when first used: neither JAX nor ArviZ is imported before."""
    program = "import sys, bayesopt; assert not {'jax', 'numpyro', 'arviz_stats'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
