"""Gradients of stacks: exact where all that can happen can be listed; and the loss, term by term."""

import itertools
import math

import pytest
import torch

from metalearners import RealTrialEncoding
from metalearners.actor_critic import TaskBatch, per_network, train_stack, trial_losses
from metalearners.actor_critic_configs import InformedCritic, OwnCritic
from metalearners.critics import build_critic
from metalearners.network import seeded
from metalearners.policy import RecurrentPolicy, RollOut, roll_out
from metalearners.reinforcement import action_uniforms
from metalearners.schedules import Constant, GeometricBelowOne, Linear
from metalearners.stacked_lstm import stack_of
from metalearners.worlds import RewardTables
from tests.metalearners.stacks import (
    BATCH,
    CRITIC_IDS,
    LIFETIME,
    NETWORK,
    NUM_NETWORKS,
    SMALL,
    bandits,
    fresh_policy,
    settings,
    walks,
)

HORIZON = 3
SURE = 0.8
"""How likely arm 1 pays 1 in a good task, and -1 in a bad one; else the other. Good are three tasks of ten."""


def everything(policy):
    """All tasks, tables and actions of a tiny bandit; the probability of task and table; and what would be fed."""
    tables = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=HORIZON)))
    actions = torch.tensor(list(itertools.product([0, 1], repeat=HORIZON)))
    task, table, action = torch.meshgrid(*(torch.arange(n) for n in (2, len(tables), len(actions))), indexing="ij")
    is_good, paid, actions = task.flatten() == 1, tables[table.flatten()], actions[action.flatten()]
    is_typical = (paid > 0) == is_good[:, None]
    table_probs = torch.where(is_good, 0.3, 0.7) * torch.where(is_typical, SURE, 1 - SURE).prod(dim=1)
    means = torch.where(is_good, 1.0, -1.0)[:, None].expand(-1, HORIZON) * (2 * SURE - 1)
    rewards, expected = (torch.stack([torch.zeros_like(arm), arm], dim=2) for arm in (paid, means))
    collected = rewards.gather(2, actions[..., None])[..., 0]
    later = [policy.encoding(actions[:, t], collected[:, t], t + 1) for t in range(HORIZON - 1)]
    inputs = torch.stack([torch.zeros_like(later[0]), *later], dim=1)
    with torch.no_grad():
        log_probs, values = policy(inputs)
    contexts = torch.zeros_like(actions)
    rolled = RollOut(inputs, contexts, actions, collected, log_probs.double().exp(), values)
    return RewardTables(contexts, rewards, expected), rolled, table_probs


def gradient(policy, objective):
    parameters = [parameter for parameter in policy.parameters() if parameter.requires_grad]
    found = torch.autograd.grad(objective, parameters, allow_unused=True)
    pairs = zip(parameters, found, strict=True)
    return torch.cat([torch.zeros(p.numel()) if g is None else g.flatten() for p, g in pairs])


def exact_gradient(policy, rolled, table_probs, discount):
    """Of the expected return of every trial, as the action there is drawn from more or less likely arms.

    Undiscounted, the sum over trials is the gradient of the expected return of whole lifetimes.
    """
    log_probs = policy(rolled.inputs)[0].gather(2, rolled.actions[..., None])[..., 0]
    if discount == 1:
        return gradient(policy, (table_probs * log_probs.sum(dim=1).exp() * rolled.collected_rewards.sum(dim=1)).sum())
    total = 0.0
    for time in range(HORIZON):
        others = log_probs.detach().sum(dim=1) - log_probs.detach()[:, time]
        later = rolled.collected_rewards[:, time:]
        returns = (later * discount ** torch.arange(HORIZON - time)).sum(dim=1)
        total = total + (table_probs * (others + log_probs[:, time]).exp() * returns).sum()
    return gradient(policy, total)


