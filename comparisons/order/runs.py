"""Parts that experiments on the order of learning share: trees, divergences over a task, recoveries at checkpoints."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float
from numpyro.distributions import Distribution

from bayesopt.episodes import sample_regressions
from bayesopt.families import FunctionRegression, LinearRegression
from bayesopt.reference import predict_regression
from bayesopt.titles import title_of
from comparisons.order.readouts import Overlaps
from comparisons.order.settings import OrderEvaluationConfig
from comparisons.order.systems import Course, OuterRecoveries, System, order_tree
from comparisons.seams.regressions import predict_pairs
from comparisons.seams.training import at_checkpoints, new_regression_predictor
from comparisons.seeding import key_for
from comparisons.statistics.divergences import kl_divergence
from metalearners.regression import RegressionPredictor

RegressionFamily = LinearRegression | FunctionRegression


def regression_tree(
    experiment: Any,
    directories: tuple[Path, ...],
    *,
    conditions: Callable[[list[RegressionPredictor]], Iterable[list[System]]],
    outer: Callable[[Mapping[int, list[RegressionPredictor]]], list[OuterRecoveries]],
    notes: Sequence[str],
) -> xr.DataTree:
    """Return all scores of the networks of a regression experiment, whose checkpoints are in these directories.

    `conditions` makes the systems of every condition from the trained networks, `outer` what networks recover at
    every checkpoint of their training.
    """

    def make(seed: int) -> RegressionPredictor:
        return new_regression_predictor(experiment.family, experiment.network, seed=seed)

    by_step = at_checkpoints(make, experiment.training, experiment.training_seeds, directories)
    networks = by_step[max(by_step)]
    return order_tree(
        [system for systems in conditions(networks) for system in systems],
        outer=outer(by_step),
        scores=(),
        courses=divergence_courses(
            experiment.family, networks, experiment.training.length, experiment.evaluation, seed=experiment.seed
        ),
        attributes=experiment_attributes(experiment),
        notes=notes,
    )


def divergence_courses(
    family: RegressionFamily,
    networks: Sequence[RegressionPredictor],
    length: int,
    evaluation: OrderEvaluationConfig,
    *,
    seed: int,
) -> list[Course]:
    """Return KL from Bayes' predictive at every time, of the networks and of the prior predictive, on fresh tasks.

    The unit is nats per output dimension.
    """
    pairs = sample_regressions(family, key_for(seed, "divergence tasks"), num_tasks=evaluation.num_tasks, length=length)
    bayes = predict_regression(family, pairs.inputs, pairs.targets)

    def course(predictions: Sequence[Distribution]) -> Float[np.ndarray, "training_seed task time"]:
        return np.stack([kl_divergence(bayes, one) for one in predictions]) / family.num_outputs

    def alone(values: np.ndarray) -> np.ndarray:
        return values.reshape(-1, 1, values.shape[-1])

    prior = predict_regression(family, alone(pairs.inputs), alone(pairs.targets))
    forgetful = type(bayes.base_dist)(
        *(np.reshape(np.asarray(part), pairs.targets.shape) for part in (prior.base_dist.loc, prior.base_dist.scale))
    ).to_event(1)
    unit = "nats per number predicted"
    return [
        Course("divergence", "network", "network", unit, course([predict_pairs(n, *pairs[1:]) for n in networks])),
        Course("divergence", "prior predictive", "control", unit, course([forgetful])),
    ]


def outer_recoveries(
    by_step: Mapping[int, Overlaps], moments: Mapping[str, int], mode_labels: tuple[str, ...]
) -> list[OuterRecoveries]:
    """Return recoveries over meta-training at moments within the task, from those at every checkpoint and time."""
    steps = np.array(sorted(by_step), float)
    strengths = np.asarray(next(iter(by_step.values())).strengths, float)
    found = np.stack([by_step[int(step)].overlaps for step in steps], axis=1)
    return [
        OuterRecoveries(moment, steps, np.asarray(found[:, :, :, time], float), strengths, mode_labels)
        for moment, time in moments.items()
    ]


def experiment_attributes(experiment: Any) -> dict[str, str]:
    """Return how a tree was made."""
    return {
        "family": repr(experiment.family),
        "title": title_of(experiment.family),
        "question": experiment.question,
        "seed": str(experiment.seed),
    }
