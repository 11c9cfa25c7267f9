"""Policies: what they see is the past, however they are stepped; and rows of their state stand for themselves."""

import numpy as np
import pytest
import torch
from torch import nn

from metalearners import GRUConfig, LSTMConfig, PositiveTrialEncoding, RealTrialEncoding, RecurrentPolicy, play
from metalearners.network import build_network
from metalearners.policy import choose, roll_out

HORIZON, NUM_ARMS = 7, 3
ENCODING = RealTrialEncoding(NUM_ARMS, HORIZON, loc=0.5, scale=2.0)


class RunningMean(nn.Module):
    """A causal network without a recurrent state."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2 * ENCODING.size, 16), nn.Tanh(), nn.Linear(16, NUM_ARMS + 1))

    def forward(self, inputs):
        means = inputs.cumsum(1) / torch.arange(1, inputs.shape[1] + 1)[:, None]
        return self.layers(torch.cat([means, inputs], dim=-1))


def fresh_policy(kind):
    if kind == "stateless":
        torch.manual_seed(0)
        return RecurrentPolicy(RunningMean(), ENCODING)
    config = {"lstm": LSTMConfig, "gru": GRUConfig}[kind](hidden_size=12)
    network = build_network(config, input_size=ENCODING.size, output_size=NUM_ARMS + 1, seed=3)
    with torch.no_grad():
        network.readout.weight.mul_(10)  # so that what is seen matters
    return RecurrentPolicy(network, ENCODING)


@pytest.fixture(params=["lstm", "gru", "stateless"])
def policy(request):
    return fresh_policy(request.param)


def drawn(num_tasks, seed=0):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(num_tasks, HORIZON, NUM_ARMS)), generator.random((num_tasks, HORIZON))


def test_a_trial_is_shown_as_arm_reward_and_time():
    inputs = ENCODING(torch.tensor([2, 0]), torch.tensor([4.5, 0.5]), 3)
    assert torch.allclose(inputs, torch.tensor([[0, 0, 1, 2, 1, 3 / 7], [1, 0, 0, 0, 1, 3 / 7]]))
    positive = PositiveTrialEncoding(NUM_ARMS, HORIZON, scale=2.0)(torch.tensor([1]), torch.tensor([6.0]), 7)
    assert torch.allclose(positive, torch.tensor([[0, 1, 0, np.log(4.0), 1, 1]], dtype=torch.float32))


def test_arms_are_drawn_by_inverse_cdf():
    probs = torch.tensor([[0.25, 0.5, 0.25]], dtype=torch.float64).expand(6, 3)
    uniforms = torch.tensor([0.0, 0.2499, 0.25, 0.7499, 0.75, 1 - 2**-24])
    assert choose(probs, uniforms).tolist() == [0, 0, 1, 1, 2, 2]
    certain = torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64).expand(2, 3)
    assert choose(certain, torch.tensor([0.0, 1 - 2**-24])).tolist() == [1, 1]


def test_trial_by_trial_is_the_same_as_all_at_once(policy):
    rewards, uniforms = drawn(50)
    rolled = roll_out(policy, torch.from_numpy(rewards).float(), torch.from_numpy(uniforms))
    log_probs, values = policy(rolled.inputs)
    torch.testing.assert_close(log_probs.exp(), rolled.action_probs.float(), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(values, rolled.values, atol=1e-5, rtol=1e-5)
    assert rolled.action_probs.std() > 0.05  # the comparison is of something


def test_the_network_is_fed_what_it_did_and_got(policy):
    rewards, uniforms = drawn(4)
    rolled = roll_out(policy, torch.from_numpy(rewards).float(), torch.from_numpy(uniforms))
    assert not rolled.inputs[:, 0].any()
    for time in range(1, HORIZON):
        shown = rolled.inputs[:, time]
        assert torch.equal(shown[:, :NUM_ARMS].argmax(dim=1), rolled.actions[:, time - 1])
        torch.testing.assert_close(shown[:, NUM_ARMS] * 2.0 + 0.5, rolled.collected_rewards[:, time - 1])


@pytest.mark.parametrize("time", [0, 3, HORIZON - 1])
def test_only_the_past_matters(policy, time):
    rewards, uniforms = drawn(20)
    before = play(policy, rewards, uniforms)
    changed = rewards.copy()
    changed[:, time:] += 10.0
    after = play(policy, changed, uniforms)
    np.testing.assert_array_equal(after.action_probs[:, : time + 1], before.action_probs[:, : time + 1])
    if time < HORIZON - 1:
        assert not np.allclose(after.action_probs[:, time + 1], before.action_probs[:, time + 1])


def test_the_rewards_of_arms_not_pulled_do_not_matter(policy):
    rewards, uniforms = drawn(20)
    before = play(policy, rewards, uniforms)
    pulled = before.actions[..., None] == np.arange(NUM_ARMS)
    after = play(policy, np.where(pulled, rewards, 1e3), uniforms)
    np.testing.assert_array_equal(after.action_probs, before.action_probs)
    np.testing.assert_array_equal(before.collected_rewards, (rewards * pulled).sum(-1))


def test_tasks_do_not_see_each_other(policy):
    rewards, uniforms = drawn(30)
    together = play(policy, rewards, uniforms).action_probs
    for task in (0, 29):
        alone = play(policy, rewards[[task]], uniforms[[task]]).action_probs
        np.testing.assert_allclose(alone[0], together[task], atol=1e-6)


def test_states_are_rows_that_can_be_picked_and_repeated(policy):
    rewards, uniforms = drawn(10)
    played = play(policy, rewards, uniforms)
    rows = np.array([7, 7, 2])
    state = policy.initial_state(10)
    for time in range(HORIZON):
        picked = policy.action_probs(state)
        if len(picked) == 10 and time == 3:  # from here on, three of them
            state = type(state)(tuple(part[rows] for part in state.memory), picked[rows])
        expected = played.action_probs[:, time] if time < 3 else played.action_probs[rows, time]
        np.testing.assert_allclose(policy.action_probs(state), expected, atol=1e-6)
        tasks = np.arange(10) if time < 3 else rows
        state = policy.update(state, played.actions[tasks, time], played.collected_rewards[tasks, time], time)
    assert state.action_probs.dtype == np.float64
    np.testing.assert_allclose(state.action_probs.sum(axis=1), 1.0, atol=1e-12)


def test_many_passes_are_one(policy, monkeypatch):
    rewards, uniforms = drawn(25)
    whole = play(policy, rewards, uniforms)
    monkeypatch.setattr("metalearners.policy.TASKS_PER_PASS", 10)
    parts = play(policy, rewards, uniforms)
    np.testing.assert_allclose(parts.action_probs, whole.action_probs, atol=1e-6)
    np.testing.assert_array_equal(parts.collected_rewards, whole.collected_rewards)


def test_playing_leaves_the_network_in_training(policy):
    policy.train()
    play(policy, *drawn(3))
    assert policy.network.training


def test_a_network_that_does_not_fit_is_refused():
    network = build_network(LSTMConfig(), input_size=ENCODING.size, output_size=NUM_ARMS, seed=0)
    with pytest.raises(ValueError, match=r"3 arms needs a network with 4 outputs .* puts out shape \(1, 1, 3\)"):
        RecurrentPolicy(network, ENCODING)
