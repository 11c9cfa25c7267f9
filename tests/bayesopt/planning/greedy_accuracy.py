"""Exact accuracy of the greedy agent in contextual bandits, which the tests compare with its play and its value."""

import collections
import functools
import itertools

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats


def expected_accuracy(*, num_contexts: int, num_arms: int, num_trials: int) -> Float[np.ndarray, "time"]:
    """Return the greedy agent's probability of a correct arm at each trial, for independent targets.

    At the m-th visit of a context the greedy agent pulls the correct arm with probability min(m / num_arms, 1). A
    context drawn uniformly at 0-based trial t has been visited Binomial(t, 1 / num_contexts) times before.
    """
    visits, times = np.arange(num_trials), np.arange(num_trials)[:, None]
    return stats.binom.pmf(visits, times, 1 / num_contexts) @ np.minimum((visits + 1) / num_arms, 1)


def expected_accuracy_of_different_targets(
    *, num_contexts: int, num_arms: int, num_trials: int
) -> Float[np.ndarray, "time"]:
    """Return the greedy agent's probability of a correct arm at each trial, for targets that are all different.

    It is an exact recursion over beliefs. Beliefs that differ only by the names of contexts and arms are one state: 64
    states for five contexts and five arms, which take less than a second.
    """
    orders = np.array(list(itertools.permutations(range(num_contexts))))
    bits, powers = 2 ** np.arange(num_contexts), 2 ** (num_contexts * np.arange(num_arms, dtype=np.int64))
    reordered = (np.arange(2**num_contexts)[:, None] // bits % 2)[:, orders] @ bits

    def nameless(is_possible: Bool[np.ndarray, "context arm"]) -> bytes:
        """Return the belief with contexts and arms in an order that does not depend on their names."""
        columns = np.sort(reordered[bits @ is_possible], axis=0)
        first = columns[:, (powers @ columns).argmin()]
        return (first // bits[:, None] % 2 == 1).tobytes()

    @functools.cache
    def count(is_possible: bytes) -> int:
        """Return the number of ways in which every context can have its own arm."""
        if not is_possible:
            return 1
        rows = np.frombuffer(is_possible, bool).reshape(-1, num_arms)
        later = rows[1:]
        return sum(count((later & (np.arange(num_arms) != arm)).tobytes()) for arm in np.flatnonzero(rows[0]))

    @functools.cache
    def trial(belief: bytes) -> tuple[float, dict[bytes, float]]:
        """Return the probability of a correct arm, and the probabilities of the next beliefs."""
        is_possible = np.frombuffer(belief, bool).reshape(num_contexts, num_arms)
        accuracy, later = 0.0, collections.defaultdict[bytes, float](float)
        for context in range(num_contexts):
            successes = []
            for arm in range(num_arms):
                is_cell = np.outer(np.arange(num_contexts) == context, np.arange(num_arms) == arm)
                is_line = (np.arange(num_contexts) == context)[:, None] | (np.arange(num_arms) == arm)
                after = is_possible & (is_cell | ~is_line)
                successes.append((count(after.tobytes()), after, is_possible & ~is_cell))
            best = max(successes, key=lambda success: success[0])[0]
            ties = [success for success in successes if success[0] == best]
            success_prob = best / count(belief)
            accuracy += success_prob / num_contexts
            for _, after_success, after_failure in ties:
                share = 1 / (num_contexts * len(ties))
                later[nameless(after_success)] += share * success_prob
                if success_prob < 1:
                    later[nameless(after_failure)] += share * (1 - success_prob)
        return accuracy, later

    beliefs = {np.ones((num_contexts, num_arms), bool).tobytes(): 1.0}
    accuracies = np.zeros(num_trials)
    for time in range(num_trials):
        following = collections.defaultdict[bytes, float](float)
        for belief, prob in beliefs.items():
            accuracy, later = trial(belief)
            accuracies[time] += prob * accuracy
            for after, later_prob in later.items():
                following[after] += prob * later_prob
        beliefs = following
    return accuracies
