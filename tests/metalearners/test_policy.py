"""Policies: what they see is the past, however they are stepped; and rows of their state stand for themselves."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from metalearners import (
    ContextualTrialEncoding,
    GRUConfig,
    LSTMConfig,
    PositiveTrialEncoding,
    RealTrialEncoding,
    RecurrentPolicy,
    play,
    probed_action_probs,
)
from metalearners.network import build_network
from metalearners.policy import choose, roll_out
from metalearners.trials import GridTrialEncoding, RawTrialEncoding, SettingTrialEncoding
from metalearners.worlds import RewardTables

HORIZON, NUM_ARMS, NUM_CONTEXTS = 7, 3, 4
PLAIN = RealTrialEncoding(NUM_ARMS, HORIZON, loc=0.5, scale=2.0)
CONTEXTUAL = ContextualTrialEncoding(NUM_CONTEXTS, NUM_ARMS, HORIZON, loc=0.5, scale=2.0)


class RunningMean(nn.Module):
    """A causal network without a recurrent state."""

    def __init__(self, size):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2 * size, 16), nn.Tanh(), nn.Linear(16, NUM_ARMS + 1))

    def forward(self, inputs):
        means = inputs.cumsum(1) / torch.arange(1, inputs.shape[1] + 1)[:, None]
        return self.layers(torch.cat([means, inputs], dim=-1))


def fresh_policy(kind, encoding):
    if kind == "stateless":
        torch.manual_seed(0)
        return RecurrentPolicy(RunningMean(encoding.size), encoding)
    config = {"lstm": LSTMConfig, "gru": GRUConfig}[kind](hidden_size=12)
    network = build_network(config, input_size=encoding.size, output_size=NUM_ARMS + 1, seed=3)
    with torch.no_grad():
        network.readout.weight.mul_(10)  # so that what is seen matters
    return RecurrentPolicy(network, encoding)


@pytest.fixture(params=[PLAIN, CONTEXTUAL], ids=["plain", "contextual"])
def encoding(request):
    return request.param


@pytest.fixture(params=["lstm", "gru", "stateless"])
def policy(request, encoding):
    return fresh_policy(request.param, encoding)


@pytest.fixture(params=["lstm", "gru", "stateless"])
def contextual_policy(request):
    return fresh_policy(request.param, CONTEXTUAL)


def drawn(policy, num_tasks, seed=0):
    """Contexts, rewards and uniforms."""
    generator = np.random.default_rng(seed)
    rewards, uniforms = generator.normal(size=(num_tasks, HORIZON, NUM_ARMS)), generator.random((num_tasks, HORIZON))
    return generator.integers(policy.num_contexts, size=(num_tasks, HORIZON)), rewards, uniforms


def rolled_out(policy, contexts, rewards, uniforms):
    drawn = torch.from_numpy(rewards).float()
    world = RewardTables(torch.from_numpy(contexts), drawn, drawn)
    return roll_out(policy, world, torch.from_numpy(uniforms))


def test_a_trial_is_shown_as_arm_reward_and_time():
    for encoding in (PLAIN, CONTEXTUAL):
        inputs = encoding(torch.tensor([2, 0]), torch.tensor([4.5, 0.5]), 3)
        assert torch.allclose(inputs, torch.tensor([[0, 0, 1, 2, 1, 3 / 7], [1, 0, 0, 0, 1, 3 / 7]]))
    positive = PositiveTrialEncoding(NUM_ARMS, HORIZON, scale=2.0)(torch.tensor([1]), torch.tensor([6.0]), 7)
    assert torch.allclose(positive, torch.tensor([[0, 1, 0, np.log(4.0), 1, 1]], dtype=torch.float32))


def test_the_papers_inputs_are_reward_time_and_arm():
    """Rewards as they are, the time from -1 on; and at trial 0, which no arm came before, arm 0."""
    raw = RawTrialEncoding(2, 10)
    assert raw.size == 4
    assert raw.contexts.shape == (1, 0)
    assert raw.no_trial_before(2).tolist() == [[0.0, -1.0, 1.0, 0.0]] * 2
    inputs = raw(torch.tensor([1, 0]), torch.tensor([2.5, -30.0]), 4)
    assert torch.allclose(inputs, torch.tensor([[2.5, -0.2, 0, 1], [-30, -0.2, 1, 0]]))
    assert raw(torch.tensor([0]), torch.tensor([0.0]), 10)[0, 1] == 1.0


def test_a_step_on_a_grid_is_shown_as_places_action_pay_and_time():
    grid = GridTrialEncoding(3, 4, 20, scale=6.0)
    assert grid.contexts[5].tolist() == [0, 0, 1, 0, 1, 0]  # cell 5 is (2, 1)
    assert grid.contexts.unique(dim=0).shape == (9, 6)
    assert not grid.no_trial_before(2).any()
    assert grid.no_trial_before(2).shape == (2, grid.size - 6)
    inputs = grid(torch.tensor([3, 0]), torch.tensor([3.0, 0.0]), 5)
    assert inputs.tolist() == [[0, 0, 0, 1, 0.5, 1, 0.25, 1], [1, 0, 0, 0, 0, 1, 0.25, 0]]
    assert grid.size == 6 + 6 + 8


def test_a_setting_is_told_in_every_trial():
    settings = torch.tensor([[0.1, 0.2, 0.25], [1.0, 2.0, 0.5]])
    told = SettingTrialEncoding(settings, 2, 100)
    assert torch.equal(told.contexts, settings)
    assert not told.no_trial_before(4).any()
    assert told.no_trial_before(4).shape == (4, told.size - 3)
    assert told.size == 3 + 3 + 2 + 3
    inputs = told(torch.tensor([1]), torch.tensor([-4.5]), 30)
    assert torch.allclose(inputs, torch.tensor([[0, 1, -4.5, 1, 0.3]]))


def test_arms_are_drawn_by_inverse_cdf():
    probs = torch.tensor([[0.25, 0.5, 0.25]], dtype=torch.float64).expand(6, 3)
    uniforms = torch.tensor([0.0, 0.2499, 0.25, 0.7499, 0.75, 1 - 2**-24])
    assert choose(probs, uniforms).tolist() == [0, 0, 1, 1, 2, 2]
    certain = torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64).expand(2, 3)
    assert choose(certain, torch.tensor([0.0, 1 - 2**-24])).tolist() == [1, 1]


def test_trial_by_trial_is_the_same_as_all_at_once(policy):
    rolled = rolled_out(policy, *drawn(policy, 50))
    log_probs, values = policy(rolled.inputs)
    torch.testing.assert_close(log_probs.exp(), rolled.action_probs.float(), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(values, rolled.values, atol=1e-5, rtol=1e-5)
    assert rolled.action_probs.std() > 0.05  # the comparison is of something


def test_the_network_is_fed_what_it_did_and_got(policy):
    contexts, rewards, uniforms = drawn(policy, 4)
    rolled = rolled_out(policy, contexts, rewards, uniforms)
    shown, previous = rolled.inputs.tensor_split([policy.encoding.contexts.shape[1]], dim=2)
    assert not previous[:, 0].any()
    before, played = previous.tensor_split([policy.encoding.contexts.shape[1]], dim=2)
    assert torch.equal(before[:, 1:], shown[:, :-1])
    for time in range(1, HORIZON):
        assert torch.equal(played[:, time, :NUM_ARMS].argmax(dim=1), rolled.actions[:, time - 1])
        torch.testing.assert_close(played[:, time, NUM_ARMS] * 2.0 + 0.5, rolled.collected_rewards[:, time - 1])
    if policy.num_contexts > 1:
        np.testing.assert_array_equal(shown.numpy(), np.eye(NUM_CONTEXTS)[contexts])
    else:
        assert shown.shape == (4, HORIZON, 0)


@pytest.mark.parametrize("time", [0, 3, HORIZON - 1])
def test_only_the_past_matters(policy, time):
    contexts, rewards, uniforms = drawn(policy, 20)
    before = play(policy, contexts, rewards, uniforms)
    changed = rewards.copy()
    changed[:, time:] += 10.0
    after = play(policy, contexts, changed, uniforms)
    np.testing.assert_array_equal(after.action_probs[:, : time + 1], before.action_probs[:, : time + 1])
    if time < HORIZON - 1:
        assert not np.allclose(after.action_probs[:, time + 1], before.action_probs[:, time + 1])


@pytest.mark.parametrize("time", [0, 3, HORIZON - 1])
def test_a_context_is_seen_in_its_trial_and_not_before(contextual_policy, time):
    contexts, rewards, uniforms = drawn(contextual_policy, 20)
    before = play(contextual_policy, contexts, rewards, uniforms).action_probs
    changed = contexts.copy()
    changed[:, time] = (changed[:, time] + 1) % NUM_CONTEXTS
    after = play(contextual_policy, changed, rewards, uniforms).action_probs
    np.testing.assert_array_equal(after[:, :time], before[:, :time])
    assert (np.abs(after[:, time] - before[:, time]).max(axis=1) > 1e-3).all()


def test_the_rewards_of_arms_not_pulled_do_not_matter(policy):
    contexts, rewards, uniforms = drawn(policy, 20)
    before = play(policy, contexts, rewards, uniforms)
    pulled = before.actions[..., None] == np.arange(NUM_ARMS)
    after = play(policy, contexts, np.where(pulled, rewards, 1e3), uniforms)
    np.testing.assert_array_equal(after.action_probs, before.action_probs)
    np.testing.assert_array_equal(before.collected_rewards, (rewards * pulled).sum(-1))


def test_tasks_do_not_see_each_other(policy):
    tables = drawn(policy, 30)
    together = play(policy, *tables).action_probs
    for task in (0, 29):
        alone = play(policy, *(array[[task]] for array in tables)).action_probs
        np.testing.assert_allclose(alone[0], together[task], atol=1e-6)


def test_states_are_rows_that_can_be_picked_and_repeated(policy):
    contexts, rewards, uniforms = drawn(policy, 10)
    played = play(policy, contexts, rewards, uniforms)
    tasks = np.arange(10)
    state = policy.initial_state(10)
    for time in range(HORIZON):
        if time == 3:  # from here on, three of them
            tasks = np.array([7, 7, 2])
            state = type(state)(tuple(part[tasks] for part in state.memory), state.action_probs[tasks])
        shown = contexts[tasks, time]
        np.testing.assert_allclose(policy.action_probs(state, shown), played.action_probs[tasks, time], atol=1e-6)
        state = policy.update(state, shown, played.actions[tasks, time], played.collected_rewards[tasks, time], time)
    assert state.action_probs.dtype == np.float64
    np.testing.assert_allclose(state.action_probs.sum(axis=-1), 1.0, atol=1e-12)


def test_a_policy_can_be_asked_about_any_context_and_plays_on_as_if_it_had_not(contextual_policy, monkeypatch):
    """What it answers is what it does where that context comes; against roll-outs that never ask."""
    contexts, rewards, uniforms = drawn(contextual_policy, 25)
    monkeypatch.setattr("metalearners.probing_policies.TASKS_PER_PASS", 10)
    probed = probed_action_probs(contextual_policy, contexts, rewards, uniforms)
    assert probed.shape == (25, HORIZON, NUM_CONTEXTS, NUM_ARMS)
    for time, context in itertools.product(range(HORIZON), range(NUM_CONTEXTS)):
        asked = contexts.copy()
        asked[:, time] = context
        played = play(contextual_policy, asked, rewards, uniforms).action_probs[:, time]
        np.testing.assert_allclose(probed[:, time, context], played, atol=1e-6)
    assert probed.std(axis=2).min(axis=(1, 2)).max() > 1e-3  # contexts are answered for differently


@pytest.mark.parametrize("wrong", [-1, NUM_CONTEXTS])
def test_a_context_that_there_is_not_is_refused(contextual_policy, wrong):
    contexts, rewards, uniforms = drawn(contextual_policy, 3)
    contexts[1, 2] = wrong
    reason = rf"contexts of this policy must be from 0 to 3; got {wrong}"
    with pytest.raises(ValueError, match=reason):
        play(contextual_policy, contexts, rewards, uniforms)
    with pytest.raises(ValueError, match=reason):
        probed_action_probs(contextual_policy, contexts, rewards, uniforms)
    with pytest.raises(ValueError, match=reason):
        contextual_policy.action_probs(contextual_policy.initial_state(3), contexts[:, 2])


def test_many_passes_are_one(policy, monkeypatch):
    tables = drawn(policy, 25)
    whole = play(policy, *tables)
    monkeypatch.setattr("metalearners.policy.TASKS_PER_PASS", 10)
    parts = play(policy, *tables)
    np.testing.assert_allclose(parts.action_probs, whole.action_probs, atol=1e-6)
    np.testing.assert_array_equal(parts.collected_rewards, whole.collected_rewards)


def test_playing_leaves_the_network_in_training(policy):
    policy.train()
    play(policy, *drawn(policy, 3))
    assert policy.network.training


def test_a_network_that_does_not_fit_is_refused():
    network = build_network(LSTMConfig(), input_size=PLAIN.size, output_size=NUM_ARMS, seed=0)
    with pytest.raises(ValueError, match=r"3 arms must have 4 outputs .*; got shape \(1, 1, 3\) for one trial"):
        RecurrentPolicy(network, PLAIN)
    with pytest.raises(ValueError, match=r"3 arms must accept .*\(batch, time, 14\): context .*; got the error"):
        RecurrentPolicy(network, CONTEXTUAL)
