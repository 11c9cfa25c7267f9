"""Small experiments on lifetimes: specialists, specialists in the setting of the paper, and a generalist."""

import dataclasses

from comparisons.lifetimes.experiment import GeneralistExperiment, SpecialistExperiment
from comparisons.lifetimes.settings import Cell, MapEvaluation
from comparisons.lifetimes.training import generalist_settings, specialist_settings
from metalearners.actor_critic_configs import ActorCriticConfig, OwnCritic
from metalearners.configs import StackedLSTMConfig

CELLS = (Cell(1.0, 2.0), Cell(1.0, 0.0), Cell(3.0, 6.0), Cell(3.0, 0.0))
"""Half of them without anything to learn: tasks do not differ."""
TRAINING = ActorCriticConfig(num_steps=4, batch_size=4, lifetime=6, num_checkpoints=2)
EVALUATION = MapEvaluation(num_tasks=60, num_probes=10, development_tasks=20, shown_cells=(2,))
SPECIALISTS = SpecialistExperiment(
    "specialists",
    CELLS,
    TRAINING,
    network=StackedLSTMConfig(hidden_size=6),
    stack_size=3,
    evaluation=EVALUATION,
    training_seeds=(4, 7),
)
PAPERS = dataclasses.replace(
    SPECIALISTS,
    name="papers",
    is_raw=True,
    stack_size=8,
    training=dataclasses.replace(TRAINING, critic=OwnCritic(), are_returns_expected=False, num_checkpoints=1),
    network=StackedLSTMConfig(hidden_size=6, is_orthogonal=True, is_initial_state_learned=True),
    evaluation=dataclasses.replace(EVALUATION, shown_cells=()),
)
GENERALIST = GeneralistExperiment(
    "generalist",
    (Cell(1.0, 2.0), Cell(3.0, 1.0)),
    (3, 6),
    TRAINING,
    network=StackedLSTMConfig(hidden_size=6),
    evaluation=dataclasses.replace(EVALUATION, shown_cells=(1,)),
    training_seeds=(0, 1),
)
ALL = (SPECIALISTS, PAPERS, GENERALIST)


def settings_of(experiment):
    return generalist_settings(experiment) if experiment is GENERALIST else specialist_settings(experiment)
