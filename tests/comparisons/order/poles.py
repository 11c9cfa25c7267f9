"""Two poles of five modes, and simulated learners about any path between them."""

import numpy as np

from comparisons.order.concurrency import Poles, concurrency_by_seed
from comparisons.order.paths import sequential_path
from comparisons.order.trajectories import Recoveries

NUM_MODES, LENGTH = 5, 21
MEANS = np.linspace(0, 1, LENGTH)
BAYES = np.repeat(MEANS[:, None], NUM_MODES, axis=1)
STAGES = np.arange(NUM_MODES)
STAGED = sequential_path(MEANS, STAGES)
POLES = Poles(BAYES, STAGES)
STRENGTHS = np.array([1.6, 1.2, 0.8, 0.4, 0.2])


def score(curves, poles=POLES):
    return concurrency_by_seed(curves[None], poles)[0]


def recoveries_about(curves, *, num_tasks, noise, generator, correlation=0.8):
    """Each task's recovery is off by normal noise, independent between modes and autoregressive over records."""
    shocks = generator.standard_normal((len(curves), num_tasks, curves.shape[1]), dtype=np.float32)
    shocks[1:] *= (1 - correlation**2) ** 0.5
    for time in range(1, len(curves)):
        shocks[time] += np.float32(correlation) * shocks[time - 1]
    overlaps = (curves + noise * shocks.swapaxes(0, 1)) * STRENGTHS
    return Recoveries(overlaps[None], np.broadcast_to(STRENGTHS, (num_tasks, NUM_MODES)))
