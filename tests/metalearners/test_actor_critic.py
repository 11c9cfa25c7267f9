"""Stacks in training: every network as if it were alone, and each learns its own task."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from metalearners import RealTrialEncoding, actor_critic, runs
from metalearners.actor_critic import TaskBatch, train_stack
from metalearners.configs import StackedLSTMConfig
from metalearners.critics import build_critic
from metalearners.policy import RecurrentPolicy, roll_out
from metalearners.reinforcement import action_uniforms
from metalearners.schedules import Constant, GeometricBelowOne
from metalearners.stacked_lstm import member
from metalearners.worlds import RewardTables
from tests.metalearners.stacks import (
    BATCH,
    CRITIC_IDS,
    CRITICS,
    LIFETIME,
    NUM_NETWORKS,
    SMALL,
    bandits,
    fresh_policy,
    settings,
    walks,
    weights_of,
)


@pytest.mark.parametrize(
    ("lessons", "critic"),
    [(bandits, CRITICS[0]), (bandits, CRITICS[1]), (walks, CRITICS[1])],
    ids=["bandits, own", "bandits, informed", "walks, informed"],
)
def test_networks_trained_together_are_networks_trained_alone(monkeypatch, lessons, critic):
    """With the same tasks, luck and initial weights; in float64, and with gradients that are clipped."""
    config = settings(critic=critic, weight_decay=0.01, discount=GeometricBelowOne(0.4, 0.99), trace_decay=0.9)
    together = fresh_policy(lessons(0).encoding).double()
    members = [
        RecurrentPolicy(member(together.network, index).double(), together.encoding) for index in range(NUM_NETWORKS)
    ]
    untrained = together.network.state_dict()["hidden_weight"].clone()
    train_stack(together, lessons, config, seed=3)
    for index, alone in enumerate(members):
        block = slice(index * BATCH, (index + 1) * BATCH)

        def own_lessons(step, block=block):
            tasks, encoding, _ = lessons(step)
            return TaskBatch(type(tasks)(*(table[block] for table in tasks)), encoding)

        def own_uniforms(seed, step, num_tasks, horizon, block=block):
            return action_uniforms(seed, step, NUM_NETWORKS * num_tasks, horizon)[block]

        def own_critic(policy, tasks, config, index=index):
            all_of_them = build_critic(together, lessons(0).tasks, config)
            ours = build_critic(policy, tasks, config)
            ours.load_state_dict({name: part[index : index + 1] for name, part in all_of_them.state_dict().items()})
            return ours

        monkeypatch.setattr(actor_critic, "action_uniforms", own_uniforms)
        monkeypatch.setattr(actor_critic, "build_critic", own_critic)
        train_stack(alone, own_lessons, config, seed=3)
        monkeypatch.undo()
        for name, weights in member(together.network, index).double().state_dict().items():
            torch.testing.assert_close(alone.network.state_dict()[name], weights, atol=1e-5, rtol=1e-5)
        moved = (alone.network.hidden_weight[0] - untrained[index]).norm()
        assert moved > 0.05


def test_gradients_are_clipped_network_by_network():
    parameters = [nn.Parameter(torch.zeros(4, 1, 2)), nn.Parameter(torch.zeros(4, 1))]
    gradients = torch.tensor([[0.3, 0.0, 0.4], [3.0, 4.0, 12.0], [math.nan, 0.0, 0.0], [1.0, 0.0, 0.0]])
    parameters[0].grad, parameters[1].grad = gradients[:, None, :2].clone(), gradients[:, 2:].clone()
    runs._clip_each(parameters, 2.0, torch.tensor([True, True, True, False]))
    clipped = torch.cat([parameters[0].grad[:, 0], parameters[1].grad], dim=1)
    torch.testing.assert_close(clipped[:2], torch.tensor([[0.3, 0.0, 0.4], [6 / 13, 8 / 13, 24 / 13]]))
    assert clipped[2:].isnan().all()


@pytest.mark.parametrize(
    ("critic", "poison"),
    [(CRITICS[0], math.nan), (CRITICS[0], math.inf), (CRITICS[0], 1e30), (CRITICS[1], math.nan)],
    ids=["own, nan", "own, inf", "own, overflow", "informed, nan"],
)
def test_a_network_that_diverges_is_left_behind(critic, poison):
    """From the step on at which one network's rewards are no numbers, or too large to square; the others go on."""
    config = settings(critic=critic)

    def poisoned(step):
        tasks, encoding, _ = bandits(step)
        if step == 3:
            tasks.expected_rewards[BATCH : 2 * BATCH, :, 1] = poison
            tasks.expected_rewards[BATCH : 2 * BATCH, :, 0] = -poison
        return TaskBatch(tasks, encoding)

    healthy, spoiled = fresh_policy(bandits(0).encoding), fresh_policy(bandits(0).encoding)
    expected, record = train_stack(healthy, bandits, config, seed=1), train_stack(spoiled, poisoned, config, seed=1)
    for name, weights in weights_of(spoiled).items():
        assert torch.equal(weights[[0, 2]], weights_of(healthy)[name][[0, 2]]), name
        assert weights[1].isnan().all(), name
        assert weights_of(healthy)[name].isfinite().all()
    for measure, other in zip(record, expected, strict=True):
        assert np.isfinite(measure).all()
        np.testing.assert_array_equal(measure[:3], other[:3])
        assert (measure[3:] != other[3:]).any()


