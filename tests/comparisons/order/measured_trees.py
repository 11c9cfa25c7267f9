"""Made-up systems that learn modes in an order, measured as real ones are: nothing is trained for them."""

import json
from typing import NamedTuple

import numpy as np
import xarray as xr

from comparisons.kind import measured
from comparisons.order.experiments import STRENGTHS
from comparisons.order.kind import KIND
from comparisons.order.systems import IN_DISTRIBUTION, Course, OuterRecoveries, Role, Score, System, order_tree
from comparisons.order.trajectories import Recoveries

NUM_TASKS = 16
PAIRS = np.arange(12.0)
STEPS = np.array([0, *np.unique(np.geomspace(1, 3000, 20).astype(int))], float)
OUTER_STEPS = np.array([0.0, 100, 400, 1600, 6400])


class Condition(NamedTuple):
    """What networks and Bayes are tested on elsewhere: its name, the labels of its modes, and how far networks get."""

    name: str
    labels: tuple[str, ...]
    reached: tuple[float, ...]


class Order(NamedTuple):
    """One experiment on the order of learning: modes with their strengths, who learns them, and where else."""

    labels: tuple[str, ...]
    strengths: tuple[float, ...]
    learners: tuple[str, ...]
    controls: tuple[str, ...]
    conditions: tuple[Condition, ...]
    unit: str
    num_seeds: int


LINEAR = Order(
    tuple(f"s = {strength:g}" for strength in STRENGTHS),
    STRENGTHS,
    ("SGD", "gradient descent", "momentum", "Adam"),
    ("one layer", "large initial weights"),
    (
        Condition(
            "singular values × 4", tuple(f"s = {4 * strength:g}" for strength in STRENGTHS), (0.5, 0.6, 0.7, 0.7, 0.7)
        ),
    ),
    "pairs seen",
    2,
)
FUNCTIONS = Order(
    ("k = 0", "k = 1", "k = 2", "k = 3"),
    (1.0, 0.7, 0.5, 0.4),
    ("Adam, ReLU",),
    (),
    (
        Condition(
            "frequencies 0, 1, 2, 3, 4, 5",
            ("k = 0, stop band", "k = 1, stop band", "k = 2", "k = 3"),
            (0.05, 0.02, 0.8, 0.9),
        ),
    ),
    "pairs seen",
    3,
)
BANDIT = Order(
    ("context ranked 1", "context ranked 2", "context ranked 3"),
    (0.8, 0.8, 0.8),
    ("policy gradient", "policy gradient, decoupled"),
    ("log likelihood",),
    (Condition("contexts by number", ("context 1", "context 2", "context 3"), (1.0, 1.0, 1.0)),),
    "trials",
    1,
)


def measured_order_tree(order: Order) -> xr.DataTree:
    """A measured comparison of the order of learning, with every group that its kind of experiment keeps."""
    rng = np.random.default_rng(0)
    systems = [*_told_apart(order, rng), *_learners(order, rng)]
    rise = OUTER_STEPS[:, None] / (OUTER_STEPS[:, None] + 300 * np.array(order.strengths))
    outer = [
        OuterRecoveries(
            moment,
            OUTER_STEPS,
            _noisy(rise * np.array(order.strengths), order.num_seeds, rng).swapaxes(1, 2),
            _strengths(order.strengths),
            order.labels,
        )
        for moment in ("after 5 pairs", "after 11 pairs")
    ]
    is_bandit = order.unit == "trials"
    attributes = {
        "family": "MadeUpModes(num_modes=3)",
        "family_id": "made_up_modes",
        "question": "In which order are these modes learned?",
        "evaluation": json.dumps({"num_tasks": NUM_TASKS, "length": len(PAIRS)}),
    }
    tree = order_tree(
        systems,
        outer=outer,
        scores=_scores(order, rng) if is_bandit else [],
        courses=_accuracies(order, rng) if is_bandit else _divergences(order, rng),
        attributes=attributes,
        notes=["a note of this comparison"],
    )
    tree.attrs |= {"seed": 0, "versions": json.dumps({"python": "3.11.0"})}
    return measured(tree, KIND)


