"""Action probabilities of a policy in every context, before every trial of its play.

Probing leaves the policy's state unchanged. The answers for different contexts therefore belong to the same moment of
learning, and they include contexts that have not occurred yet.
"""

import numpy as np
import torch
from jaxtyping import Float, Float64, Int, Real

from metalearners.policy import TASKS_PER_PASS, RecurrentPolicy, choose, require_contexts


def probed_action_probs(
    policy: RecurrentPolicy,
    contexts: Int[np.ndarray, "task time"],
    rewards: Real[np.ndarray, "task time arm"],
    uniforms: Float[np.ndarray, "task time"],
) -> Float64[np.ndarray, "task time context arm"]:
    """Return the distribution over arms in every context, while tasks are played as in `metalearners.policy.play`.

    Index t conditions on the first t trials. Raises `ValueError` for an unknown context.
    """
    require_contexts(policy, contexts)
    num_tasks, horizon, num_arms = rewards.shape
    probed = np.empty((num_tasks, horizon, policy.num_contexts, num_arms))
    for start in range(0, num_tasks, TASKS_PER_PASS):
        rows = slice(start, start + TASKS_PER_PASS)
        tasks = np.arange(len(rewards[rows]))
        state = policy.initial_state(len(tasks))
        for time in range(horizon):
            probed[rows, time] = state.action_probs
            shown = contexts[rows, time]
            probs = torch.from_numpy(policy.action_probs(state, shown))
            actions = choose(probs, torch.from_numpy(uniforms[rows, time].copy())).numpy()
            state = policy.update(state, shown, actions, rewards[rows, time][tasks, actions], time)
    return probed
