"""Policy gradients and returns: exact where all that can happen can be listed."""

import itertools
import math

import pytest
import torch

from metalearners import (
    ClippedSurrogate,
    HindsightBaseline,
    PolicyGradient,
    RealTrialEncoding,
    ReinforcementConfig,
    ValueBaseline,
)
from metalearners.advantages import discounted_sums, lambda_returns, remaining_weights
from metalearners.baselines import build_baseline
from metalearners.network import seeded
from metalearners.policy import RollOut, roll_out
from metalearners.reinforcement import action_uniforms, policy_loss, returns_of
from metalearners.surrogates import all_actions_surrogate, clipped_surrogate, policy_gradient_surrogate
from tests.metalearners.policies import BASELINES, SMALL, bernoulli_stream, fresh_policy, plain_tables


@pytest.mark.parametrize("discount", [1.0, 0.9])
@pytest.mark.parametrize("trace_decay", [0.0, 0.7, 1.0])
def test_returns_are_generalised_advantages_plus_baselines(discount, trace_decay):
    rewards, baselines = torch.randn(2, 3, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    returns = lambda_returns(rewards, baselines, discount=discount, trace_decay=trace_decay)
    for task, time in itertools.product(range(3), range(6)):
        advantage = 0.0
        for later in range(time, 6):
            after = baselines[task, later + 1] if later < 5 else 0.0
            surprise = rewards[task, later] + discount * after - baselines[task, later]
            advantage += (discount * trace_decay) ** (later - time) * surprise
        assert returns[task, time].item() == pytest.approx((advantage + baselines[task, time]).item(), abs=1e-12)


def test_sums_to_the_end():
    assert discounted_sums(torch.tensor([[1.0, 2.0, 4.0]]), 0.5).tolist() == [[3.0, 4.0, 4.0]]
    assert remaining_weights(3, 1.0).tolist() == [3.0, 2.0, 1.0]


HORIZON = 3
LATENTS = torch.tensor([[0.2, 0.8], [0.7, 0.4]])  # two equally likely tasks of two Bernoulli arms


def everything(policy):
    """All tasks, tables and actions; the probability of task and table; and what the policy would have been fed."""
    tables = torch.tensor(list(itertools.product([0.0, 1.0], repeat=HORIZON * 2))).reshape(-1, HORIZON, 2)
    actions = torch.tensor(list(itertools.product([0, 1], repeat=HORIZON)))
    task, table, action = torch.meshgrid(*(torch.arange(n) for n in (2, len(tables), len(actions))), indexing="ij")
    rewards, actions = tables[table.flatten()], actions[action.flatten()]
    means = LATENTS[task.flatten()][:, None].expand(-1, HORIZON, -1)
    table_probs = 0.5 * torch.where(rewards > 0, means, 1 - means).prod(dim=2).prod(dim=1)
    collected = rewards.gather(2, actions[..., None])[..., 0]
    later = [policy.encoding(actions[:, t], collected[:, t], t + 1) for t in range(HORIZON - 1)]
    inputs = torch.stack([torch.zeros_like(later[0]), *later], dim=1)
    with torch.no_grad():
        log_probs, values = policy(inputs)
    rolled = RollOut(inputs, torch.zeros_like(actions), actions, collected, log_probs.double().exp(), values)
    return plain_tables(rewards, means), rolled, table_probs


def gradient(policy, objective):
    return torch.cat([g.flatten() for g in torch.autograd.grad(objective, policy.network.core.parameters())])


def exact_gradient(policy, rolled, table_probs, discount):
    """That of the expected discounted return of drawn rewards, through the probabilities of all action sequences."""
    log_probs = policy(rolled.inputs)[0].gather(2, rolled.actions[..., None])[..., 0]
    returns = (rolled.collected_rewards * discount ** torch.arange(HORIZON)).sum(dim=1)
    return gradient(policy, (table_probs * log_probs.sum(dim=1).exp() * returns).sum())


@pytest.mark.parametrize("are_means_known", [True, False], ids=["means", "drawn"])
@pytest.mark.parametrize("discount", [1.0, 0.8])
@pytest.mark.parametrize("baseline", BASELINES, ids=["value", "hindsight"])
def test_the_expected_gradient_is_that_of_the_return(are_means_known, discount, baseline):
    policy = fresh_policy(RealTrialEncoding(2, HORIZON), hidden_size=4)
    config = ReinforcementConfig(horizon=HORIZON, discount=discount, baseline=baseline)
    tables, rolled, table_probs = everything(policy)
    if not are_means_known:
        tables = tables._replace(expected_rewards=tables.rewards)
    with seeded(0):
        baseline = build_baseline(policy.encoding, config)
    returns = returns_of(tables, rolled, baseline(tables, rolled).baselines, config)
    log_probs = policy(rolled.inputs)[0].gather(2, rolled.actions[..., None])[..., 0]
    probs = table_probs * returns.old_log_probs.sum(dim=1).exp()
    assert probs.sum().item() == pytest.approx(1.0, abs=1e-5)
    surrogate = policy_gradient_surrogate(log_probs, returns.advantages).sum(dim=1)
    ours = gradient(policy, (probs * surrogate).sum())
    exact = exact_gradient(policy, rolled, table_probs, discount)
    assert exact.norm() > 1e-2
    torch.testing.assert_close(ours, exact, atol=2e-6, rtol=1e-4)


def test_hindsight_and_known_means_lower_the_variance():
    policy = fresh_policy(RealTrialEncoding(2, HORIZON), hidden_size=4)
    tables, rolled, table_probs = everything(policy)
    probs = table_probs * rolled.action_probs.gather(2, rolled.actions[..., None]).prod(dim=1)[:, 0]
    squares = {}
    for name, baseline, means in [
        ("plain", ValueBaseline(), tables.rewards),
        ("means", ValueBaseline(), tables.expected_rewards),
        ("both", HindsightBaseline(), tables.expected_rewards),
    ]:
        config = ReinforcementConfig(horizon=HORIZON, baseline=baseline)
        told = tables._replace(expected_rewards=means)
        with seeded(0):
            baselines = build_baseline(policy.encoding, config)(told, rolled).baselines
        advantages = returns_of(told, rolled, baselines, config).advantages
        squares[name] = (probs[:, None] * advantages.square()).sum().item()
    assert squares["both"] < 0.8 * squares["means"] < 0.8 * squares["plain"], squares


def test_one_unclipped_epoch_of_ppo_is_a2c():
    policy = fresh_policy(RealTrialEncoding(2, SMALL.horizon))
    tables = bernoulli_stream(SMALL)(0)
    rolled = roll_out(policy, tables, action_uniforms(0, 0, 16, 5))
    gradients = []
    for surrogate in (PolicyGradient(), ClippedSurrogate(clip=math.inf, num_epochs=1)):
        config = ReinforcementConfig(horizon=SMALL.horizon, surrogate=surrogate)
        returns = returns_of(tables, rolled, build_baseline(policy.encoding, config)(tables, rolled).baselines, config)
        policy.zero_grad()
        returns = returns._replace(advantages=returns.returns - 2.5)
        gradients.append(gradient(policy, policy_loss(policy, rolled, returns, config, entropy_weight=0.1)))
    torch.testing.assert_close(gradients[1], gradients[0], atol=1e-6, rtol=1e-4)


def test_clipping_stops_gains_and_not_losses():
    log_probs = torch.tensor([[2.0, 0.5, 2.0, 0.5]]).log().requires_grad_()
    advantages = torch.tensor([[1.0, 1.0, -1.0, -1.0]])
    surrogate = clipped_surrogate(log_probs, torch.zeros(1, 4), advantages, 0.2)
    torch.testing.assert_close(surrogate, torch.tensor([[1.2, 0.5, -2.0, -0.8]]))
    surrogate.sum().backward()
    torch.testing.assert_close(log_probs.grad, torch.tensor([[0.0, 0.5, -2.0, 0.0]]))


def test_all_actions_ascend_every_trials_own_reward_with_less_variance():
    """Over all that can happen: as the gradient of what is sampled, trial by trial, but with a smaller spread."""
    policy = fresh_policy(RealTrialEncoding(2, HORIZON), hidden_size=4)
    tables, rolled, table_probs = everything(policy)
    with torch.no_grad():  # of a policy that prefers an arm: between two equally likely arms the spreads are the same
        logits = policy(rolled.inputs)[0] + torch.tensor([0.5, -0.5])
    logits.requires_grad_()
    log_probs = torch.log_softmax(logits, dim=-1)
    chosen = log_probs.gather(2, rolled.actions[..., None])[..., 0]
    probs = table_probs * chosen.detach().sum(dim=1).exp()
    own = tables.expected_rewards.gather(2, rolled.actions[..., None])[..., 0]
    best_guess = (log_probs.exp() * tables.expected_rewards).sum(dim=-1).detach()  # the baseline of least variance
    means, spreads = [], []
    for surrogate in (
        policy_gradient_surrogate(chosen, own - best_guess),
        all_actions_surrogate(log_probs, tables.expected_rewards),
    ):
        (gradients,) = torch.autograd.grad(surrogate.sum(), logits, retain_graph=True)
        means.append(torch.einsum("e,eta->ta", probs, gradients))
        spreads.append(torch.einsum("e,eta->t", probs, (gradients - means[-1]).square()))
    assert (means[0].norm(dim=1) > 1e-2).all()
    torch.testing.assert_close(means[1], means[0], atol=1e-6, rtol=1e-4)
    assert (spreads[1] < 0.9 * spreads[0]).all(), spreads
