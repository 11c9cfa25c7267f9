"""What a policy would do in every context, at every trial: it plays on, and is asked about each beforehand.

Asking leaves what the policy remembers as it is, so that answers in different contexts are about one and the same
moment of learning, and contexts that have not come yet are answered for too.
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
    """The distribution over arms in every context, while every task is played as `metalearners.policy.play` does.

    Index t conditions on the first t trials. Raises `ValueError` for a context that there is not.
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