def _told_apart(order: Order, rng: np.random.Generator) -> list[System]:
    """The network and Bayes under every condition."""
    bayes = (1 - np.exp(-PAIRS / 2.5))[:, None] * np.ones(len(order.strengths))
    found: list[System] = []
    everywhere = Condition(IN_DISTRIBUTION, order.labels, tuple(np.linspace(0.99, 0.97, len(order.labels))))
    for condition, labels, reached in (everywhere, *order.conditions):
        exact = bayes * ~np.array(["stop band" in label for label in labels])
        both: tuple[tuple[Role, np.ndarray, int], ...] = (
            ("network", bayes * reached, order.num_seeds),
            ("Bayes", exact, 1),
        )
        for role, curves, num_seeds in both:
            found.append(_system(order, role, role, condition, (curves, PAIRS, order.unit), num_seeds, labels, rng))
    return found


def _learners(order: Order, rng: np.random.Generator) -> list[System]:
    """Learners that learn weaker modes later, and controls that learn all at once."""
    strengths, found = np.array(order.strengths), []
    for index, name in enumerate(order.learners):
        delay = 60 * (1 + index) / np.linspace(1, 0.4, len(strengths))
        curves = 1 / (1 + np.exp(-STEPS[:, None] * strengths / delay) * 100) - 1 / 101
        timed = (curves, STEPS, "gradient steps")
        found.append(_system(order, name, "learner", IN_DISTRIBUTION, timed, 1, order.labels, rng))
    for name in order.controls:
        curves = (1 - np.exp(-STEPS / 300))[:, None] * np.ones(len(strengths))
        timed = (curves, STEPS, "gradient steps")
        found.append(_system(order, name, "control", IN_DISTRIBUTION, timed, 1, order.labels, rng))
    return found


def _system(
    order: Order,
    name: str,
    role: Role,
    condition: str,
    timed: tuple[np.ndarray, np.ndarray, str],
    num_seeds: int,
    labels: tuple[str, ...],
    rng: np.random.Generator,
) -> System:
    curves, times, unit = timed
    recoveries = Recoveries(_noisy(curves * np.array(order.strengths), num_seeds, rng), _strengths(order.strengths))
    stages = tuple(range(len(labels)))
    in_training = tuple("stop band" not in label for label in labels)
    return System(
        name,
        role,
        condition,
        "Bayes",
        recoveries,
        times,
        unit,
        labels,
        stages,
        is_ranked="ranked" in labels[0],
        in_training=() if all(in_training) else in_training,
    )


def _noisy(curves: np.ndarray, num_seeds: int, rng: np.random.Generator) -> np.ndarray:
    """Overlaps by training seed, task, time and mode."""
    return curves + 0.02 * rng.normal(size=(num_seeds, NUM_TASKS, *curves.shape))


def _strengths(strengths: tuple[float, ...]) -> np.ndarray:
    return np.tile(np.array(strengths), (NUM_TASKS, 1))


def _divergences(order: Order, rng: np.random.Generator) -> list[Course]:
    unit, shape = "nats per number predicted", (order.num_seeds, NUM_TASKS, len(PAIRS))
    network, prior = 0.02 * rng.gamma(2.0, size=shape), 0.5 * rng.gamma(2.0, size=(1, *shape[1:]))
    return [
        Course("divergence", "network", "network", unit, network),
        Course("divergence", "prior predictive", "control", unit, prior),
    ]


def _accuracies(order: Order, rng: np.random.Generator) -> list[Course]:
    shape = (order.num_seeds, NUM_TASKS, len(PAIRS))
    exact = np.broadcast_to(0.2 + 0.8 * (1 - np.exp(-PAIRS / 3)), (1, *shape[1:])).copy()
    network = exact - 0.05 * rng.uniform(size=shape)
    return [
        Course("accuracy", "network", "network", "fraction correct", network),
        Course("accuracy", "Bayes", "Bayes", "fraction correct", exact),
    ]


def _scores(order: Order, rng: np.random.Generator) -> list[Score]:
    """What learning one context costs the others; how long the last context takes, biases shared or separate."""
    found = [
        Score("change_elsewhere", who, "probability per trial", "mean", 1e-4 * rng.normal(size=(num_seeds, NUM_TASKS)))
        for who, num_seeds in (("network", order.num_seeds), ("Bayes", 1))
    ]
    for name in (*order.learners, *order.controls):
        least = 0.4 if name == "policy gradient" else 0.97
        shares = least + 0.03 * rng.uniform(size=(1, NUM_TASKS))
        found.append(Score("lowest_share_of_start", name, "fraction of its start", "median", shares))
    for kind, growth in (("shared biases", 3.0), ("separate biases", 1.2)):
        for count in (2, 5):
            times = 100 * growth ** (count - 2) * rng.uniform(0.9, 1.1, size=(1, NUM_TASKS))
            found.append(Score("time_to_learn_all", kind, "rate × steps", "median", times, count))
    return found
