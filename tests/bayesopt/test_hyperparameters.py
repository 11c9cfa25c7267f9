"""Hyper-parameters hold Python numbers, whatever they were given as; what float64 cannot compute with is refused."""

import pickle
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import torch

from bayesopt import AbstractPredictionFamily, predict_sequence, sample_sequences
from bayesopt.families import (
    BernoulliBandit,
    BetaBernoulli,
    ContextualBandit,
    CorrelatedBandit,
    DirichletCategorical,
    FixedArmBandit,
    ForagingGrid,
    FunctionRegression,
    GammaExponential,
    GaussianBandit,
    LinearRegression,
    NormalNormal,
)
from bayesopt.hyperparameters import require_count, require_finite, require_positive

EQUAL = [
    (BetaBernoulli(2.0, 1.0), lambda: BetaBernoulli(2, 1)),
    (BetaBernoulli(2.0, 1.0), lambda: BetaBernoulli(np.int64(2), np.float32(1))),
    (BetaBernoulli(2.0, 1.0), lambda: BetaBernoulli(torch.tensor(2.0, requires_grad=True), jnp.array(1))),
    (BetaBernoulli(2.0, 1.0), lambda: BetaBernoulli(*pd.Series([2, 1]))),
    (NormalNormal(0.0, 2.0, 1.0), lambda: NormalNormal(-0.0, np.float32(2), np.int32(1))),
    (GammaExponential(2.0, 3.0), lambda: GammaExponential(np.array(2), np.uint8(3))),
    (DirichletCategorical((1.0, 2.0)), lambda: DirichletCategorical([1, 2])),
    (DirichletCategorical((1.0, 2.0)), lambda: DirichletCategorical(np.array([1, 2], dtype=">i4"))),
    (DirichletCategorical((1.0, 2.0)), lambda: DirichletCategorical(torch.tensor([1, 2]))),
    (BernoulliBandit((1.0, 2.0), (3.0, 4.0)), lambda: BernoulliBandit(np.array([1, 2]), [3, np.int8(4)])),
    (GaussianBandit((0.0, 1.0), (1.0, 2.0), 3.0), lambda: GaussianBandit([0, 1], np.arange(1, 3), 3)),
    (CorrelatedBandit(probe_flips=20), lambda: CorrelatedBandit(1, 1, np.int64(20), np.float64(0.02))),
    (CorrelatedBandit(probe_flips=20), lambda: CorrelatedBandit(probe_flips=20.0)),
    (ContextualBandit(3, 4, is_bijective=True), lambda: ContextualBandit(np.int32(3), 4.0, is_bijective=np.True_)),
    (ForagingGrid(side=5), lambda: ForagingGrid(np.int16(5), 1, 3, 6)),
    (
        FunctionRegression((0, 2), (0.5, 1.0), 1.0),
        lambda: FunctionRegression(np.array([0, 2]), np.array([0.5, 1], np.float32), 1),
    ),
    (
        LinearRegression((1.0,), (2.0,), (3.0,), 1.0),
        lambda: LinearRegression([1], np.array([2]), pd.Series([3]), 1),
    ),
]


@pytest.mark.parametrize(("family", "make"), EQUAL, ids=[repr(family) for family, _ in EQUAL])
def test_equal_values_make_equal_families(family, make, without_shape_checker):
    same = make()
    assert same == family and hash(same) == hash(family) and repr(same) == repr(family)
    assert pickle.loads(pickle.dumps(same)) == family and replace(same) == family


@dataclass(frozen=True)
class Mine(AbstractPredictionFamily):
    """A family of a user, whose checks are those of the package."""

    rate: float = 1.0
    shifts: tuple[float, ...] = (0.0, 1.0)
    sizes: "tuple[int, ...]" = (1, 2)
    steps: int = 3
    whatever: object = 1.0

    def __post_init__(self):
        require_positive(self, "rate")
        require_finite(self, "shifts")
        require_count(self, "sizes", least=1)
        require_positive(self, "steps")
        require_positive(self, "whatever")

    def model(self, observations=None, *, length):
        raise NotImplementedError


def test_families_of_users_hold_python_numbers_too(without_shape_checker):
    mine = Mine(np.float32(2), [np.int64(0), 1], np.array([1, 2]), np.int64(3), [1, 2])
    assert mine == Mine(2.0, (0.0, 1.0), (1, 2), 3, (1.0, 2.0))
    kinds = [type(part) for part in (mine.rate, *mine.shifts, *mine.sizes, mine.steps)]
    assert kinds == [float, float, float, int, int, int]


