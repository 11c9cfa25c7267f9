"""NUTS on a family's model: its tree, its reuse of compiled code, its refusals and its warnings."""

import warnings
from dataclasses import dataclass
from typing import ClassVar

import arviz_stats
import jax
import numpy as np
import numpyro
import numpyro.distributions as dist
import pytest
import xarray as xr

from bayesopt import AbstractPredictionFamily
from bayesopt.families import DirichletCategorical, NormalNormal
from bayesopt.inference.mcmc import InferenceWarning, diagnose, moment_errors, sample_posterior

NUM_TRACES = []


@dataclass(frozen=True)
class Counted(AbstractPredictionFamily):
    """Readings of an unknown mean; counts how often JAX traces its model. A second, unused latent is a vector."""

    is_exchangeable: ClassVar[bool] = True

    def model(self, observations=None, *, length):
        NUM_TRACES.append(length)
        mean = numpyro.sample("mean", dist.Normal(0.0, 1.0))
        numpyro.sample("unused", dist.Normal(0.0, 1.0).expand([2]).to_event(1))
        with numpyro.plate("time", length):
            numpyro.sample("observations", dist.Normal(mean, 1.0), obs=observations)


@pytest.fixture(scope="module")
def tree():
    return sample(np.array([[0.5, 1.0, -0.2], [3.0, 2.0, 2.5]]), seed=0)


def sample(observations, seed, **settings):
    return sample_posterior(Counted(), observations, jax.random.key(seed), num_warmup=200, num_samples=400, **settings)


def test_tree_has_arvizs_groups_dimensions_and_names(tree):
    assert isinstance(tree, xr.DataTree)
    assert set(tree.children) == {"posterior", "sample_stats", "observed_data"}
    assert tree["posterior"]["mean"].dims == ("chain", "draw", "task")
    assert tree["posterior"]["unused"].dims == ("chain", "draw", "task", "unused_dim_0")
    assert dict(tree["posterior"].sizes) == {"chain": 4, "draw": 400, "task": 2, "unused_dim_0": 2}
    expected = {"lp", "energy", "acceptance_rate", "n_steps", "diverging", "tree_depth"}
    assert set(tree["sample_stats"].data_vars) == expected
    assert all(array.dims == ("chain", "draw", "task") for array in tree["sample_stats"].data_vars.values())
    assert tree["observed_data"]["observations"].dims == ("task", "time")
    assert tree["posterior"]["mean"].dtype == np.float64
    assert not jax.config.jax_enable_x64


def test_draws_have_the_exact_posterior(tree):
    """Within 5 Monte-Carlo standard errors (failure rate 6e-7 each): the mean of 3 readings is shrunk by 3 / 4."""
    for task, exact in enumerate([0.25 * 1.3, 0.25 * 7.5]):
        draws = tree["posterior"]["mean"].isel(task=task)
        assert abs(draws.mean() - exact) < 5 * arviz_stats.mcse(draws.values, method="mean")
        assert abs(draws.std() - 0.5) < 5 * arviz_stats.mcse(draws.values, method="sd")


def test_lp_is_the_models_log_joint_density(tree):
    mean, unused = (tree["posterior"].isel(task=1)[name] for name in ("mean", "unused"))
    terms = [mean, *unused.transpose("unused_dim_0", ...), *(3.0 - mean, 2.0 - mean, 2.5 - mean)]
    expected = sum(-0.5 * term**2 - 0.5 * np.log(2 * np.pi) for term in terms)
    np.testing.assert_allclose(tree["sample_stats"]["lp"].isel(task=1), expected, rtol=1e-12)


def test_arviz_summarises_the_tree(tree):
    assert set(arviz_stats.summary(tree)["r_hat"].astype(float).round(1)) == {1.0}


def test_same_key_same_draws_and_new_data_do_not_recompile(tree):
    sample(np.ones((2, 3)), seed=0)  # compiled by now, even if what `tree` compiled was released
    traced = len(NUM_TRACES)
    sample(np.zeros((2, 3)), seed=0)
    # one more call of the model looks for discrete latents; without reuse there would be hundreds
    assert len(NUM_TRACES) <= traced + 2
    again = sample(np.array([[0.5, 1.0, -0.2], [3.0, 2.0, 2.5]]), seed=0)
    xr.testing.assert_equal(again["posterior"].to_dataset(), tree["posterior"].to_dataset())
    other = sample(np.array([[0.5, 1.0, -0.2], [3.0, 2.0, 2.5]]), seed=1)
    assert not other["posterior"].to_dataset().equals(tree["posterior"].to_dataset())


def test_diagnosis_has_one_row_for_every_scalar_and_is_arvizs(tree):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = diagnose(tree)
    assert list(table.columns) == ["latent", "task", "r_hat", "ess_bulk", "ess_tail", "mcse_mean", "divergences"]
    assert list(table.latent) == ["mean", "mean", "unused[0]", "unused[1]", "unused[0]", "unused[1]"]
    assert list(table.task) == [0, 1, 0, 0, 1, 1]
    assert (table.divergences == 0).all()
    draws = tree["posterior"]["unused"].isel(task=1, unused_dim_0=0)
    row = table[(table.latent == "unused[0]") & (table.task == 1)].iloc[0]
    assert row.r_hat == pytest.approx(arviz_stats.rhat(draws))
    assert row.ess_bulk == pytest.approx(arviz_stats.ess(draws, method="bulk"))
    assert row.ess_tail == pytest.approx(arviz_stats.ess(draws, method="tail"))
    assert row.mcse_mean == pytest.approx(arviz_stats.mcse(draws, method="mean"))


