"""Contexts of a bandit as modes of systems that play or learn contextual bandits, by number or ranked."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from comparisons.order.exchangeable_modes import ranked_by
from comparisons.order.readouts import accuracy_by_trial, change_elsewhere, choice_overlaps
from comparisons.order.systems import Course, Role, Score, System, system_of

Choices = Float[np.ndarray, "training_seed task time context"]
"""Probability of the correct action in every context, at every trial or after every step."""


class Moments(NamedTuple):
    """Times at which choices were probed."""

    times: Float[np.ndarray, "time"]
    unit: str


def trials(choices: Choices) -> Moments:
    """Return the times before every trial."""
    return Moments(np.arange(choices.shape[2], dtype=float), "trials")


def context_system(
    name: str, role: Role, choices: Choices, moments: Moments, *, condition: str, reference: str, num_arms: int
) -> System:
    """Return a system whose modes are the contexts, in the order of their numbers."""
    modes = tuple((f"context {context + 1}", context) for context in range(choices.shape[3]))
    found = choice_overlaps(choices, num_arms=num_arms)
    return system_of(
        name,
        role,
        found,
        condition=condition,
        reference=reference,
        times=moments.times,
        time_unit=moments.unit,
        modes=modes,
    )


def ranked_at_start(system: System, initial: Float[np.ndarray, "training_seed task context"]) -> System:
    """Return a system with the contexts of each task ranked by the initial probability of their correct action.

    Contexts are exchangeable: which is learned first differs from task to task, and a mean over tasks would hide it.
    `initial` holds these probabilities for the system that defines the ranking.
    """
    labels = tuple(f"context ranked {rank + 1}" for rank in range(initial.shape[2]))
    return system._replace(recoveries=ranked_by(system.recoveries, initial), mode_labels=labels, is_ranked=True)


def change_score(name: str, choices: Choices, contexts: np.ndarray) -> Score:
    """Return the change that a trial causes in all other contexts."""
    return Score("change_elsewhere", name, "probability per trial", "mean", change_elsewhere(choices, contexts))


def accuracy_course(name: str, role: Role, choices: Choices, contexts: np.ndarray) -> Course:
    """Return the probability of the correct action at every trial."""
    return Course("accuracy", name, role, "probability", accuracy_by_trial(choices, contexts))