def test_numbers_inside_a_transformation_pass(without_shape_checker):
    def mean(rate):
        return BetaBernoulli(rate, 1.0).prior_belief().concentration1

    assert jax.jit(mean)(2.0) == 2.0 and jax.grad(mean)(2.0) == 1.0
    assert jax.vmap(lambda a, b: NormalNormal(a, b).prior_belief().loc)(jnp.ones(2), jnp.ones(2)).shape == (2,)
    assert jax.jit(lambda a: DirichletCategorical((a, 1.0)).prior_belief().concentration.sum())(2.0) == 3.0


WRONG = [
    (lambda: BetaBernoulli("2"), "BetaBernoulli: concentration1 must be a finite number > 0; got '2'"),
    (lambda: BetaBernoulli(True), "got True"),
    (lambda: BetaBernoulli(None), "got None"),
    (lambda: BetaBernoulli((1.0, 2.0)), r"a finite number > 0; got \(1.0, 2.0\)"),
    (lambda: BetaBernoulli(1e-320, 1e-320), "from 1e-100 to 1e\\+100 in absolute value .* got 1e-320"),
    (lambda: GammaExponential(1.0, 1e308), "rate must be from 1e-100"),
    (lambda: NormalNormal(1e300), "loc must be from 1e-100"),
    (lambda: NormalNormal(1e6, 1e-6), "scale must be at least 1e-10 times loc, which is 1e\\+06 .* got 1e-06"),
    (lambda: NormalNormal(0.0, 1e12, 1.0), "observation_scale must be at least 1e-10 times the larger"),
    (lambda: GaussianBandit((0.0, 1e12)), "scale must be at least"),
    (lambda: GaussianBandit((0.0,), (1e12,)), "observation_scale must be at least"),
    (lambda: LinearRegression(noise_scale=1e-7), "noise_scale must be at least 1e-06 times the standard deviation"),
    (lambda: LinearRegression((1e80,), (1e80,), (1.0,)), "output_scales times weight_scales must be from"),
    (lambda: FunctionRegression(noise_scale=1e-7), "noise_scale must be at least 1e-06 times"),
    (lambda: FixedArmBandit(1e-60, 1e60), "prior_scale / reward_scale must be from"),
    (lambda: CorrelatedBandit(probe_reward=1e-9), "probe_reward must be at least 1e-06"),
    (lambda: CorrelatedBandit(probe_flips=2.5), "probe_flips must be an integer of at least 0; got 2.5"),
    (lambda: ContextualBandit(is_bijective=1), "is_bijective must be True or False; got 1"),
    (lambda: DirichletCategorical(2.0), "a non-empty tuple of finite numbers > 0; got 2.0"),
    (lambda: DirichletCategorical(np.ones((2, 2))), r"got a numpy ndarray of shape \(2, 2\)"),
    (lambda: BernoulliBandit(1.0, 1.0), "a non-empty tuple"),
    (lambda: FunctionRegression((0, 1.5), (1.0, 1.0)), "frequencies must be a non-empty tuple of integers"),
]


@pytest.mark.parametrize(("make", "message"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_what_no_family_can_be_made_of_is_refused(make, message, without_shape_checker):
    with pytest.raises(ValueError, match=message) as error:
        make()
    assert "\n" not in str(error.value)


EXTREME = [
    BetaBernoulli(1e-100, 1e-100),
    NormalNormal(1e100, 1e100, 1e100),
    NormalNormal(0.0, 1e-100, 1e100),
]
MORE_EXTREME = [
    BetaBernoulli(1e-100, 1e100),
    BetaBernoulli(1e100, 1e100),
    DirichletCategorical((1e-100, 1.0, 1e100)),
    GammaExponential(1e100, 1e-100),
    GammaExponential(1.0, 1e100),
    NormalNormal(0.0, 1e-100, 1e-100),
    NormalNormal(0.0, 1e10, 1.0),
]


@pytest.mark.parametrize(
    "family", [*EXTREME, *(pytest.param(family, marks=pytest.mark.slow) for family in MORE_EXTREME)], ids=repr
)
def test_the_ends_of_the_allowed_range_work(family):
    """The chain of predictives of drawn observations is finite, and sums to 1 where outcomes are few."""
    drawn = sample_sequences(family, jax.random.key(0), num_tasks=20, length=4).observations
    assert np.isfinite(predict_sequence(family, drawn).log_prob(drawn)).all()


def test_draws_beyond_float64_are_refused():
    """Rates of Gamma(1e-3) are often below 1e-308, and waiting times then infinite."""
    with pytest.raises(ValueError, match=r"draws of GammaExponential.* must be finite; got inf at site 'observations'"):
        sample_sequences(GammaExponential(1e-3), jax.random.key(0), num_tasks=100, length=2)


def test_observations_that_overflow_a_belief_are_refused():
    with pytest.raises(
        ValueError, match="must be numbers; got NaN, because its hyper-parameters or these observations"
    ):
        predict_sequence(NormalNormal(), [[1.7e308, -1.7e308, 1.7e308, 0.0]])