def altered(tree, change, group="posterior"):
    """A copy of the tree of which `change` has altered one group's dataset."""
    groups = {name: node.to_dataset() for name, node in tree.children.items()}
    groups[group] = change(groups[group].copy(deep=True))
    return xr.DataTree.from_dict(groups)


def warnings_of(tree):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        diagnose(tree)
    assert all(w.category is InferenceWarning and "\n" not in str(w.message) for w in caught)
    return [str(w.message) for w in caught]


def test_disagreeing_chains_ask_for_more_warmup(tree):
    def shift_one_chain(posterior):
        posterior["mean"].loc[{"chain": 2, "task": 1}] += 1.0
        return posterior

    message = next(m for m in warnings_of(altered(tree, shift_one_chain)) if "R-hat" in m)
    assert message.startswith("task 1: R-hat 1.")
    assert message.endswith("> 1.01 for 'mean'; raise num_warmup above 200")


def test_few_effective_draws_ask_for_more_samples_by_number(tree):
    def repeat_every_draw_40_times(posterior):
        posterior["mean"][:] = np.repeat(posterior["mean"].values[:, ::40], 40, axis=1)
        return posterior

    message = next(m for m in warnings_of(altered(tree, repeat_every_draw_40_times)) if "ESS" in m)
    start, _, remedy = message.partition("; ")
    ess = int(start.split("ESS ")[1].split(" ")[0])
    wanted = int(remedy.removeprefix("raise num_samples to about ").replace(",", ""))
    assert "< 400 for 'mean'" in start
    assert 10 < ess < 100
    assert wanted == pytest.approx(400 * 400 / ess, rel=0.15)


def test_a_chain_that_never_moves_is_trouble_not_nan(tree):
    (message,) = warnings_of(altered(tree, lambda posterior: (posterior * 0 + 1).assign_attrs(posterior.attrs)))
    assert message == "task 0: the chains never moved for 'mean'; raise num_warmup above 200"


def test_divergences_ask_for_smaller_steps(tree):
    def diverge(stats):
        stats["diverging"].loc[{"chain": 1, "draw": slice(0, 4), "task": 1}] = True
        return stats

    (message,) = warnings_of(altered(tree, diverge, group="sample_stats"))
    assert message == "5 divergences; raise target_accept_prob to 0.95 or reparametrise the family's model"


BAD_SETTINGS = [
    ({"num_warmup": 0}, "num_warmup must be an integer of at least 1 .* got 0"),
    ({"num_samples": 3}, "num_samples must be an integer of at least 4 .* got 3"),
    ({"num_chains": 1}, "num_chains must be an integer of at least 2 .* got 1"),
    ({"target_accept_prob": 1.0}, "target_accept_prob must lie between 0 and 1; got 1.0"),
]


@pytest.mark.parametrize(("settings", "message"), BAD_SETTINGS, ids=lambda v: str(v))
def test_bad_settings_are_refused_with_value_and_range(settings, message):
    with pytest.raises(ValueError, match=message):
        sample_posterior(NormalNormal(), np.zeros((1, 2)), jax.random.key(0), **settings)


def test_observations_outside_the_support_are_refused():
    with pytest.raises(ValueError, match=r"observation 7 at \(task, time\) = \(0, 1\)"):
        sample_posterior(DirichletCategorical(), np.array([[0, 7]]), jax.random.key(0))


@dataclass(frozen=True)
class TwoCoins(AbstractPredictionFamily):
    is_exchangeable: ClassVar[bool] = True

    def model(self, observations=None, *, length):
        which = numpyro.sample("which", dist.Bernoulli(0.5))
        with numpyro.plate("time", length):
            numpyro.sample("observations", dist.Bernoulli(0.2 + 0.6 * which), obs=observations)


def test_discrete_latents_are_refused_by_name():
    with pytest.raises(ValueError, match="TwoCoins: NUTS cannot sample the discrete latents which"):
        sample_posterior(TwoCoins(), np.array([[0, 1]]), jax.random.key(0))


def test_errors_of_moments_are_calibrated_on_chains_that_alternate_around_their_mean():
    """Autoregressive chains with coefficient -0.5: values have 3, squares 0.6 effective draws per draw.

    The spread of 400 errors in units of their standard error is 1 within 0.14 = 4 standard errors of a spread.
    """
    coefficient, rng = -0.5, np.random.default_rng(0)
    noise = rng.normal(size=(4, 1100, 400))
    chains = np.zeros_like(noise)
    for time in range(1, noise.shape[1]):
        chains[:, time] = coefficient * chains[:, time - 1] + noise[:, time]
    draws = xr.Dataset({"x": (("chain", "draw", "task"), chains[:, 100:])})
    errors = moment_errors(draws)
    exact = {"mean": 0.0, "sd": (1 - coefficient**2) ** -0.5}
    estimates = {"mean": draws.mean(["chain", "draw"]), "sd": draws.std(["chain", "draw"])}
    for moment, value in exact.items():
        spread = float(((estimates[moment] - value) / errors[moment])["x"].std())
        assert spread == pytest.approx(1, abs=0.14), moment
