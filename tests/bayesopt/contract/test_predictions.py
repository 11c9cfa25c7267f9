"""The checks of prediction tasks catch the families that they are for; on many tasks, correct families pass."""

from dataclasses import dataclass
from typing import ClassVar

import jax.numpy as jnp
import numpyro
import numpyro.distributions as dist
import pytest

from bayesopt import contract
from bayesopt.conjugate import LinearGaussianBelief, NormalBelief
from bayesopt.contract import predictions
from bayesopt.families import LinearRegression
from tests.bayesopt.contract.readings import Readings


class OutsideItsPlate(Readings):
    def model(self, observations=None, *, length):
        mean = numpyro.sample("mean", dist.Normal(self.loc, self.scale))
        numpyro.sample("observations", dist.Normal(mean, 1.0), obs=observations)


class MisnamedLatent(Readings):
    def posterior(self, belief):
        return {"loc": dist.Normal(belief.loc, belief.precision**-0.5)}


class AnotherPrior(Readings):
    def prior_belief(self):
        return NormalBelief(jnp.zeros((), float), jnp.ones((), float))


class Leaky(dist.Normal):
    def log_prob(self, value, intermediates=None):
        return super().log_prob(value) - 1e-6


class UnnormalisedPredictive(Readings):
    def posterior_predictive(self, belief):
        return Leaky(belief.loc, (1 + 1 / belief.precision) ** 0.5)


class DoubleCounts(Readings):
    def update(self, belief, observation):
        return super().update(super().update(belief, observation), observation)


class PredictsFromThePosteriorMean(Readings):
    def posterior_predictive(self, belief):
        return dist.Normal(belief.loc, 1.0)


class Forgets(Readings):
    """Its posterior is the prior, so its ranks of the mean alone are uniform."""

    def update(self, belief, observation):
        return belief


class FavoursTheLatest(Readings):
    def update(self, belief, observation):
        return super().update(NormalBelief(belief.loc, 0.9 * belief.precision), observation)


@pytest.mark.parametrize(
    ("broken", "check", "message"),
    [
        (OutsideItsPlate, predictions.check_runs_forward, "inside a plate of size length"),
        (MisnamedLatent, predictions.check_posterior_sites, r"exactly the latent sites \['mean'\]; got \['loc'\]"),
        (AnotherPrior, predictions.check_prior_predictive, "not what the model draws"),
        (UnnormalisedPredictive, predictions.check_predictive_is_normalised, "must add up to 1 .* miss it by 1e-06"),
        (DoubleCounts, predictions.check_chain_rule, "the posterior is wrong"),
        (PredictsFromThePosteriorMean, predictions.check_chain_rule, "the predictive is wrong"),
        (Forgets, predictions.check_calibration, "log joint density"),
        (FavoursTheLatest, predictions.check_exchangeability, "is_exchangeable = False"),
        (DoubleCounts, predictions.check_nuts_agreement, "must be within 5 Monte-Carlo errors of NUTS"),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_check_catches(broken, check, message):
    with pytest.raises(AssertionError, match=message):
        check(broken())


@dataclass(frozen=True)
class LastSymbolMatters(Readings):
    is_exchangeable: ClassVar[bool] = False


def test_order_is_not_checked_where_it_matters():
    with pytest.raises(contract.NotApplicable, match="order matters"):
        predictions.check_exchangeability(LastSymbolMatters())


# --- regressions ------------------------------------------------------------------------------------------------------


class CountsPairsTwice(LinearRegression):
    def update_with_pair(self, belief, inputs, targets):
        return super().update_with_pair(super().update_with_pair(belief, inputs, targets), inputs, targets)


class PredictsFromTheMeanWeights(LinearRegression):
    def target_predictive(self, belief, inputs):
        return dist.Normal(belief.loc @ inputs, self.noise_scale).to_event(1)


class FavoursTheLatestPair(LinearRegression):
    def update_with_pair(self, belief, inputs, targets):
        widened = LinearGaussianBelief(belief.loc, 1.1 * belief.covariance)
        return super().update_with_pair(widened, inputs, targets)


@dataclass(frozen=True)
class OrderOfPairsMatters(LinearRegression):
    is_exchangeable: ClassVar[bool] = False


@pytest.mark.parametrize(
    ("broken", "check", "message"),
    [
        (CountsPairsTwice, predictions.check_chain_rule, "the posterior is wrong"),
        (PredictsFromTheMeanWeights, predictions.check_chain_rule, "the predictive is wrong"),
        (FavoursTheLatestPair, predictions.check_pair_exchangeability, "observations in another order differ"),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_checks_catch_a_broken_regression(broken, check, message):
    with pytest.raises(AssertionError, match=message):
        check(broken((1.0, 1.0), (1.0,), (1.0, 1.0)))


def test_order_of_pairs_is_not_checked_where_it_matters():
    with pytest.raises(contract.NotApplicable, match="order matters"):
        predictions.check_pair_exchangeability(OrderOfPairsMatters())
