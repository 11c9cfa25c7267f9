"""Stacks in training: exact gradients where all can be listed, and every network as if it were alone."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn

from metalearners import ContextualTrialEncoding, RealTrialEncoding, actor_critic, runs
from metalearners.actor_critic import TaskBatch, per_network, train_stack, trial_losses
from metalearners.actor_critic_configs import ActorCriticConfig, InformedCritic, OwnCritic
from metalearners.checkpoint_files import RESUME_FILE, checkpoint_path, is_trained
from metalearners.configs import StackedLSTMConfig
from metalearners.critics import build_critic
from metalearners.network import seeded
from metalearners.policy import RecurrentPolicy, RollOut, roll_out
from metalearners.reinforcement import action_uniforms
from metalearners.runs import TrainingRun
from metalearners.schedules import Constant, GeometricBelowOne, Linear
from metalearners.stacked_lstm import build_stack, member, stack_of
from metalearners.worlds import RewardTables, TabularTasks

LIFETIME, BATCH, NUM_NETWORKS = 4, 6, 3
NETWORK = StackedLSTMConfig(hidden_size=5, is_initial_state_learned=True)
SMALL = ActorCriticConfig(num_steps=8, batch_size=BATCH, lifetime=LIFETIME, max_gradient_norm=0.02, num_checkpoints=2)
CRITICS = [OwnCritic(0.5), InformedCritic(hidden_size=6)]
CRITIC_IDS = ["own", "informed"]


def fresh_policy(encoding, *, num_networks=NUM_NETWORKS, config=NETWORK):
    stack = build_stack(
        config, input_size=encoding.size, output_size=encoding.num_arms + 1, num_networks=num_networks, seed=0
    )
    return RecurrentPolicy(stack, encoding)


def settings(**changed):
    fields = {field: getattr(SMALL, field) for field in SMALL.__dataclass_fields__}
    return ActorCriticConfig(**{**fields, **changed})


def bandits(step, num_networks=NUM_NETWORKS):
    """Arm 0 pays nothing, arm 1 a mean that differs from task to task, and noise."""
    generator = torch.Generator().manual_seed(step)
    means = torch.randn(num_networks * BATCH, 1, 1, generator=generator).expand(-1, LIFETIME, -1)
    noise = torch.randn(means.shape, generator=generator)
    nothing = torch.zeros_like(means)
    contexts = torch.zeros(means.shape[:2], dtype=torch.int64)
    rewards, expected = (torch.cat([nothing, paid], dim=2) for paid in (means + noise, means))
    return TaskBatch(RewardTables(contexts, rewards, expected), RealTrialEncoding(2, LIFETIME))


def walks(step, num_networks=NUM_NETWORKS):
    """Small Markov tasks whose rewards are 0, 1 or 3."""
    generator = torch.Generator().manual_seed(step)
    shape = (num_networks * BATCH, 3, 2)
    tasks = TabularTasks(
        torch.randint(3, shape, generator=generator),
        torch.tensor([0.0, 1.0, 3.0])[torch.randint(3, shape, generator=generator)],
        torch.zeros(shape[0], dtype=torch.int64),
        torch.rand(shape[0], 2, generator=generator),
    )
    return TaskBatch(tasks, ContextualTrialEncoding(3, 2, LIFETIME))


# Gradients

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


# Side by side


@pytest.fixture
def in_float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize(
    ("lessons", "critic"),
    [(bandits, CRITICS[0]), (bandits, CRITICS[1]), (walks, CRITICS[1])],
    ids=["bandits, own", "bandits, informed", "walks, informed"],
)
def test_networks_trained_together_are_networks_trained_alone(in_float64, monkeypatch, lessons, critic):
    """With the same tasks, luck and initial weights; in float64, and with gradients that are clipped."""
    config = settings(critic=critic, weight_decay=0.01, discount=GeometricBelowOne(0.4, 0.99), trace_decay=0.9)
    together = fresh_policy(lessons(0).encoding)
    members = [RecurrentPolicy(member(together.network, index), together.encoding) for index in range(NUM_NETWORKS)]
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
        for name, weights in member(together.network, index).state_dict().items():
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


def weights_of(policy):
    return policy.network.state_dict()


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
    with pytest.raises(FloatingPointError, match=r"the loss at step 6 is nan; lower learning_rate \(now 0.01\)"):
        train_stack(policy, poisoned, SMALL, seed=0)


# Runs


class Killed(BaseException):
    pass


@pytest.mark.parametrize("how", [Killed, KeyboardInterrupt])
@pytest.mark.parametrize("critic", CRITICS, ids=CRITIC_IDS)
def test_a_killed_run_resumes_to_the_same_weights(tmp_path, monkeypatch, critic, how):
    config = settings(critic=critic)

    def broken(step):
        if step == 5:
            raise how
        return bandits(step)

    undisturbed, resumed = fresh_policy(bandits(0).encoding), fresh_policy(bandits(0).encoding)
    expected = train_stack(undisturbed, bandits, config, seed=5)
    if how is Killed:  # an interrupt is saved at once, a kill is not
        monkeypatch.setattr(runs, "SECONDS_BETWEEN_SAVES", 0.0)
    with pytest.raises(how):
        train_stack(fresh_policy(bandits(0).encoding), broken, config, seed=5, directory=tmp_path)
    assert (tmp_path / RESUME_FILE).exists()
    assert not is_trained(tmp_path, config)
    steps = []

    def watched(step):
        steps.append(step)
        return bandits(step)

    record = train_stack(resumed, watched, config, seed=5, directory=tmp_path)
    assert steps == [0, 5, 6, 7]  # the critic is built for the first batch
    for ours, theirs in zip(record, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for name, weights in weights_of(undisturbed).items():
        assert torch.equal(weights_of(resumed)[name], weights)
    assert is_trained(tmp_path, config)
    assert checkpoint_path(tmp_path, 4).exists()
    kept = fresh_policy(bandits(0).encoding)
    runs.load_checkpoint(kept, tmp_path, 8)
    assert torch.equal(weights_of(kept)["bias"], weights_of(undisturbed)["bias"])


def test_a_network_that_diverged_stays_so_when_a_run_is_resumed(tmp_path):
    def poisoned(step):
        tasks, encoding, _ = bandits(step)
        if step == 6:
            raise KeyboardInterrupt
        if step == 2:
            tasks.expected_rewards[:BATCH] = math.nan
        return TaskBatch(tasks, encoding)

    with pytest.raises(KeyboardInterrupt):
        train_stack(fresh_policy(bandits(0).encoding), poisoned, SMALL, seed=0, directory=tmp_path)
    resumed = fresh_policy(bandits(0).encoding)
    train_stack(resumed, bandits, SMALL, seed=0, directory=tmp_path)
    assert weights_of(resumed)["bias"][0].isnan().all()
    assert weights_of(resumed)["bias"][1:].isfinite().all()


def test_checkpoints_are_equally_spaced():
    assert settings(num_steps=30, num_checkpoints=5).checkpoint_steps() == (6, 12, 18, 24, 30)
    assert settings(num_steps=3, num_checkpoints=7).checkpoint_steps() == (1, 2, 3)
    assert settings(num_steps=9, num_checkpoints=1).checkpoint_steps() == (9,)


def test_learning_rates_are_a_cycle_or_constant():
    constant = settings(num_steps=100, is_one_cycle=False, learning_rate=0.3)
    assert {constant.learning_rate_at(step) for step in range(100)} == {0.3}
    rates = [settings(num_steps=100, learning_rate=0.3).learning_rate_at(step) for step in range(100)]
    assert np.argmax(rates) == 5
    assert rates[5] == 0.3
    assert rates[99] < 1e-3 * rates[5]


def test_adam_is_as_configured():
    policy = fresh_policy(bandits(0).encoding)
    run = TrainingRun(policy, policy, settings(second_moment_decay=0.999, weight_decay=3e-6))
    (group,) = run.optimizer.param_groups
    assert (group["betas"], group["weight_decay"], group["eps"]) == ((0.9, 0.999), 3e-6, 1e-8)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("num_steps", 0, "at least 1; got 0"),
        ("batch_size", 0, "at least 1; got 0"),
        ("lifetime", -1, "at least 1; got -1"),
        ("num_checkpoints", 0, "at least 1; got 0"),
        ("learning_rate", 0, r"in \(0, inf\); got 0"),
        ("max_gradient_norm", math.inf, r"in \(0, inf\); got inf"),
        ("reward_unit", -2.0, r"in \(0, inf\); got -2.0"),
        ("weight_decay", -1e-6, r"in \[0, inf\); got -1e-06"),
        ("trace_decay", 1.5, r"in \[0, 1\]; got 1.5"),
        ("second_moment_decay", 1.0, r"in \[0, 1\); got 1.0"),
    ],
)
def test_bad_settings_are_refused_with_their_value(field, value, reason):
    with pytest.raises(ValueError, match=rf"ActorCriticConfig: {field} must be .*{reason}"):
        ActorCriticConfig(**{field: value})


def test_bad_settings_of_critics_are_refused():
    with pytest.raises(ValueError, match=r"OwnCritic: weight must be in \[0, inf\); got -0.1"):
        OwnCritic(-0.1)
    with pytest.raises(ValueError, match=r"InformedCritic: hidden_size .* got 0"):
        InformedCritic(hidden_size=0)
    with pytest.raises(ValueError, match=r"InformedCritic: auxiliary_weight must be in \[0, inf\); got -1"):
        InformedCritic(auxiliary_weight=-1)


# Learning


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