@pytest.mark.parametrize("are_returns_expected", [True, False], ids=["means", "drawn"])
@pytest.mark.parametrize("discount", [1.0, 0.8])
@pytest.mark.parametrize("critic", [OwnCritic(0.0), InformedCritic(6, auxiliary_weight=0.0)], ids=CRITIC_IDS)
def test_the_expected_gradient_is_that_of_the_return(critic, discount, are_returns_expected):
    """Over all that can happen, no critic moves it; in units of rewards, and a mean over trials."""
    config = settings(
        discount=Constant(discount),
        entropy_weight=Constant(0.0),
        critic=critic,
        are_returns_expected=are_returns_expected,
        reward_unit=2.0,
    )
    policy = fresh_policy(RealTrialEncoding(2, HORIZON), num_networks=1)
    tables, rolled, table_probs = everything(policy)
    with seeded(0):
        critic = build_critic(policy, tables, config)
    found = trial_losses(policy, critic, tables, rolled, config, step=0)
    probs = table_probs * rolled.action_probs.gather(2, rolled.actions[..., None])[..., 0].prod(dim=1)
    assert probs.sum().item() == pytest.approx(1.0, abs=1e-5)
    losses = found.losses
    if isinstance(config.critic, InformedCritic):  # its own loss has a gradient in its own weights only
        assert torch.autograd.grad(losses.sum(), critic.parameters(), retain_graph=True)[0].any()
    ours = gradient(policy, (probs[:, None] * losses).sum())
    exact = exact_gradient(policy, rolled, table_probs, discount)
    assert exact.norm() > 1e-2
    torch.testing.assert_close(ours, -exact / 2.0, atol=2e-6, rtol=1e-4)


@pytest.mark.parametrize("critic", [OwnCritic(0.0), InformedCritic(6, auxiliary_weight=0.0)], ids=CRITIC_IDS)
def test_gradients_of_what_is_played_are_those_of_the_return(critic):
    """60 copies of a network, side by side, each on 200 lifetimes of its own: 60 independent gradients.

    Their mean agrees with the exact one within 4 standard errors, in the exact direction and in 20 random ones; of
    such t statistics with 59 degrees of freedom 21 in 5,000 fail.
    """
    config = settings(lifetime=HORIZON, entropy_weight=Constant(0.0), critic=critic, are_returns_expected=False)
    alone = fresh_policy(RealTrialEncoding(2, HORIZON), num_networks=1)
    _, rolled, table_probs = everything(alone)
    exact = -exact_gradient(alone, rolled, table_probs, 1.0) / HORIZON
    policy = RecurrentPolicy(stack_of([alone.network.state_dict()] * 60, NETWORK), alone.encoding)
    generator = torch.Generator().manual_seed(0)
    is_good = torch.rand(60 * 200, 1, generator=generator) < 0.3
    is_typical = torch.rand(60 * 200, HORIZON, generator=generator) < SURE
    paid = torch.where(is_typical == is_good, 1.0, -1.0)
    rewards = torch.stack([torch.zeros_like(paid), paid], dim=2)
    means = torch.where(is_good, 1.0, -1.0).expand(-1, HORIZON) * (2 * SURE - 1)
    expected = torch.stack([torch.zeros_like(means), means], dim=2)
    tables = RewardTables(torch.zeros_like(paid).long(), rewards, expected)
    with seeded(0):
        critic = build_critic(policy, tables, config)
    rolled = roll_out(policy, tables, action_uniforms(0, 0, 60 * 200, HORIZON))
    found = trial_losses(policy, critic, tables, rolled, config, step=0)
    per_network(found.losses, 60).sum().backward()
    gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in policy.parameters()]
    gradients = torch.cat([part.flatten(1) for part in gradients], dim=1)
    directions = torch.cat([exact[None], torch.randn(20, len(exact), generator=generator)])
    directions = directions / directions.norm(dim=1, keepdim=True)
    along = gradients @ directions.T
    errors = along.std(dim=0) / 60**0.5
    z = (along.mean(dim=0) - directions @ exact) / errors
    assert exact.norm() > 10 * errors[0]  # the comparison is of something
    assert z.abs().max() < 4, z


