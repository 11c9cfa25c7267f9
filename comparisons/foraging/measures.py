"""Measures of networks that forage: all of them, and the rows of those in the longest lifetime.

The measures of a training lifetime are NaN if one of its networks diverged.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np

from comparisons.foraging.lifetime_measures import CHANGES, IN_OTHER_LIFETIMES, IN_OWN_LIFETIME
from comparisons.foraging.players import UNIT_OF_ROW, Player, Scores
from comparisons.foraging.state_measures import HIDDEN_STATES, STATE_CHANGES
from comparisons.kind import Measure, Section
from comparisons.rows import UNDEFINED, Resampler, Row, exactly, in_standard_errors, over_tasks
from comparisons.statistics.counts import share_of_events_interval


def _return(scores: Scores, over: Resampler) -> Iterator[Row]:
    for row in _returns(scores, over, 1.0):
        yield row._replace(unit=scores.rewards_unit)


def _return_share(scores: Scores, over: Resampler) -> Iterator[Row]:
    yield from _returns(scores, over, scores.exact["optimal"])


def _returns(scores: Scores, over: Resampler, unit: float) -> Iterator[Row]:
    """Yield the returns of all players, divided by `unit`; those of references are exact."""
    for who, at, values in scores.players:
        if who in scores.exact:
            yield exactly(who, scores.exact[who] / unit)
        else:
            yield over.mean(who, values["rewards"] / unit, **at)


def _return_by_own_time(scores: Scores, over: Resampler) -> Iterator[Row]:
    rewards = scores.tree["unscaled"].dataset["rewards"].astype(float)
    for lifetime in scores.lifetimes:
        values = rewards.sel(train_lifetime=lifetime).to_numpy()
        yield over.mean("network", values, train_lifetime=lifetime)._replace(unit=scores.rewards_unit)


def _entries(scores: Scores, over: Resampler, *, goal: str) -> Iterator[Row]:
    for who, at, values in scores.players:
        yield over.mean(who, values[goal], **at)._replace(unit=scores.entries_unit)


def _lost_rewards(scores: Scores, over: Resampler) -> Iterator[Row]:
    for who, at, values in _learners(scores):
        yield over.mean(who, values["action_gap"], **at)._replace(unit=scores.rewards_unit)


def _optimal_probs(scores: Scores, over: Resampler) -> Iterator[Row]:
    for who, at, values in _learners(scores):
        yield over.mean(who, values["optimal_probs"], most=1.0, **at)


def _learners(scores: Scores) -> Iterator[Player]:
    """Yield all players but the oracle, because choices are judged by what a learner can know."""
    return (player for player in scores.players if player.who != "oracle")


def _share(scores: Scores, over: Resampler, *, part: str, whole: str) -> Iterator[Row]:
    """Yield one count as a share of another; NaN where the other is 0."""
    for who, at, values in scores.players:
        interval = share_of_events_interval(values[part], values[whole])
        units = UNDEFINED if np.isnan(interval.lower) else over_tasks(len(values[part]))
        yield Row(who, interval, units, at)


def _idle_steps(scores: Scores, over: Resampler) -> Iterator[Row]:
    for who, at, values in scores.players:
        yield over.mean(who, values["idle_steps"], **at)


def _shortest_learning_lifetime(scores: Scores, over: Resampler) -> Iterator[Row]:
    exact = scores.tree["exact"].dataset
    pays = np.flatnonzero(exact["optimal"].to_numpy() - exact["small_goal"].to_numpy() > 1e-9)
    yield exactly("optimal", float(pays[0] + 1) if len(pays) else np.inf)


def _played_minus_exact(scores: Scores, over: Resampler) -> Iterator[Row]:
    for who, _, values in scores.players:
        if who in scores.exact:
            yield in_standard_errors(who, values["rewards"][0] - scores.exact[who])


def _gap_minus_lost_rewards(scores: Scores, over: Resampler) -> Iterator[Row]:
    for who, at, values in scores.players:
        if who == "network":
            gaps = values["action_gap"] - (scores.exact["optimal"] - values["rewards"])
            yield in_standard_errors(who, gaps.mean(axis=0), **at)


SECTIONS = (
    Section(
        "Return in the longest lifetime",
        "All networks are tested in the longest lifetime, whatever they were trained for. The Bayes-optimal policy is "
        "the best possible without knowing the task. The baselines are the small goal alone and untrained networks.",
        (
            Measure("return", "return", UNIT_OF_ROW, _return),
            Measure("return_share", "return as a share of the exact optimum", "fraction", _return_share),
            Measure(
                "return_by_own_time",
                "return if networks receive the time in units of their training lifetime",
                UNIT_OF_ROW,
                _return_by_own_time,
            ),
        ),
    ),
    Section(
        "Entries of goals",
        "In the longest lifetime. Several policies can be optimal, and their numbers of entries can differ.",
        (
            Measure("small_goals", "entries of the small goal", UNIT_OF_ROW, partial(_entries, goal="small_goals")),
            Measure("medium_goals", "entries of the medium goal", UNIT_OF_ROW, partial(_entries, goal="medium_goals")),
            Measure("high_goals", "entries of the high goal", UNIT_OF_ROW, partial(_entries, goal="high_goals")),
        ),
    ),
    Section(
        "Choices",
        "In the longest lifetime. A choice is judged in the player's own situation, given what the player can know "
        "there; ties count as optimal. Trips to the high goal are those after it was first entered. An optimal policy "
        "may enter the small goals that fill up its time early or late.",
        (
            Measure("lost_rewards", "expected rewards lost by choices (0: optimal)", UNIT_OF_ROW, _lost_rewards),
            Measure("optimal_probs", "probability of optimal actions", "fraction", _optimal_probs),
            Measure(
                "shortest_trips",
                "share of trips to the high goal that take a shortest path",
                "fraction",
                partial(_share, part="shortest_trips", whole="high_trips"),
            ),
            Measure(
                "late_small_goals",
                "share of entries of the small goal, since the high goal was first entered, with no better goal later",
                "fraction",
                partial(_share, part="late_small_goals", whole="known_small_goals"),
            ),
            Measure("idle_steps", "steps after the last goal", "steps", _idle_steps),
        ),
    ),
    IN_OWN_LIFETIME,
    IN_OTHER_LIFETIMES,
    Section(
        "Changes with the training lifetime",
        "Differences between the networks of two training lifetimes.",
        (*CHANGES, *STATE_CHANGES),
    ),
    HIDDEN_STATES,
    Section(
        "Exact values and checks",
        "The two differences are between two estimates of one number and should be within 4.",
        (
            Measure(
                "shortest_learning_lifetime",
                "shortest lifetime in which learning pays",
                "steps",
                _shortest_learning_lifetime,
            ),
            Measure(
                "played_minus_exact",
                "rewards earned in play minus the exact value",
                "standard errors",
                _played_minus_exact,
            ),
            Measure(
                "gap_minus_lost_rewards",
                "summed action gaps minus the rewards lost to the exact optimum",
                "standard errors",
                _gap_minus_lost_rewards,
            ),
        ),
    ),
)
"""All measures, in the order of the report."""
