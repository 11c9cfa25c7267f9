"""What the agents without a network are told about a family."""

import pytest

from bayesopt.families import FixedArmBandit, GaussianBandit
from comparisons.decisions.references import reward_scale


def test_reward_scale_of_ucb1_is_that_of_arms_that_vary():
    """Twice the spread within a task: 16 rewards have a median spread of 0.95 of the noise's, ± 0.01."""
    for family in (GaussianBandit(observation_scale=3.0), FixedArmBandit(prior_scale=5.0, reward_scale=3.0)):
        assert reward_scale(family) == pytest.approx(2 * 3 * 0.95, rel=0.02)
