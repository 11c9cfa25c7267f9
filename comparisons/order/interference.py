"""Ray interference: learning one context of a bandit by policy gradient sets the others back.

After Schaul et al. 2019 (arXiv 1904.11455): where contexts share parameters and each counts by its own probability of
success, progress in one is loss in the others, and the last one waits at a plateau that grows with their number.
"""

import numpy as np
from jaxtyping import Float, Int

from comparisons.order.settings import InterferenceConfig
from comparisons.order.systems import Score
from comparisons.order.trajectories import half_times
from metalearners.learner_configs import Coupled, Decoupled, PolicyGradientConfig
from metalearners.policy_gradient_learner import learn_contextual_bandits

LEARNED = 0.9
"""Probability of the correct action above which a context is learned."""


_RATE = 0.5
"""Small enough for gradient ascent to follow the gradient flow."""


def lowest_share(name: str, choices: Float[np.ndarray, "task time context"], steps: Int[np.ndarray, "time"]) -> Score:
    """Return the lowest probability of the correct action, as a share of the initial one, in the last context.

    The last context of a task is the one that is learned latest; of those not learned at all, the least likely.
    """
    learned = half_times(choices, steps.astype(float), level=LEARNED)
    last = np.lexsort((-choices[:, -1], learned), axis=-1)[:, -1]
    course = choices[np.arange(len(choices)), :, last]
    shares = course.min(axis=1) / course[:, 0]
    return Score("lowest_share_of_start", name, "of the initial probability", "median", shares[None])


def interference_scores(interference: InterferenceConfig, *, seed: int) -> list[Score]:
    """Return how long policy gradient takes to learn the last context, by their number, coupled and decoupled.

    In units of gradient flow, learning rate times steps; infinite where the last context was not learned.
    """
    scores: list[Score] = []
    for count in interference.counts:
        targets = np.tile(np.arange(count), (interference.num_tasks, 1))
        for name, coupling in (("shared biases", Coupled()), ("separate biases", Decoupled())):
            config = PolicyGradientConfig(
                coupling=coupling,
                initial_scale=interference.initial_scale,
                learning_rate=_RATE,
                num_steps=round(interference.longest / _RATE),
                num_records=200,
            )
            learned = learn_contextual_bandits(targets, count, config, seed=seed)
            times = half_times(learned.correct_probs, _RATE * learned.steps, level=LEARNED).max(axis=1)
            scores.append(Score("time_to_learn_all", name, "learning rate × steps", "median", times[None], count))
    return scores
