"""Mikulik et al. 2020, Meta-trained agents implement Bayes-optimal agents: the behaviour of 14 networks, reconstructed.

The paper (arXiv 2010.11223) meta-trains LSTMs on 14 tasks, in episodes of 20 steps, and finds them behaviourally
indistinguishable from Bayes-optimal agents: in KL divergence where they predict, in cumulative reward where they play
bandits, with the Gittins policy as the reference. Priors, network sizes, training settings and numerical results were
not at hand; the eight prediction and six bandit tasks here are a reconstruction, and all margins are this package's
own. Rewards are counted without discount; the Gittins policy is that of discount 0.95.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr
from jaxtyping import Float

from bayesopt.families import (
    BernoulliBandit,
    BetaBernoulli,
    DirichletCategorical,
    ExponentialBandit,
    GammaExponential,
    GaussianBandit,
    NormalNormal,
)
from comparisons.claims import AtMost, Claim
from comparisons.decisions.experiment import DecisionExperiment
from comparisons.decisions.settings import DecisionEvaluationConfig
from comparisons.experiment import AbstractExperiment
from comparisons.kind import Presentation
from comparisons.predictions.experiment import PredictionExperiment
from comparisons.predictions.settings import EvaluationConfig
from comparisons.rows import Measure, over
from comparisons.statistics.intervals import bootstrap_ratio
from comparisons.tree import DECISION_SCHEMA
from metalearners.configs import ReinforcementConfig, TrainingConfig

QUESTION = (
    "Do meta-trained LSTMs behave as Bayes-optimal agents do, in prediction and in bandits (Mikulik et al. 2020)?"
)


LENGTH = 20


CLOSE, FAR = 0.1, 0.5
"""This package's own margins: a tenth of the floor's error is close to Bayes, half of it is far."""


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
    """The 14 experiments by name."""
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
    """Longer ones that are run only where they are named: none."""
    return {}


def duration(chosen: Mapping[str, AbstractExperiment]) -> str:
    """How long it takes, in words."""
    return f"about {2 * len(chosen)} minutes on two cores, if they are otherwise idle"


class Behaviour(NamedTuple):
    """How far networks are from Bayes in one variant, each in the unit of the variant; lower is better."""

    network: Float[np.ndarray, "training_seed task"]
    untrained: Float[np.ndarray, "training_seed task"]
    floor: Float[np.ndarray, "1 task"]
    """What is known not to be Bayes-optimal: memoryless prediction, uniform play."""
    by_step: Float[np.ndarray, "training_seed step few"]
    """The network's distance at every checkpoint, on fewer tasks."""
    few_floor: Float[np.ndarray, "few"]
    """The floor on those."""
    steps: np.ndarray
    what: str
    unit: str


def behaviour_of(tree: xr.DataTree) -> Behaviour:
    """KL from Bayes and from the memoryless floor, or rewards below the Gittins policy and uniform play below it."""
    return _playing(tree) if tree.attrs["schema"] == DECISION_SCHEMA else _predicting(tree)


def measures(trees: Mapping[str, xr.DataTree], *, seed: int) -> list[Measure]:
    """The table of results: a row per variant and measure; variants stand where a comparison has predictors."""
    rows: list[Measure] = []
    for name, tree in trees.items():
        found = behaviour_of(tree)
        by_seed = np.broadcast_to(found.floor, found.network.shape)

        def add(measure: str, above: np.ndarray, below: np.ndarray, variant: str = name) -> None:
            rows.append(
                Measure(measure, variant, *bootstrap_ratio(above, below, seed=seed), "fraction", over(len(above)))
            )

        ones = np.ones_like(found.network)
        distance = bootstrap_ratio(found.network, ones, seed=seed)
        rows.append(Measure(found.what, name, *distance, found.unit, over(len(found.network))))
        add("share_of_floor", found.network, by_seed)
        untrained_floor = np.broadcast_to(found.floor, found.untrained.shape)
        add("untrained_share_of_floor", found.untrained, untrained_floor)
        add("floor_share_of_untrained", untrained_floor, found.untrained)
        add("last_share_of_first_checkpoint", found.by_step[:, -1], found.by_step[:, 0])
    return rows


def figure_points(trees: Mapping[str, xr.DataTree]) -> dict[str, tuple[str, list[dict[str, object]]]]:
    """How far networks were from Bayes at each checkpoint, as a share of the floor's distance."""
    points: list[dict[str, object]] = [
        {"variant": name, "training_seed": seed, "step": int(step), "share_of_floor": float(share)}
        for name, tree in trees.items()
        for behaviour in [behaviour_of(tree)]
        for seed, shares in enumerate(behaviour.by_step.mean(axis=2) / behaviour.few_floor.mean())
        for step, share in zip(behaviour.steps, shares, strict=True)
    ]
    return {"convergence": ("point", points)}


def presentation() -> Presentation:
    """How the reproduction is shown."""
    from comparisons.reproductions.mikulik_2020.shown import CONVERGENCE

    return CONVERGENCE


def claims(names: list[str]) -> tuple[Claim, ...]:
    """What is claimed of every variant: near Bayes after training, not before, and nearer the longer it is trained."""
    found: list[Claim] = []
    for name in names:
        found += [
            AtMost(
                f"{name}: after meta-training, the network's distance from Bayes is at most a tenth of the floor's.",
                "share_of_floor",
                name,
                CLOSE,
            ),
            AtMost(
                f"{name}: before it, the network is far from Bayes (the floor is at most twice as far).",
                "floor_share_of_untrained",
                name,
                1 / FAR,
            ),
            AtMost(
                f"{name}: training brings it closer, at least tenfold from the first checkpoint to the last.",
                "last_share_of_first_checkpoint",
                name,
                CLOSE,
            ),
        ]
    return tuple(found)


def _predicting(tree: xr.DataTree) -> Behaviour:
    length = int(tree.attrs["length"])
    floors = tree["floors"]["kl_divergence"].sel(floor="memoryless").to_numpy()[None, :, :length]
    network, untrained = (tree[g]["kl_divergence"].to_numpy()[:, :, :length].mean(2) for g in ("network", "untrained"))
    by_step = tree["convergence"]["kl_divergence"].transpose("training_seed", "step", "task")
    floor, num_few = floors.mean(2), by_step.sizes["task"]
    steps = by_step["step"].to_numpy()
    return Behaviour(
        network, untrained, floor, by_step.to_numpy(), floor[0, :num_few], steps, "kl_divergence", "nats/step"
    )


def _playing(tree: xr.DataTree) -> Behaviour:
    rewards = tree["totals"]["expected_rewards"].astype(float)
    players = [str(name) for name in rewards["player"].to_numpy()]
    gittins = rewards.sel(player="Gittins").to_numpy()

    def below(prefix: str) -> Float[np.ndarray, "training_seed task"]:
        chosen = [index for index, player in enumerate(players) if player.removeprefix(f"{prefix} ").isdigit()]
        return gittins - rewards.to_numpy()[chosen]

    uniform = (gittins - rewards.sel(player="uniform").to_numpy())[None]
    by_step = tree["convergence"]["expected_rewards"].transpose("training_seed", "step", "task")
    few = slice(by_step.sizes["task"])
    return Behaviour(
        below("network"),
        below("untrained network"),
        uniform,
        gittins[few] - by_step.to_numpy(),
        uniform[0, few],
        by_step["step"].to_numpy(),
        "rewards_below_gittins",
        f"rewards per {int(tree.attrs['length'])} trials",
    )
