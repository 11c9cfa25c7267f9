"""The checks of contextual bandits, on the law that the default family does not have, and on broken families."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from bayesopt.contract import contexts, predictions
from bayesopt.families import ContextualBandit


@pytest.mark.parametrize(
    "check",
    [
        predictions.check_posterior_sites,
        predictions.check_prior_predictive,
        predictions.check_chain_rule,
        predictions.check_calibration,
        contexts.check_context_methods,
        contexts.check_greedy_value,
        contexts.check_greedy_play,
    ],
)
def test_different_targets_keep_the_contract(check):
    assert check(ContextualBandit(3, 4, is_bijective=True))


@dataclass(frozen=True)
class SwapsArms(ContextualBandit):
    def correct_arm_probs(self, belief):
        return super().correct_arm_probs(belief)[:, :, ::-1]


@dataclass(frozen=True)
class NeverKnows(ContextualBandit):
    def correct_arm_probs(self, belief):
        return np.full((len(belief.is_possible), self.num_contexts, self.num_arms), 1 / self.num_arms)


@dataclass(frozen=True)
class ForgetsFailures(ContextualBandit):
    def update_context_arm(self, belief, context, arm, reward):
        after = super().update_context_arm(belief, context, arm, reward)
        return jax.tree.map(lambda new, old: jnp.where(reward == 1, new, old), after, belief)


@pytest.mark.parametrize(
    ("broken", "check", "message"),
    [
        (ForgetsFailures(3, 4), predictions.check_chain_rule, "the posterior is wrong"),
        (SwapsArms(3, 4), contexts.check_context_methods, "posterior draws give"),
        (NeverKnows(3, 4), contexts.check_greedy_value, "exhaustive planning"),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_checks_catch_what_they_are_for(broken, check, message):
    with pytest.raises(AssertionError, match=message):
        check(broken)
