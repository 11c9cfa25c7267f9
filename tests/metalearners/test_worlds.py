"""Worlds: whoever plays them sees, does and is paid what a plain walk through the tables says."""

import numpy as np
import pytest
import torch

from metalearners import ContextualTrialEncoding
from metalearners.configs import StackedLSTMConfig
from metalearners.policy import RecurrentPolicy, roll_out
from metalearners.stacked_lstm import build_stack
from metalearners.trials import RawTrialEncoding
from metalearners.worlds import RewardTables, TabularTasks, World

NUM_TASKS, NUM_STATES, NUM_ARMS, HORIZON = 12, 5, 3, 8
ENCODING = ContextualTrialEncoding(NUM_STATES, NUM_ARMS, HORIZON)


def fresh_policy(encoding, num_networks=2):
    config = StackedLSTMConfig(hidden_size=6)
    stack = build_stack(
        config, input_size=encoding.size, output_size=encoding.num_arms + 1, num_networks=num_networks, seed=0
    )
    with torch.no_grad():
        stack.readout_weight.mul_(10)  # so that what is seen matters
    return RecurrentPolicy(stack, encoding)


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def tasks(generator):
    shape = (NUM_TASKS, NUM_STATES, NUM_ARMS)
    return TabularTasks(
        torch.randint(NUM_STATES, shape, generator=generator),
        torch.randn(shape, generator=generator),
        torch.randint(NUM_STATES, (NUM_TASKS,), generator=generator),
        torch.zeros(NUM_TASKS, 1),
    )


@pytest.fixture
def tables(generator):
    rewards = torch.randn(NUM_TASKS, HORIZON, NUM_ARMS, generator=generator)
    return RewardTables(torch.randint(NUM_STATES, rewards.shape[:2], generator=generator), rewards, 2 * rewards)


def picked(probs, uniform):
    """The arm that a number in [0, 1) picks, by its definition."""
    total = 0.0
    for arm, prob in enumerate(probs):
        total += prob
        if uniform < total:
            return arm
    return len(probs) - 1


def test_small_markov_tasks_are_walked_as_their_tables_say(tasks, generator):
    uniforms = torch.rand(NUM_TASKS, HORIZON, generator=generator)
    rolled = roll_out(fresh_policy(ENCODING), tasks, uniforms)
    one_hot = np.eye(NUM_STATES + NUM_ARMS)
    for task in range(NUM_TASKS):
        state, before = int(tasks.initial_state[task]), np.zeros(NUM_STATES + NUM_ARMS + 3)
        for time in range(HORIZON):
            shown = one_hot[state, :NUM_STATES]
            np.testing.assert_allclose(rolled.inputs[task, time], [*shown, *before], atol=1e-6)
            action = picked(rolled.action_probs[task, time].tolist(), float(uniforms[task, time]))
            reward = float(tasks.rewards[task, state, action])
            assert rolled.contexts[task, time] == state
            assert rolled.actions[task, time] == action
            assert rolled.collected_rewards[task, time] == reward
            before = [*shown, *one_hot[action, :NUM_ARMS], reward, 1.0, (time + 1) / HORIZON]
            state = int(tasks.next_state[task, state, action])
    assert len(rolled.contexts.unique()) == NUM_STATES  # it got about
    assert rolled.action_probs.std() > 0.05


def test_bandits_pay_by_the_trial_whatever_is_done(tables, generator):
    uniforms = torch.rand(NUM_TASKS, HORIZON, generator=generator)
    rolled = roll_out(fresh_policy(ENCODING), tables, uniforms)
    assert torch.equal(rolled.contexts, tables.contexts)
    for task in range(NUM_TASKS):
        for time in range(HORIZON):
            action = picked(rolled.action_probs[task, time].tolist(), float(uniforms[task, time]))
            assert rolled.actions[task, time] == action
            assert rolled.collected_rewards[task, time] == tables.rewards[task, time, action]


def test_where_actions_lead_does_not_depend_on_the_time(tasks):
    states, actions = tasks.initial_state, torch.full((NUM_TASKS,), 2)
    for time in (0, HORIZON - 1):
        rewards, following = tasks.pay(time, states, actions)
        for task in range(NUM_TASKS):
            assert following[task] == tasks.next_state[task, states[task], 2]
            assert rewards[task] == tasks.rewards[task, states[task], 2]


def test_a_bandits_last_context_is_followed_by_itself(tables):
    actions = torch.zeros(NUM_TASKS, dtype=torch.int64)
    assert torch.equal(tables.pay(2, tables.contexts[:, 2], actions)[1], tables.contexts[:, 3])
    last = HORIZON - 1
    assert torch.equal(tables.pay(last, tables.contexts[:, last], actions)[1], tables.contexts[:, last])


def test_tables_and_markov_tasks_are_worlds(tables, tasks):
    for world in (tables, tasks):
        assert isinstance(world, World)
        assert (world.num_tasks, world.num_arms) == (NUM_TASKS, NUM_ARMS)
    assert torch.equal(tables.first_contexts(), tables.contexts[:, 0])
    assert torch.equal(tasks.first_contexts(), tasks.initial_state)


def test_a_stack_is_fed_the_papers_inputs(generator):
    """Spec of the first inputs (reward 0, time -1, arm 0), and of those after a trial, through a roll-out."""
    rewards = torch.randn(4, 5, 2, generator=generator)
    tables = RewardTables(torch.zeros(4, 5, dtype=torch.int64), rewards, rewards)
    rolled = roll_out(fresh_policy(RawTrialEncoding(2, 5)), tables, torch.rand(4, 5, generator=generator))
    assert rolled.inputs.shape == (4, 5, 4)
    assert rolled.inputs[:, 0].tolist() == [[0.0, -1.0, 1.0, 0.0]] * 4
    for time in range(1, 5):
        assert torch.equal(rolled.inputs[:, time, 0], rolled.collected_rewards[:, time - 1])
        torch.testing.assert_close(rolled.inputs[:, time, 1], torch.full((4,), -1 + 2 * time / 5))
        assert torch.equal(rolled.inputs[:, time, 2:].argmax(dim=1), rolled.actions[:, time - 1])
        assert (rolled.inputs[:, time, 2:].sum(dim=1) == 1).all()
