"""Training of the networks of experiments on lifetimes: one unit of work at a time, resumed where it was left."""

from pathlib import Path

from comparisons.experiment import TrainingUnit
from comparisons.lifetimes.experiment import GeneralistExperiment, SpecialistExperiment
from comparisons.seams.fixed_arms import (
    LIFETIME_UNIT,
    Setting,
    SettingRange,
    generalist_batch,
    setting_channels,
    specialist_batch,
    specialist_encoding,
)
from comparisons.seams.networks import new_stack
from comparisons.seeding import integer_for
from metalearners.actor_critic import train_stack
from metalearners.trials import SettingTrialEncoding


def specialist_settings(experiment: SpecialistExperiment) -> list[Setting]:
    """Return the setting of every cell."""
    return [Setting(cell.reward_scale, cell.prior_scale, experiment.training.lifetime) for cell in experiment.cells]


def generalist_settings(experiment: GeneralistExperiment) -> list[Setting]:
    """Return the setting of every cell at every lifetime, lifetime by lifetime."""
    return [
        Setting(cell.reward_scale, cell.prior_scale, lifetime)
        for lifetime in experiment.lifetimes
        for cell in experiment.cells
    ]


def train_specialists(experiment: SpecialistExperiment, unit: TrainingUnit, directory: Path) -> None:
    """Train the networks of one stack, each in its own setting.

    A network that diverges is left with weights of NaN. Raises `FloatingPointError` if all of them do.
    """
    everywhere, members = specialist_settings(experiment), experiment.stack(unit.index)
    settings, training = [everywhere[cell] for _, cell in members], experiment.training
    seed = _seed_of(experiment, unit)
    encoding = specialist_encoding(training.lifetime, is_raw=experiment.is_raw)
    policy = new_stack(experiment.network, encoding, num_networks=len(members), seed=seed)
    train_stack(
        policy,
        lambda step: specialist_batch(
            settings, is_raw=experiment.is_raw, batch_size=training.batch_size, seed=seed, step=step
        ),
        training,
        seed=integer_for(seed, "training"),
        directory=directory,
        label=f"{experiment.name}, {unit.name}",
    )


def train_generalist(experiment: GeneralistExperiment, unit: TrainingUnit, directory: Path) -> None:
    """Train the one network of a training seed on random settings. Raises `FloatingPointError` if it diverges."""
    smallest, largest, training = experiment.smallest, experiment.largest, experiment.training
    settings = SettingRange(
        (smallest.reward_scale, largest.reward_scale),
        (smallest.prior_scale, largest.prior_scale),
        experiment.lifetimes,
    )
    policy = new_stack(experiment.network, generalist_encoding(experiment), num_networks=1, seed=unit.seed)
    train_stack(
        policy,
        lambda step: generalist_batch(settings, batch_size=training.batch_size, seed=unit.seed, step=step),
        training,
        seed=integer_for(unit.seed, "training"),
        directory=directory,
        label=f"{experiment.name}, {unit.name}",
    )


def generalist_encoding(experiment: GeneralistExperiment) -> SettingTrialEncoding:
    """Return the inputs of a network for all settings; which setting they describe changes with every batch."""
    return SettingTrialEncoding(setting_channels(generalist_settings(experiment)[:1]), 2, LIFETIME_UNIT)


def _seed_of(experiment: SpecialistExperiment, unit: TrainingUnit) -> int:
    """Return the seed of a stack: that of its first network, and the stack."""
    first, _ = experiment.stack(unit.index)[0]
    return integer_for(experiment.training_seeds[first], f"stack {unit.index}")
