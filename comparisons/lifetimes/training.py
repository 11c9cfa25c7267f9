"""Training the networks of experiments on lifetimes: one unit of work at a time, resumed from wherever it was left."""

from pathlib import Path
from typing import TYPE_CHECKING

from comparisons.experiment import TrainingUnit
from comparisons.seams.fixed_arms import (
    LONGEST_TOLD,
    SettingRange,
    generalist_lesson,
    specialist_encoding,
    specialist_lesson,
    told,
)
from comparisons.seams.networks import new_stack
from comparisons.seeding import integer_for
from metalearners.actor_critic import train_stack
from metalearners.trials import SettingTrialEncoding

if TYPE_CHECKING:
    from comparisons.lifetimes.experiment import GeneralistExperiment, SpecialistExperiment


def train_specialists(experiment: "SpecialistExperiment", unit: TrainingUnit, directory: Path) -> None:
    """Train the networks of one stack, each in its own setting.

    A network that diverges is left with weights of NaN. Raises `FloatingPointError` if all of them do.
    """
    places, members = experiment.places(), experiment.stack(unit.index)
    settings, training = [places[cell] for _, cell in members], experiment.training
    seed = _seed_of(experiment, unit)
    encoding = specialist_encoding(training.lifetime, is_raw=experiment.is_raw)
    policy = new_stack(experiment.network, encoding, num_networks=len(members), seed=seed)
    train_stack(
        policy,
        lambda step: specialist_lesson(
            settings, is_raw=experiment.is_raw, batch_size=training.batch_size, seed=seed, step=step
        ),
        training,
        seed=integer_for(seed, "training"),
        directory=directory,
        label=f"{experiment.name}, {unit.name}",
    )


def train_generalist(experiment: "GeneralistExperiment", unit: TrainingUnit, directory: Path) -> None:
    """Train the one network of a training seed on random settings. Raises `FloatingPointError` if it diverges."""
    smallest, largest, training = experiment.smallest, experiment.largest, experiment.training
    settings = SettingRange(
        (smallest.reward_scale, largest.reward_scale),
        (smallest.prior_scale, largest.prior_scale),
        experiment.lifetimes,
    )
    encoding = SettingTrialEncoding(told(experiment.places()[:1]), 2, LONGEST_TOLD)
    policy = new_stack(experiment.network, encoding, num_networks=1, seed=unit.seed)
    train_stack(
        policy,
        lambda step: generalist_lesson(settings, batch_size=training.batch_size, seed=unit.seed, step=step),
        training,
        seed=integer_for(unit.seed, "training"),
        directory=directory,
        label=f"{experiment.name}, {unit.name}",
    )


def _seed_of(experiment: "SpecialistExperiment", unit: TrainingUnit) -> int:
    """The seed of a stack: that of its first network, and the stack."""
    first, _ = experiment.stack(unit.index)[0]
    return integer_for(experiment.training_seeds[first], f"stack {unit.index}")
