"""Mikulik et al. 2020, Meta-trained agents implement Bayes-optimal agents: the behaviour of 14 networks, reconstructed.

The paper (arXiv 2010.11223) meta-trains LSTMs on 14 tasks, in episodes of 20 steps, and finds them behaviourally
indistinguishable from Bayes-optimal agents: in KL divergence where they predict, in cumulative reward where they play
bandits, with the Gittins policy as the reference. Priors, network sizes, training settings and numerical results were
not at hand; the eight prediction and six bandit tasks here are a reconstruction, and all margins are this package's
own. Rewards are counted without discount; the Gittins policy is that of discount 0.95.
"""

from collections.abc import Mapping

import xarray as xr

from bayesopt.families import (
    BernoulliBandit,
    BetaBernoulli,
    DirichletCategorical,
    ExponentialBandit,
    GammaExponential,
    GaussianBandit,
    NormalNormal,
)
from comparisons.decisions.experiment import DecisionExperiment
from comparisons.decisions.settings import DecisionEvaluationConfig
from comparisons.experiment import AbstractExperiment
from comparisons.kind import taken
from comparisons.predictions.experiment import PredictionExperiment
from comparisons.predictions.settings import EvaluationConfig
from comparisons.reproductions.mikulik_2020.behaviour import SECTIONS, behaviour_of
from comparisons.reproductions.mikulik_2020.claims import claims_about
from comparisons.rows import Resampler, Table
from metalearners.configs import ReinforcementConfig, TrainingConfig

QUESTION = (
    "Do meta-trained LSTMs behave as Bayes-optimal agents do, in prediction and in bandits (Mikulik et al. 2020)?"
)


LENGTH = 20


_PREDICTION = {
    "coin, Beta(1, 1)": BetaBernoulli(1.0, 1.0),
    "coin, Beta(2, 1)": BetaBernoulli(2.0, 1.0),
    "die, Dirichlet(1, 1, 1)": DirichletCategorical((1.0, 1.0, 1.0)),
    "die, Dirichlet(3, 2, 1)": DirichletCategorical((3.0, 2.0, 1.0)),
    "exponential, Gamma(1, 1)": GammaExponential(1.0, 1.0),
    "exponential, Gamma(2, 1)": GammaExponential(2.0, 1.0),
    "Gaussian, Normal(0, 1)": NormalNormal(0.0, 1.0, 1.0),
    "Gaussian, Normal(1, 1)": NormalNormal(1.0, 1.0, 1.0),
}


_BANDITS = {
    "Bernoulli arms, Beta(1, 1)": BernoulliBandit((1.0, 1.0), (1.0, 1.0)),
    "Bernoulli arms, Beta(2, 1)": BernoulliBandit((2.0, 2.0), (1.0, 1.0)),
    "exponential arms, Gamma(2, 1)": ExponentialBandit((2.0, 2.0), (1.0, 1.0)),
    "exponential arms, Gamma(3, 1)": ExponentialBandit((3.0, 3.0), (1.0, 1.0)),
    "Gaussian arms, Normal(0, 1)": GaussianBandit((0.0, 0.0), (1.0, 1.0), 1.0),
    "Gaussian arms, Normal(1, 1)": GaussianBandit((1.0, 1.0), (1.0, 1.0), 1.0),
}


def experiments() -> dict[str, AbstractExperiment]:
    """Return the 14 experiments by name."""
    predicting: dict[str, AbstractExperiment] = {
        name: PredictionExperiment(
            family,
            training=TrainingConfig(num_steps=4000, length=LENGTH),
            evaluation=EvaluationConfig(length=LENGTH, beyond=(2,), certificate_length=10),
        )
        for name, family in _PREDICTION.items()
    }
    playing: dict[str, AbstractExperiment] = {
        name: DecisionExperiment(
            family,
            training=ReinforcementConfig(num_steps=1500, horizon=LENGTH),
            evaluation=DecisionEvaluationConfig(num_tasks=20_000, length=LENGTH, discount=0.95, certificate_length=8),
            training_seeds=(0, 1),
        )
        for name, family in _BANDITS.items()
    }
    return predicting | playing


def further_experiments() -> dict[str, AbstractExperiment]:
    """Return further experiments that run only by name: none."""
    return {}


def duration(chosen: Mapping[str, AbstractExperiment]) -> str:
    """Return how long some experiments take, in words."""
    return f"about {2 * len(chosen)} minutes on two cores, if they are otherwise idle"


def measures(trees: Mapping[str, xr.DataTree]) -> Table:
    """Return the table of results: the measures of every experiment's networks."""
    return taken(SECTIONS, {name: behaviour_of(tree) for name, tree in trees.items()}, Resampler(0), {})


def figure_points(trees: Mapping[str, xr.DataTree]) -> dict[str, tuple[str, list[dict[str, object]]]]:
    """Return the distance of networks from Bayes at each checkpoint, as a share of the floor's."""
    points: list[dict[str, object]] = [
        {"variant": name, "training_seed": seed, "step": int(step), "share_of_floor": float(share)}
        for name, tree in trees.items()
        for behaviour in [behaviour_of(tree)]
        for seed, shares in enumerate(behaviour.by_step.mean(axis=2) / behaviour.few_floor.mean())
        for step, share in zip(behaviour.steps, shares, strict=True)
    ]
    return {"convergence": ("point", points)}


def statements() -> list[str]:
    """Return the statements of all claims."""
    return [claim.statement for claim in claims_about(list(experiments()))]
