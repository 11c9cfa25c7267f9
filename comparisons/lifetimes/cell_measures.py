"""Measures of single settings: rewards, and exploration by training seed."""

from collections.abc import Iterator

import numpy as np

from comparisons.kind import Measure, Section
from comparisons.lifetimes.players import BAYES, COMMIT, NETWORK, ORACLE, PRINTED, REFERENCES, UNTRAINED
from comparisons.lifetimes.regimes import learning_share
from comparisons.lifetimes.scores import Scores, mean_over_seeds, mean_over_seeds_and_tasks, over_networks
from comparisons.lifetimes.theory_measures import share_of_optimum_in_theory
from comparisons.rows import Resampler, Row, exactly, without_interval
from comparisons.statistics.dip import dip_test

FEWEST_SEEDS_FOR_DIP = 10
"""Training seeds below which unimodality is not tested."""


def _value(scores: Scores, over: Resampler) -> Iterator[Row]:
    for cell in scores.cells:
        unit = _per_lifetime(cell.lifetime)
        for who, lost in ((NETWORK, cell.shortfall), (UNTRAINED, cell.untrained_shortfall)):
            yield mean_over_seeds(who, cell.best - lost, cell.error, at=cell.at, unit=unit)
        for who, column in (
            (BAYES, "sequential_value"),
            (COMMIT, "commit_value"),
            (PRINTED, "printed_policy_value"),
            (ORACLE, "full_information_value"),
        ):
            yield exactly(who, float(cell.theory[column]), **cell.at)._replace(unit=unit)


def _printed_value(scores: Scores, over: Resampler) -> Iterator[Row]:
    yield from _stated(scores, "printed_value")


def _printed_exploring_value(scores: Scores, over: Resampler) -> Iterator[Row]:
    yield from _stated(scores, "printed_exploring_value")


def _stated(scores: Scores, column: str) -> Iterator[Row]:
    for cell in scores.cells:
        yield exactly(PRINTED, float(cell.theory[column]), **cell.at)._replace(unit=_per_lifetime(cell.lifetime))


def _per_lifetime(lifetime: int) -> str:
    return f"rewards per {lifetime} trials"


def _share_of_optimum(scores: Scores, over: Resampler) -> Iterator[Row]:
    yield from share_of_optimum_in_theory(scores)
    for cell in scores.cells:
        if cell.best > 0:
            yield mean_over_seeds(NETWORK, 1 - cell.shortfall / cell.best, cell.error / cell.best, at=cell.at)
            for who, column in ((COMMIT, "commit_value"), (PRINTED, "printed_policy_value")):
                yield exactly(who, float(cell.theory[column]) / cell.best, **cell.at)


def _probe_pulls(scores: Scores, over: Resampler) -> Iterator[Row]:
    for cell in scores.cells:
        if len(cell.pulls):
            yield mean_over_seeds_and_tasks(NETWORK, cell.pulls, at=cell.at, most=cell.lifetime)
            for who, column in REFERENCES.items():
                yield exactly(who, float(cell.theory[column]), **cell.at)


def _learning_share(scores: Scores, over: Resampler) -> Iterator[Row]:
    for cell in scores.cells:
        if len(cell.pulls):
            yield Row(NETWORK, learning_share(cell.pulls).share, over_networks(len(cell.pulls)), cell.at)


def _unimodality_p_value(scores: Scores, over: Resampler) -> Iterator[Row]:
    for cell in scores.cells:
        if len(cell.pulls) >= FEWEST_SEEDS_FOR_DIP:
            found = dip_test(np.log1p(cell.pulls.mean(axis=1)))
            why = f"a p-value over {over_networks(len(cell.pulls))}"
            yield without_interval(NETWORK, found.p_value, why, **cell.at)


VALUE = Section(
    "Rewards",
    "In a single setting, or summed over all settings of a lifetime if no setting is named. The Bayes-optimal policy "
    "is the best of all policies that do not know the unknown arm's mean; a policy that never explores earns 0. The "
    "policy of the printed formula explores for the number of trials that the formula says; what it earns differs from "
    "the value that the formula states.",
    (
        Measure("value", "rewards per lifetime", "rewards per lifetime", _value, roles={BAYES: "ceiling"}),
        Measure("printed_value", "value that the printed formula states", "rewards per lifetime", _printed_value),
        Measure(
            "printed_exploring_value",
            "value that the printed formula states for exploring at least once",
            "rewards per lifetime",
            _printed_exploring_value,
        ),
        Measure(
            "share_of_optimum",
            "rewards, as a fraction of the Bayes-optimal policy's",
            "fraction",
            _share_of_optimum,
        ),
    ),
)

SEEDS = Section(
    "Single settings: exploration of training seeds",
    "Pulls of the unknown arm per probe task, in which its mean is the prior mean. A small p-value, between 0 and 1, "
    "is evidence for two kinds of networks in one setting. The share of training seeds that learn has a posterior mean "
    "and a posterior interval.",
    (
        Measure("probe_pulls", "exploration", "trials", _probe_pulls),
        Measure("learning_share", "share of training seeds that learn", "fraction of training seeds", _learning_share),
        Measure("unimodality_p_value", "p-value of unimodality (dip test)", "probability", _unimodality_p_value),
    ),
)
