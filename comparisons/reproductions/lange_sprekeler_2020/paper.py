"""Lange & Sprekeler 2020, Learning not to learn: when it is optimal to learn, and when to hard-code.

The paper (arXiv 2010.04466) meta-trains LSTMs on a two-arm Gaussian bandit and on a grid to forage in, and finds that
they learn where the tasks differ enough, are easy enough and the lifetime is long enough, and hard-code elsewhere. Its
printed formula uses the posterior variance where the sampling variance of the estimate belongs, and committing after a
fixed number of trials is not the best policy. Networks are therefore compared with three references: the printed
formula, the best explore-then-commit policy and the Bayes-optimal policy. Networks in the paper's settings are this
package's reading of its tables; the others are trained better. All bounds are this package's own.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from comparisons.experiment import AbstractExperiment
from comparisons.foraging.experiment import PAPER_NETWORK as FORAGING_PAPER_NETWORK
from comparisons.foraging.experiment import PAPER_TRAINING as FORAGING_PAPER_TRAINING
from comparisons.foraging.experiment import ForagingExperiment
from comparisons.lifetimes.experiment import GeneralistExperiment, SpecialistExperiment
from comparisons.lifetimes.settings import Cell, MapEvaluation
from comparisons.lifetimes.theory_experiment import TheoryExperiment
from comparisons.reproductions.lange_sprekeler_2020 import claims
from comparisons.reproductions.lange_sprekeler_2020.across import across_experiments
from comparisons.rows import Table, concatenated, table_of
from metalearners.actor_critic_configs import ActorCriticConfig, OwnCritic
from metalearners.configs import StackedLSTMConfig
from metalearners.schedules import Constant, Geometric, GeometricBelowOne, Linear, Parabola

QUESTION = (
    "When is it optimal to learn, when to hard-code, and do meta-trained LSTMs find out (Lange & Sprekeler 2020)?"
)


REWARD_SCALES = tuple(float(scale) for scale in np.linspace(0.1, 20, 20))


PRIOR_SCALES = tuple(float(scale) for scale in np.linspace(0.1, 10, 20))


LIFETIMES = (25, 50, 75, 100)
"""The paper's grid: the labels of its axes and all its cells match these."""


POINTS = (Cell(19.5, 3.0), Cell(9.53, 3.75), Cell(9.53, 8.0))
"""Settings of the paper's figure 2: "no learn", "edge" and "learn"."""


SHOWN = (Cell(6.4, 2.9), Cell(14.8, 2.9))
"""Approximate settings of its figure 3, as the inset shows them: one with learning, and one without."""


GOOD = ActorCriticConfig(
    num_steps=3000,
    batch_size=128,
    learning_rate=0.004,
    entropy_weight=Parabola(0.2, 0.6),
    trace_decay=0.97,
    num_checkpoints=5,
)
"""Many lifetimes per update, returns of expected rewards, and a critic that receives the task as input."""


QUICK = dataclasses.replace(
    GOOD,
    num_steps=600,
    batch_size=64,
    learning_rate=0.005,
    uniform_weight=Parabola(0.02),
    trace_decay=0.95,
    num_checkpoints=3,
)
"""Ten times fewer lifetimes, for many networks.

The uniform weight penalises policies that become deterministic too early. Without it, one network in twenty for
lifetime 100, always at small reward scales, stops pulling the unknown arm and never tries it again. With it, networks
lose a little more at large reward scales.
"""


PAPER = ActorCriticConfig(
    num_steps=15_000,
    batch_size=2,
    discount=Geometric(0.4, 0.999, 0.9),
    entropy_weight=Linear(1.0, 0.005),
    learning_rate=1e-3,
    is_one_cycle=False,
    second_moment_decay=0.999,
    weight_decay=3e-6,
    max_gradient_norm=10.0,
    are_returns_expected=False,
    critic=OwnCritic(0.05),
    num_checkpoints=6,
)
"""The paper's table 1: 30,000 lifetimes, two per update. Its "exponential" rise of the discount over 27,000 of them is
read as geometric. Adam's moments are not given."""


PAPER_OTHER_DISCOUNT = dataclasses.replace(PAPER, discount=GeometricBelowOne(0.4, 0.999, 0.9))
"""The other reading: the distance of the discount from 1 falls geometrically, so that horizons grow early. Networks
then do not even learn where tasks differ most, so the paper hardly used it."""


PAPER_HIGH_DISCOUNT = dataclasses.replace(PAPER, discount=Constant(0.999))


PAPER_NO_ANNEALING = dataclasses.replace(PAPER, entropy_weight=Constant(0.005))


PAPER_NETWORK = StackedLSTMConfig(hidden_size=48, is_orthogonal=True, is_initial_state_learned=True)


_GENERAL = ActorCriticConfig(
    num_steps=5000, batch_size=128, learning_rate=0.004, entropy_weight=Parabola(0.2, 0.5), trace_decay=0.97
)


_THIRTY = tuple(range(30))


_MANY = MapEvaluation(num_tasks=100_000, num_probes=1000, shown_cells=(0, 1, 2))


_FEW = MapEvaluation(num_tasks=5000)


