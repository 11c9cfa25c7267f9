"""Trains and evaluates the networks of an experiment on decisions."""

from pathlib import Path

import xarray as xr

from comparisons.decisions import evaluation
from comparisons.decisions.experiment import DecisionExperiment
from comparisons.experiment import TrainingUnit
from comparisons.seams.policies import agent_of, describe
from comparisons.seams.training import at_checkpoints, meta_train, new_policy
from comparisons.seeding import integer_for
from metalearners.policy import RecurrentPolicy

EVALUATION_VERSION = 1


def train(experiment: DecisionExperiment, unit: TrainingUnit, directory: Path) -> None:
    """Train the network of one seed."""
    meta_train(
        experiment.family,
        seed=unit.seed,
        training=experiment.training,
        network=experiment.network,
        directory=directory,
    )


def evaluate(experiment: DecisionExperiment, directories: tuple[Path, ...]) -> xr.DataTree:
    """Return the scores of the trained networks, of all their checkpoints, and of untrained networks."""

    def make(seed: int) -> RecurrentPolicy:
        return new_policy(experiment.family, experiment.network, horizon=experiment.training.horizon, seed=seed).eval()

    policies = at_checkpoints(make, experiment.training, experiment.training_seeds, directories)
    untrained = [make(integer_for(seed, "untrained weights")) for seed in experiment.training_seeds]
    last = policies[max(policies)]
    return evaluation.evaluate_agents(
        [agent_of(policy) for policy in last],
        experiment.family,
        seed=experiment.seed,
        evaluation=experiment.evaluation,
        description=describe(last[0]),
        untrained=[agent_of(policy) for policy in untrained],
        checkpoints={step: [agent_of(policy) for policy in row] for step, row in policies.items()},
    )
