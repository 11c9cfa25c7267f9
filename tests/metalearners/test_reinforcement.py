"""Reinforcement: exact gradients where all that can happen can be listed, exact resume, and bandits learned."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from metalearners import (
    AllActions,
    ClippedSurrogate,
    ContextualTrialEncoding,
    GRUConfig,
    HindsightBaseline,
    PolicyGradient,
    PositiveTrialEncoding,
    RealTrialEncoding,
    RecurrentPolicy,
    ReinforcementConfig,
    RewardTables,
    ValueBaseline,
    play,
    runs,
    train_policy,
)
from metalearners.advantages import discounted_sums, lambda_returns, remaining_weights
from metalearners.baselines import build_baseline
from metalearners.checkpoint_files import RESUME_FILE, checkpoint_path, is_trained
from metalearners.network import build_network, seeded
from metalearners.policy import RollOut, roll_out
from metalearners.reinforcement import action_uniforms, entropy_weight, policy_loss, returns_of
from metalearners.surrogates import all_actions_surrogate, clipped_surrogate, policy_gradient_surrogate

SMALL = ReinforcementConfig(num_steps=12, batch_size=16, horizon=5, num_checkpoints=3)
BASELINES = [ValueBaseline(), HindsightBaseline(hidden_size=8)]
SURROGATES = [PolicyGradient(), ClippedSurrogate(num_epochs=2)]


class WithDropout(nn.Module):
    def __init__(self, encoding):
        super().__init__()
        self.core = nn.GRU(encoding.size, 8, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.readout = nn.Linear(8, encoding.num_arms + 1)

    def forward(self, inputs, state=None):
        hidden, last = self.core(inputs, state)
        return self.readout(self.dropout(hidden)), last


def fresh_policy(encoding, *, hidden_size=16, seed=0):
    config = GRUConfig(hidden_size=hidden_size)
    network = build_network(config, input_size=encoding.size, output_size=encoding.num_arms + 1, seed=seed)
    return RecurrentPolicy(network, encoding)


def policy_with_dropout():
    torch.manual_seed(0)
    encoding = RealTrialEncoding(2, SMALL.horizon)
    return RecurrentPolicy(WithDropout(encoding), encoding)


def plain_tables(rewards, expected_rewards):
    return RewardTables(torch.zeros(rewards.shape[:2], dtype=torch.int64), rewards, expected_rewards)


def bernoulli_stream(config, num_arms=2):
    def stream(step):
        generator = torch.Generator().manual_seed(step)
        means = torch.rand(config.batch_size, 1, num_arms, generator=generator).expand(-1, config.horizon, -1)
        return plain_tables((torch.rand(means.shape, generator=generator) < means).float(), means)

    return stream


# Returns


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


# Gradients, where everything that can happen can be listed

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


# Runs


class Killed(BaseException):
    pass


@pytest.mark.parametrize("surrogate", SURROGATES, ids=["a2c", "ppo"])
@pytest.mark.parametrize("baseline", BASELINES, ids=["value", "hindsight"])
def test_a_killed_run_resumes_to_the_same_weights(tmp_path, monkeypatch, surrogate, baseline):
    config = ReinforcementConfig(
        num_steps=12, batch_size=16, horizon=5, num_checkpoints=3, surrogate=surrogate, baseline=baseline
    )
    stream = bernoulli_stream(config)

    def broken(step):
        if step == 7:
            raise Killed
        return stream(step)

    undisturbed, resumed = policy_with_dropout(), policy_with_dropout()
    expected = train_policy(undisturbed, stream, config, seed=5)
    monkeypatch.setattr(runs, "SECONDS_BETWEEN_SAVES", 0.0)
    with pytest.raises(Killed):
        train_policy(policy_with_dropout(), broken, config, seed=5, directory=tmp_path)
    assert not is_trained(tmp_path, config)
    record = train_policy(resumed, stream, config, seed=5, directory=tmp_path)
    for ours, theirs in zip(record, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for a, b in zip(undisturbed.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(a, b)
    assert is_trained(tmp_path, config)
    runs.load_checkpoint(policy_with_dropout(), tmp_path, 12)


def test_the_resume_file_of_supervised_training_is_refused(tmp_path):
    train_policy(policy_with_dropout(), bernoulli_stream(SMALL), SMALL, seed=5, directory=tmp_path)
    checkpoint_path(tmp_path, 12).rename(tmp_path / RESUME_FILE)
    with pytest.raises(ValueError, match="not the resume file of this run"):
        train_policy(policy_with_dropout(), bernoulli_stream(SMALL), SMALL, seed=5, directory=tmp_path)


def test_seeds_draw_other_actions():
    weights = []
    for seed in (1, 2):
        policy = policy_with_dropout()
        train_policy(policy, bernoulli_stream(SMALL), SMALL, seed=seed)
        weights.append(policy.network.readout.weight)
    assert not torch.equal(*weights)


def test_unknown_means_stop_training_and_not_the_network():
    def poisoned(step):
        tables = bernoulli_stream(SMALL)(step)
        return tables._replace(expected_rewards=tables.expected_rewards * (math.nan if step == 3 else 1))

    policy = policy_with_dropout()
    with pytest.raises(FloatingPointError, match="the loss at step 4 is nan; lower learning_rate"):
        train_policy(policy, poisoned, SMALL, seed=0)
    fed, clean = (
        roll_out(policy_with_dropout(), tables, action_uniforms(0, 3, 16, 5)).inputs
        for tables in (poisoned(3), bernoulli_stream(SMALL)(3))
    )
    assert torch.isfinite(fed).all()
    assert torch.equal(fed, clean)


def test_entropy_weight_falls_to_zero():
    config = ReinforcementConfig(num_steps=10, entropy_weight=0.4, entropy_fraction=0.5)
    weights = [entropy_weight(step, config) for step in range(10)]
    assert weights == pytest.approx([0.4, 0.256, 0.144, 0.064, 0.016, 0, 0, 0, 0, 0])
    assert entropy_weight(0, ReinforcementConfig(entropy_fraction=0.0)) == 0.0


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("num_steps", 0, "at least 1; got 0"),
        ("batch_size", -3, "at least 1; got -3"),
        ("horizon", 0, "at least 1; got 0"),
        ("discount", 0.0, r"in \(0, 1\]; got 0.0"),
        ("discount", 1.1, r"in \(0, 1\]; got 1.1"),
        ("trace_decay", -0.1, r"in \[0, 1\]; got -0.1"),
        ("entropy_weight", math.nan, r"in \[0, inf\); got nan"),
        ("entropy_fraction", 2, r"in \[0, 1\]; got 2"),
        ("value_weight", -1, r"in \[0, inf\); got -1"),
        ("learning_rate", 0, r"in \(0, inf\); got 0"),
        ("warmup_fraction", 1, r"in \[0, 1\); got 1"),
    ],
)
def test_bad_settings_are_refused_with_their_value(field, value, reason):
    with pytest.raises(ValueError, match=rf"ReinforcementConfig: {field} must be .*{reason}"):
        ReinforcementConfig(**{field: value})


def test_bad_settings_of_the_parts_are_refused():
    with pytest.raises(ValueError, match=r"ClippedSurrogate: clip must be in \(0, inf\]; got 0"):
        ClippedSurrogate(clip=0)
    with pytest.raises(ValueError, match=r"ClippedSurrogate: num_epochs .* got 0"):
        ClippedSurrogate(num_epochs=0)
    with pytest.raises(ValueError, match=r"HindsightBaseline: hidden_size .* got 0"):
        HindsightBaseline(hidden_size=0)
    with pytest.raises(ValueError, match=r"baseline must be ValueBaseline\(\) .*AllActions.*; got HindsightBaseline"):
        ReinforcementConfig(surrogate=AllActions())


# Learning


@pytest.mark.parametrize("surrogate", SURROGATES, ids=["a2c", "ppo"])
@pytest.mark.parametrize("baseline", BASELINES, ids=["value", "hindsight"])
def test_a_bandit_with_one_good_arm_is_learned(surrogate, baseline):
    """One of two arms always pays 7, the other 3. Nothing beats losing 4 once in half of the tasks: 40 of 42."""
    config = ReinforcementConfig(
        num_steps=150, batch_size=64, horizon=6, learning_rate=0.02, surrogate=surrogate, baseline=baseline
    )

    def tables_of(step):
        good = torch.randint(2, (64, 1, 1), generator=torch.Generator().manual_seed(step))
        rewards = torch.where(torch.arange(2) == good, 7.0, 3.0).expand(-1, 6, -1)
        return plain_tables(rewards, rewards)

    policy = fresh_policy(RealTrialEncoding(2, 6, loc=5.0, scale=2.0))
    train_policy(policy, tables_of, config, seed=0)
    contexts, rewards, _ = (table.numpy() for table in tables_of(10_000))
    collected = play(policy, contexts, rewards, np.random.default_rng(0).random((64, 6))).collected_rewards
    # The loss of 0 or 4 per task has standard deviation 2: four standard errors of 64 tasks.
    assert collected.sum(axis=1).mean() > 40 - 4 * 2 / 8
    assert collected[:, 1:].mean() > 6.9


@pytest.mark.parametrize("num_arms", [2, 5])
def test_positive_rewards_with_heavy_tails_are_survived(num_arms):
    config = ReinforcementConfig(num_steps=60, batch_size=64, horizon=10)

    def stream(step):
        generator = np.random.default_rng(step)
        means = 1 / generator.gamma(2.0, size=(64, 1, num_arms)).repeat(10, axis=1)
        return plain_tables(torch.from_numpy(generator.exponential(means)).float(), torch.from_numpy(means).float())

    policy = fresh_policy(PositiveTrialEncoding(num_arms, 10))
    record = train_policy(policy, stream, config, seed=0)
    assert np.isfinite(record.losses).all()
    assert (record.entropies <= math.log(num_arms) + 1e-6).all()


def contextual_tables(seed, num_tasks):
    """In two contexts, the one correct arm of two pays 1."""
    generator = torch.Generator().manual_seed(seed)
    targets, contexts = torch.randint(2, (2, num_tasks, 8), generator=generator)
    rewards = functional.one_hot(targets[:, :2].gather(1, contexts), 2).float()
    return RewardTables(contexts, rewards, rewards)


@pytest.mark.parametrize(
    ("num_steps", "surrogate", "baseline"),
    [
        pytest.param(400, AllActions(), ValueBaseline(), id="all actions"),
        pytest.param(200, ClippedSurrogate(), HindsightBaseline(), id="ppo", marks=pytest.mark.slow),
    ],
)
def test_a_contextual_bandit_is_learned(num_steps, surrogate, baseline):
    """An arm tried in a context says which is correct there, and nothing of the other context.

    Whoever is blind to contexts is right in 3 of 4 trials at most: always in the half of tasks where one arm is
    correct in both contexts, and else in every other trial.
    """
    config = ReinforcementConfig(
        num_steps=num_steps, batch_size=64, horizon=8, learning_rate=0.03, surrogate=surrogate, baseline=baseline
    )
    policy = fresh_policy(ContextualTrialEncoding(2, 2, 8), hidden_size=32)
    train_policy(policy, lambda step: contextual_tables(step, 64), config, seed=0)
    contexts, rewards, _ = (table.numpy() for table in contextual_tables(10_000, 500))
    played = play(policy, contexts, rewards, np.random.default_rng(0).random((500, 8)))
    is_new = np.array([[context not in row[:time] for time, context in enumerate(row)] for row in contexts])
    accuracy = (played.action_probs * rewards).sum(axis=2)
    assert accuracy[~is_new].mean() > 0.9
    assert abs(accuracy[is_new].mean() - 0.5) < 4 * 0.5 / np.sqrt(is_new.sum())  # nothing leaks