def test_measures_are_of_the_networks_that_are_left():
    """Of three networks the middle one starts with weights of NaN, and plays arm 0 for nothing."""
    policy, other = fresh_policy(bandits(0).encoding), fresh_policy(bandits(0).encoding)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter[1] = math.nan
    config = settings(num_steps=1, num_checkpoints=1)
    record = train_stack(policy, bandits, config, seed=1)
    tasks, other.encoding, _ = bandits(0)
    rolled = roll_out(other, tasks, action_uniforms(1, 0, tasks.num_tasks, LIFETIME))
    paid = tasks.expected_rewards.gather(2, rolled.actions[..., None])[..., 0].reshape(NUM_NETWORKS, -1).mean(dim=1)
    assert record.mean_rewards[0] == pytest.approx(paid[[0, 2]].mean().item(), abs=1e-6)
    entropies = -(rolled.action_probs * rolled.action_probs.log()).sum(dim=2).reshape(NUM_NETWORKS, -1).mean(dim=1)
    assert record.entropies[0] == pytest.approx(entropies[[0, 2]].mean().item(), abs=1e-5)


def test_lifetimes_may_change_in_the_course_of_training():
    """An update on lifetimes of 3 trials is that of training for 3; later ones are as long as configured."""
    tasks, encoding, _ = bandits(0)
    short = TaskBatch(RewardTables(*(table[:, :3] for table in tasks)), encoding, num_trials=3)
    changing, alone = fresh_policy(encoding), fresh_policy(encoding)
    config = settings(num_steps=2, num_checkpoints=1)
    record = train_stack(changing, lambda step: short if step == 0 else bandits(step), config, seed=1)
    first = train_stack(alone, lambda _: short._replace(num_trials=None), settings(num_steps=2, lifetime=3), seed=1)
    assert record.losses[0] == first.losses[0]
    rolled = roll_out(changing, bandits(1).tasks, action_uniforms(1, 1, tasks.num_tasks, LIFETIME))
    assert rolled.actions.shape[1] == LIFETIME and np.isfinite(record.losses).all()


@pytest.mark.parametrize("num_networks", [1, 3])
def test_training_ends_where_no_network_is_left(num_networks):
    def poisoned(step):
        tasks, encoding, _ = bandits(step, num_networks)
        if step == 5:
            tasks.expected_rewards.fill_(math.nan)
        return TaskBatch(tasks, encoding)

    policy = fresh_policy(bandits(0).encoding, num_networks=num_networks)
    with pytest.raises(FloatingPointError, match="step 6 is nan; the first that was not finite are the tasks"):
        train_stack(policy, poisoned, SMALL, seed=0)


@pytest.mark.parametrize("critic", CRITICS, ids=CRITIC_IDS)
def test_each_network_learns_its_own_task(critic):
    """Arm 1 always pays 1 to the first network and takes 1 from the second; there is nothing to explore."""
    config = settings(
        num_steps=60, learning_rate=0.06, critic=critic, max_gradient_norm=1.0, entropy_weight=Constant(0.0)
    )
    paid = torch.tensor([1.0, -1.0]).repeat_interleave(BATCH)[:, None].expand(-1, LIFETIME)
    rewards = torch.stack([torch.zeros_like(paid), paid], dim=2)
    tasks = RewardTables(torch.zeros_like(paid).long(), rewards, rewards)
    batch = TaskBatch(tasks, RealTrialEncoding(2, LIFETIME))
    policy = fresh_policy(batch.encoding, num_networks=2, config=StackedLSTMConfig(hidden_size=8))
    record = train_stack(policy, lambda step: batch, config, seed=0)
    probs = roll_out(policy, tasks, action_uniforms(1, 0, 2 * BATCH, LIFETIME)).action_probs[..., 1]
    assert probs[:BATCH].min() > 0.9
    assert probs[BATCH:].max() < 0.1
    assert record.mean_rewards[-1] > 0.4  # 1/2 is best: nothing can be had from the second