def experiments() -> dict[str, AbstractExperiment]:
    """Return the experiments by name, in the order of the report."""
    return {
        "theory": TheoryExperiment("theory", REWARD_SCALES, PRIOR_SCALES, LIFETIMES),
        "points": SpecialistExperiment("points", POINTS, GOOD, stack_size=9, evaluation=_MANY),
        "points_many_seeds": _many_seeds(),
        "points_paper": _points_paper("points_paper", PAPER, _THIRTY),
        "map_25": _map("map_25", 25, QUICK, _sub_grid()),
        "map_100": _map("map_100", 100, QUICK, _sub_grid()),
        "map_100_paper": dataclasses.replace(
            _map("map_100_paper", 100, PAPER, (*_coarse_grid(), *SHOWN)),
            network=PAPER_NETWORK,
            is_raw=True,
            stack_size=42,
            training_seeds=(0,),
            evaluation=dataclasses.replace(_FEW, shown_cells=(40, 41)),
        ),
        "one_network": GeneralistExperiment(
            "one_network",
            _sub_grid(),
            LIFETIMES,
            _GENERAL,
            network=StackedLSTMConfig(hidden_size=64),
            evaluation=dataclasses.replace(_FEW, shown_cells=(70, 74)),
            training_seeds=(0, 1, 2),
        ),
        "foraging": ForagingExperiment(training_seeds=(0, 1, 2)),
    }


def further_experiments() -> dict[str, AbstractExperiment]:
    """Return longer experiments and variants of the paper's settings, which run only by name."""
    whole = tuple(Cell(reward, prior) for reward in REWARD_SCALES for prior in PRIOR_SCALES)
    found: dict[str, AbstractExperiment] = {}
    for lifetime in LIFETIMES:
        whole_map = _map(f"whole_map_{lifetime}_paper", lifetime, PAPER, whole)
        found[f"whole_map_{lifetime}_paper"] = dataclasses.replace(
            whole_map, network=PAPER_NETWORK, is_raw=True, stack_size=50, training_seeds=tuple(range(5))
        )
    for name, training, seeds in (
        ("other_discount", PAPER_OTHER_DISCOUNT, _THIRTY),
        ("high_discount", PAPER_HIGH_DISCOUNT, _THIRTY[:10]),
        ("no_annealing", PAPER_NO_ANNEALING, _THIRTY[:10]),
    ):
        found[f"points_paper_{name}"] = _points_paper(f"points_paper_{name}", training, seeds)
    found["foraging_paper"] = ForagingExperiment(
        network=FORAGING_PAPER_NETWORK,
        training=FORAGING_PAPER_TRAINING,
        first_lifetime=None,
        training_seeds=tuple(range(5)),
    )
    return found


def duration(chosen: Mapping[str, Any]) -> str:
    """Return how long some experiments take, in words."""
    minutes = sum(_MINUTES[name] * len(experiment.training_seeds) for name, experiment in chosen.items())
    hours = minutes / 60
    words = f"{minutes:.0f} minutes" if hours < 2 else f"{hours:.0f} hours"
    return f"about {words} of one core for all networks together, divided by the number of cores"


def measures(trees: Mapping[str, xr.DataTree]) -> Table:
    """Return the table of results: the tables of all experiments, and rows that span several."""
    tables = [table_of(tree).placed(experiment=name) for name, tree in trees.items()]
    return concatenated([*tables, across_experiments(trees)])


def figure_points(trees: Mapping[str, xr.DataTree]) -> dict[str, xr.DataTree]:
    """Return the trees of the experiments themselves: their figures are drawn from them."""
    return dict(trees)


def statements() -> list[str]:
    """Return the statements of all claims."""
    return claims.statements()


def _many_seeds() -> SpecialistExperiment:
    return SpecialistExperiment(
        "points_many_seeds", POINTS, QUICK, stack_size=30, evaluation=_FEW, training_seeds=_THIRTY
    )


def _points_paper(name: str, training: ActorCriticConfig, seeds: tuple[int, ...]) -> SpecialistExperiment:
    return SpecialistExperiment(
        name,
        POINTS,
        training,
        PAPER_NETWORK,
        is_raw=True,
        stack_size=len(POINTS) * len(seeds),
        evaluation=_FEW,
        training_seeds=seeds,
    )


def _map(name: str, lifetime: int, training: ActorCriticConfig, cells: tuple[Cell, ...]) -> SpecialistExperiment:
    return SpecialistExperiment(
        name, cells, dataclasses.replace(training, lifetime=lifetime), stack_size=20, evaluation=_FEW
    )


def _sub_grid() -> tuple[Cell, ...]:
    """Return a hundred cells of the paper's grid, closer together where learning begins."""
    return _cells((1, 2, 4, 6, 8, 9, 11, 14, 16, 19), (1, 2, 3, 4, 5, 7, 9, 11, 13, 16))


def _coarse_grid() -> tuple[Cell, ...]:
    """Return forty cells of the paper's grid."""
    return _cells((2, 6, 9, 14, 19), (1, 2, 3, 4, 5, 7, 11, 16))


def _cells(rewards: tuple[int, ...], priors: tuple[int, ...]) -> tuple[Cell, ...]:
    """Return the cells of the paper's grid in these columns and rows."""
    return tuple(Cell(REWARD_SCALES[reward], PRIOR_SCALES[prior]) for reward in rewards for prior in priors)


_MINUTES = {
    "theory": 0.3,
    "points": 9,
    "points_many_seeds": 0.8,
    "points_paper": 1.6,
    "map_25": 6.5,
    "map_100": 28,
    "map_100_paper": 23,
    "one_network": 16,
    "foraging": 20,
    "whole_map_25_paper": 60,
    "whole_map_50_paper": 120,
    "whole_map_75_paper": 180,
    "whole_map_100_paper": 240,
    "points_paper_other_discount": 1.6,
    "points_paper_high_discount": 4,
    "points_paper_no_annealing": 4,
    "foraging_paper": 6000,
}
"""Minutes that a training seed of each takes on one core: measured, or estimated for experiments that were not run."""
