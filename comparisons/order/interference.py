"""Ray interference: how learning one context of a bandit by policy gradient sets the others back, and what it costs.

After Schaul et al. 2019 (arXiv 1904.11455): where contexts share parameters and each counts by its own probability of
success, progress in one is loss in the others, and the last one waits at a plateau that grows with their number.
"""

import numpy as np
from jaxtyping import Float, Int

from comparisons.order.settings import InterferenceConfig
from comparisons.order.systems import Score
from comparisons.order.trajectories import half_times
from metalearners.learner_configs import Coupled, Decoupled, PolicyGradientConfig

LEARNED = 0.9
"""A context is learned where the right action is likelier than this."""


_RATE = 0.5
"""Small enough for gradient ascent to follow the gradient flow."""


def lowest_share(name: str, choices: Float[np.ndarray, "task time context"], steps: Int[np.ndarray, "time"]) -> Score:
    """The lowest probability of the right action, as a share of the initial one, in the context learned last.

    The last context of a task is the one that is learned latest; of those not learned at all, the least likely.
    """
    learned = half_times(choices, steps.astype(float), level=LEARNED)
    last = np.lexsort((-choices[:, -1], learned), axis=-1)[:, -1]
    course = choices[np.arange(len(choices)), :, last]
    shares = course.min(axis=1) / course[:, 0]
    return Score("lowest_share_of_start", name, "of the initial probability", "median", shares[None])


def interference_scores(interference: InterferenceConfig, *, seed: int) -> list[Score]:
    """How long policy gradient takes to learn the last of so many contexts (and actions), coupled and decoupled.

    In units of gradient flow, learning rate times steps; infinite where the last context was not learned.
    """
    from metalearners.policy_gradient_learner import learn_contextual_bandits

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
            label = f"{name}, {count} contexts"
            scores.append(Score("time_to_learn_all", label, "learning rate × steps", "median", times[None]))
    return scores