def test_the_loss_is_the_papers():
    """-log prob (R - V) + value weight (R - V)^2 - entropy weight H, of drawn rewards, by plain sums."""
    config = settings(
        num_steps=4,
        discount=GeometricBelowOne(0.4, 0.9),
        entropy_weight=Linear(1.0, 0.0),
        critic=OwnCritic(0.05),
        are_returns_expected=False,
    )
    tasks, encoding, _ = bandits(0)
    policy = fresh_policy(encoding)
    rolled = roll_out(policy, tasks, action_uniforms(0, 0, len(tasks.rewards), LIFETIME))
    found = trial_losses(policy, build_critic(policy, tasks, config), tasks, rolled, config, step=2)
    discount, entropy_weight = 1 - math.sqrt(0.6 * 0.1), 0.5
    for task, time in itertools.product(range(len(tasks.rewards)), range(LIFETIME)):
        probs, action = rolled.action_probs[task, time], int(rolled.actions[task, time])
        later = range(time, LIFETIME)
        paid = [float(tasks.rewards[task, t, rolled.actions[task, t]]) for t in later]
        advantage = sum(discount**k * r for k, r in enumerate(paid)) - float(rolled.values[task, time])
        entropy = -float((probs * probs.log()).sum())
        loss = -math.log(probs[action]) * advantage + 0.05 * advantage**2 - entropy_weight * entropy
        assert found.losses[task, time].item() == pytest.approx(loss, abs=1e-4)
        assert found.entropies[task, time].item() == pytest.approx(entropy, abs=1e-5)
        assert found.collected[task, time].item() == pytest.approx(paid[0])
    means = per_network(found.losses, NUM_NETWORKS)
    assert means[1].item() == pytest.approx(found.losses[BATCH : 2 * BATCH].mean().item(), abs=1e-6)


def test_the_penalty_is_the_divergence_of_the_policy_from_all_actions_alike():
    """KL(uniform || policy) by plain sums, in nats, weighted by its schedule."""
    tasks, encoding, _ = walks(0)
    policy = fresh_policy(encoding)
    rolled = roll_out(policy, tasks, action_uniforms(0, 0, tasks.num_tasks, LIFETIME))
    critic = build_critic(policy, tasks, SMALL)
    without, penalised = (
        trial_losses(policy, critic, tasks, rolled, settings(num_steps=4, uniform_weight=weight), step=2).losses
        for weight in (Constant(0.0), Linear(0.3, 0.1))
    )
    divergences = (0.5 * (0.5 / rolled.action_probs).log()).sum(dim=2)
    assert divergences.min() >= 0 and divergences.max() > 1e-4
    torch.testing.assert_close(penalised - without, 0.2 * divergences.float(), atol=2e-6, rtol=1e-4)


@pytest.mark.parametrize(("uniform_weight", "is_unlearned"), [(0.0, False), (0.05, True)])
def test_who_was_sure_too_early_unlearns_it_only_under_the_penalty(uniform_weight, is_unlearned):
    """Arm 1 pays 1 and arm 0 nothing, which the networks play with a probability of all but e^-20 at first.

    Nothing that pays is drawn then, in 100 updates of 24 trials, and a bonus on entropy is too flat to help.
    """
    tasks, encoding, _ = bandits(0)
    paid = torch.tensor([0.0, 1.0]).expand_as(tasks.rewards)
    batch = TaskBatch(tasks._replace(rewards=paid, expected_rewards=paid), encoding)
    policy = fresh_policy(encoding)
    with torch.no_grad():
        policy.network.readout_bias[..., 0] += 20.0
    config = settings(
        num_steps=100,
        learning_rate=0.1,
        max_gradient_norm=10.0,
        entropy_weight=Constant(0.05),
        uniform_weight=Linear(uniform_weight, 0.0),
    )
    record = train_stack(policy, lambda _: batch, config, seed=0)
    assert record.mean_rewards[0] < 1e-6
    assert (record.mean_rewards[-10:].mean() > 0.9) == is_unlearned
