"""What tests of stacks in training share: small settings, fresh policies and two kinds of tasks."""

import torch

from metalearners import ContextualTrialEncoding, RealTrialEncoding
from metalearners.actor_critic import TaskBatch
from metalearners.actor_critic_configs import ActorCriticConfig, InformedCritic, OwnCritic
from metalearners.configs import StackedLSTMConfig
from metalearners.policy import RecurrentPolicy
from metalearners.stacked_lstm import build_stack
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


def weights_of(policy):
    return policy.network.state_dict()


class Killed(BaseException):
    pass
