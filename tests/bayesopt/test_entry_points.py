"""Public functions read what users hand in at one edge: the same answer in every form, or one line that names it."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr

import bayesopt
from bayesopt import AbstractRegressionFamily
from bayesopt.families import (
    BernoulliBandit,
    BetaBernoulli,
    ContextualBandit,
    DirichletCategorical,
    ForagingGrid,
    GammaExponential,
    LinearRegression,
    NormalNormal,
)
from bayesopt.inference.calibration import posterior_moments
from bayesopt.inference.mcmc import sample_posterior
from bayesopt.planning import heuristics
from bayesopt.planning.dynamic_programming import solve_bernoulli_bandit, solve_gaussian_bandit
from bayesopt.planning.exploration import commit_value
from bayesopt.planning.finite_horizon_indices import finite_horizon_index
from bayesopt.planning.gittins import bernoulli_gittins_index, normal_gittins_index
from bayesopt.planning.optimal import plan_of
from bayesopt.planning.stopping import sequential_edge, solve_stopping_problem
from comparisons.order import Poles, Recoveries, area_between, half_times, procrustes_disparity, staggering

KEY = jax.random.key(0)


FLIPS, READINGS = np.array([[1, 0, 1], [0, 0, 1]]), np.array([[0.5, -1.0, 2.0], [0.25, 0.0, 1.0]])
FORMS = {
    "list": lambda rows: rows.tolist(),
    "float32": lambda rows: rows.astype(np.float32),
    "big-endian": lambda rows: rows.astype(rows.dtype.newbyteorder(">")),
    "objects": lambda rows: rows.astype(object),
    "transposed": lambda rows: np.asfortranarray(rows),
    "JAX": jnp.asarray,
    "torch": torch.tensor,
    "torch with gradients": lambda rows: torch.tensor(rows, dtype=torch.float64, requires_grad=True),
    "torch in bfloat16": lambda rows: torch.tensor(rows, dtype=torch.bfloat16),
    "pandas": pd.DataFrame,
    "xarray, transposed": lambda rows: xr.DataArray(rows.T, dims=("time", "task")),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_sequences_in_every_form_are_predicted_alike(form):
    for family, rows in ((BetaBernoulli(), FLIPS), (NormalNormal(), READINGS)):
        expected = bayesopt.log_marginal_likelihood(family, rows)
        np.testing.assert_array_equal(bayesopt.log_marginal_likelihood(family, form(rows)), expected)


PAIRS = np.random.default_rng(0).integers(-2, 3, (2, 3, 5)).astype(float)


@pytest.mark.parametrize(
    "form",
    [torch.tensor, jnp.asarray, np.ndarray.tolist, np.asfortranarray],
    ids=["torch", "JAX", "lists", "NumPy by columns"],
)
def test_pairs_in_every_form_are_predicted_alike(form):
    family = LinearRegression()
    expected = bayesopt.predict_regression(family, PAIRS, PAIRS).log_prob(PAIRS)
    found = bayesopt.predict_regression(family, form(PAIRS), form(PAIRS)).log_prob(PAIRS)
    np.testing.assert_array_equal(found, expected)


MASKED = np.ma.array(READINGS, mask=READINGS > 1)
READERS = {
    "predict_sequence": lambda rows: bayesopt.predict_sequence(NormalNormal(), rows),
    "log_marginal_likelihood": lambda rows: bayesopt.log_marginal_likelihood(NormalNormal(), rows),
    "oracle_log_prob": lambda rows: bayesopt.oracle_log_prob(NormalNormal(), {"mean": np.zeros(2)}, rows),
    "filter_beliefs": lambda rows: bayesopt.filter_beliefs(NormalNormal(), rows),
    "posterior_moments": lambda rows: posterior_moments(NormalNormal(), rows),
    "sample_posterior": lambda rows: sample_posterior(NormalNormal(), rows, KEY),
}
WRONG_ROWS = {
    "masked": (MASKED, "masked entries"),
    "ragged": ([[0.0, 1.0], [2.0]], "rows of equal length"),
    "missing": (pd.DataFrame([[0.0, None]]), "missing values"),
    "text": ([["0.5"]], "numbers"),
    "complex": (READINGS + 0j, "complex"),
    "truth values": (READINGS > 0, "truth values"),
    "dates": (np.array([["2020-01-01"]], "M8[D]"), "dates"),
    "not finite": ([[0.0, np.inf]], r"observation inf at \(task, time\) = \(0, 1\)"),
    "flat": ([0.0, 1.0], r"shape \(task, time\)"),
    "empty": (np.zeros((2, 0)), r"shape \(task, time\)"),
    "one axis too many": (np.zeros((2, 3, 1)), r"shape \(task, time\)"),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
@pytest.mark.parametrize(("rows", "reason"), WRONG_ROWS.values(), ids=WRONG_ROWS)
def test_every_reader_of_sequences_refuses_what_they_are_not(read, rows, reason):
    with pytest.raises(ValueError, match=reason) as error:
        read(rows)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("read", [bayesopt.predict_regression, bayesopt.filter_pairs, bayesopt.filter_posterior_means])
@pytest.mark.parametrize(
    ("inputs", "reason"),
    [(np.ma.array(PAIRS, mask=PAIRS > 1), "masked"), (PAIRS + 0j, "complex"), (PAIRS * np.nan, "finite; got nan at")],
    ids=["masked", "complex", "not finite"],
)
def test_every_reader_of_pairs_refuses_what_they_are_not(read, inputs, reason):
    for pair in ((inputs, PAIRS), (PAIRS, inputs)):
        with pytest.raises(ValueError, match=reason):
            read(LinearRegression(), *pair)


def test_outcomes_between_integers_are_refused_not_rounded():
    with pytest.raises(ValueError, match=r"observation 0.5 at .* outside the support of BetaBernoulli: 0 or 1"):
        bayesopt.predict_sequence(BetaBernoulli(), [[0.5]])
    with pytest.raises(ValueError, match="outside the support of DirichletCategorical: an integer from 0 to 2"):
        bayesopt.predict_sequence(DirichletCategorical(), np.array([[2**63 + 5]], np.uint64))


COUNTS = [np.int64(3), np.array(3), jnp.array(3), torch.tensor(3)]


@pytest.mark.parametrize("count", COUNTS, ids=lambda count: type(count).__module__)
def test_sizes_of_every_library(count):
    assert bayesopt.sample_sequences(BetaBernoulli(), KEY, num_tasks=count, length=count).observations.shape == (3, 3)
    assert bayesopt.sample_tabular_tasks(ForagingGrid(), KEY, num_tasks=count).reward.shape[0] == 3


@pytest.mark.slow
@pytest.mark.parametrize("count", COUNTS, ids=lambda count: type(count).__module__)
def test_sizes_of_every_library_for_every_kind_of_task(count):
    pairs = bayesopt.sample_regressions(LinearRegression(), KEY, num_tasks=count, length=count)
    given = bayesopt.sample_regressions_given(LinearRegression(), pairs.latents, KEY, length=count)
    assert pairs.inputs.shape == given.inputs.shape == (3, 3, 5)
    tables = bayesopt.sample_reward_tables(BernoulliBandit(), KEY, num_tasks=count, length=count)
    assert bayesopt.play(heuristics.uniform_agent(2), tables, KEY).actions.shape == (3, 3)
    shown = bayesopt.sample_contextual_tables(ContextualBandit(), KEY, num_tasks=count, length=count)
    assert shown.contexts.shape == (3, 3)


@pytest.mark.parametrize("bad", [0, -1, 2.5, "3", True, None, np.nan, [3], 10**30], ids=repr)
def test_sizes_that_are_none_are_refused(bad, without_shape_checker):
    for sizes in ({"num_tasks": bad, "length": 3}, {"num_tasks": 3, "length": bad}):
        name = next(name for name, size in sizes.items() if size is bad)
        with pytest.raises(ValueError, match=f"{name} must be an integer"):
            bayesopt.sample_sequences(BetaBernoulli(), KEY, **sizes)


@pytest.mark.parametrize("bad", [0, None, jax.random.split(KEY, 3), np.zeros(2)], ids=["seed", "None", "keys", "array"])
def test_what_is_no_key_is_refused(bad, without_shape_checker):
    tables = bayesopt.RewardTables({}, np.zeros((1, 1, 2)))
    for draw in (
        lambda: bayesopt.sample_sequences(BetaBernoulli(), bad, num_tasks=1, length=1),
        lambda: bayesopt.play(heuristics.uniform_agent(2), tables, bad),
    ):
        with pytest.raises(ValueError, match="key must be one JAX key; got"):
            draw()


def test_old_keys_are_keys():
    drawn = bayesopt.sample_sequences(BetaBernoulli(), jax.random.PRNGKey(0), num_tasks=1, length=2)
    assert drawn.observations.shape == (1, 2)


@pytest.mark.parametrize(
    "form", [np.float32, np.array, torch.tensor, jnp.asarray], ids=["NumPy", "0-d", "torch", "JAX"]
)
def test_planning_takes_numbers_of_every_library(form, without_shape_checker):
    half, one, three = form(0.5), form(1), form(3)
    assert (
        solve_bernoulli_bandit([[one, one]], three, discount=half).value
        == solve_bernoulli_bandit([[1, 1]], 3, discount=0.5).value
    )
    expected = solve_gaussian_bandit([0, 0], [1, 1], 3, observation_scale=0.5).value
    assert solve_gaussian_bandit([0, 0], [one, one], three, observation_scale=half).value == expected
    assert (
        plan_of(BernoulliBandit(), horizon=three, discount=half).value
        == plan_of(BernoulliBandit(), horizon=3, discount=0.5).value
    )
    assert finite_horizon_index(one, one, three) == finite_horizon_index(1, 1, 3)
    assert bernoulli_gittins_index(one, one, half).index == bernoulli_gittins_index(1, 1, 0.5).index
    assert normal_gittins_index(one, half).index == normal_gittins_index(1, 0.5).index
    arm = {"lifetime": three, "prior_scale": one, "reward_scale": half}
    plain = {"lifetime": 3, "prior_scale": 1.0, "reward_scale": 0.5}
    assert commit_value(one, **arm) == commit_value(1, **plain)
    assert solve_stopping_problem(**arm).value == solve_stopping_problem(**plain).value
    assert sequential_edge(lifetime=three, reward_scale=half) == sequential_edge(lifetime=3, reward_scale=0.5)


MASKED_PRIOR = np.ma.array([[1.0, 1.0]], mask=[[True, False]])


@pytest.mark.parametrize(
    "plan",
    [
        lambda: solve_bernoulli_bandit(MASKED_PRIOR, 3),
        lambda: solve_gaussian_bandit(MASKED_PRIOR[0], [1.0, 1.0], 3),
        lambda: finite_horizon_index(MASKED_PRIOR, 1.0, 3),
        lambda: normal_gittins_index(MASKED_PRIOR, 0.5),
        lambda: commit_value(1, lifetime=3, prior_scale=MASKED_PRIOR, reward_scale=1.0),
        lambda: heuristics.oracle_agent(MASKED_PRIOR),
        lambda: half_times(MASKED_PRIOR, [0.0]),
        lambda: staggering(MASKED_PRIOR),
        lambda: area_between(MASKED_PRIOR, MASKED_PRIOR, [0.0]),
        lambda: procrustes_disparity(MASKED_PRIOR, MASKED_PRIOR),
        lambda: Recoveries(MASKED_PRIOR[None, None], np.ones((1, 2))),
        lambda: Poles(MASKED_PRIOR, np.arange(2)),
    ],
)
def test_masks_are_refused_everywhere(plan, without_shape_checker):
    with pytest.raises(ValueError, match="masked entries; got 1 of"):
        plan()


def test_curves_in_every_form_have_the_same_half_times(without_shape_checker):
    curves, times = np.array([[0.0, 0.25], [1.0, 0.75]]), np.array([0.0, 2.0])
    for form in (np.ndarray.tolist, torch.tensor, jnp.asarray):
        np.testing.assert_array_equal(half_times(form(curves), form(times)), [1.0, 1.0])
    recoveries = Recoveries(torch.ones(1, 2, 3, 2), [[1, 1], [2, 2]])
    assert recoveries.overlaps.dtype == recoveries.strengths.dtype == np.float64


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bayesopt.sample_sequences(BernoulliBandit(), KEY, num_tasks=1, length=1), "needs a prediction family"),
        (lambda: bayesopt.sample_reward_tables(BetaBernoulli(), KEY, num_tasks=1, length=1), "needs a bandit family"),
        (lambda: bayesopt.predict_sequence(LinearRegression(), FLIPS), "LinearRegression, a regression family"),
        (lambda: bayesopt.predict_regression(GammaExponential(), PAIRS, PAIRS), "needs a regression family"),
        (lambda: sample_posterior(LinearRegression(), PAIRS, KEY), "sample_posterior needs a prediction family"),
    ],
)
def test_families_of_another_kind_are_named(call, message, without_shape_checker):
    with pytest.raises(TypeError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


class ModelOnly(AbstractRegressionFamily):
    """A regression without beliefs: nothing here can give its posterior."""

    is_exchangeable = True

    def model(self, inputs=None, targets=None, *, length):
        raise NotImplementedError


def test_what_is_not_there_is_not_promised():
    """NUTS draws posteriors of sequences only, so the remedy for a regression does not name it."""
    with pytest.raises(NotImplementedError, match="Add the methods prior_belief, update_with_pair") as error:
        bayesopt.predict_regression(ModelOnly(), PAIRS, PAIRS)
    assert "mcmc" not in str(error.value)
