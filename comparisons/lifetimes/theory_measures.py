"""Measures of theory alone: in how many settings each reference learns, and how far their values are apart."""

from collections.abc import Iterator

import numpy as np
import xarray as xr

from comparisons.kind import Measure, Section
from comparisons.lifetimes.players import BAYES, COMMIT, PRINTED
from comparisons.lifetimes.scores import Scores
from comparisons.rows import EXACT, Resampler, Row, exactly
from comparisons.statistics.intervals import Interval


def share_of_optimum_in_theory(scores: Scores) -> Iterator[Row]:
    """Yield the share of the Bayes-optimal value that the other two references earn, summed over settings."""
    for theory in scores.theories:
        error, total = _error(theory), float(theory["sequential_value"].to_numpy().sum())
        share_error = float(error.sum()) / total if total else 0.0
        for who, column in ((COMMIT, "commit_value"), (PRINTED, "printed_policy_value")):
            share = float(theory[column].to_numpy().sum()) / total if total else float("nan")
            yield _within(who, share, share_error, theory)


def _learning_count(scores: Scores, over: Resampler) -> Iterator[Row]:
    for theory in scores.theories:
        for who, is_learned in _regimes(theory).items():
            yield exactly(who, float(is_learned.sum()), **_at(theory))


def _differing_count(scores: Scores, over: Resampler) -> Iterator[Row]:
    for theory in scores.theories:
        regimes = _regimes(theory)
        differing = float((regimes[PRINTED] != regimes[COMMIT]).sum())
        yield exactly(PRINTED, differing, **_at(theory), reference=COMMIT)


def _longest_exploration(scores: Scores, over: Resampler) -> Iterator[Row]:
    for theory in scores.theories:
        for who, column in ((PRINTED, "printed_trials"), (COMMIT, "commit_trials")):
            yield exactly(who, float(theory[column].to_numpy().max()), **_at(theory))


def _largest_gap(scores: Scores, over: Resampler) -> Iterator[Row]:
    for theory in scores.theories:
        gap = float((theory["sequential_value"] - theory["commit_value"]).to_numpy().max())
        yield _within(COMMIT, gap, float(_error(theory).max()), theory)


def _largest_excess(scores: Scores, over: Resampler) -> Iterator[Row]:
    for theory in scores.theories:
        excess = (theory["commit_value"] - theory["sequential_value"]).to_numpy() - _error(theory)
        yield exactly(COMMIT, float(excess.max()), **_at(theory))


def _largest_error(scores: Scores, over: Resampler) -> Iterator[Row]:
    for theory in scores.theories:
        yield exactly(BAYES, float(_error(theory).max()), **_at(theory))


def _regimes(theory: xr.Dataset) -> dict[str, np.ndarray]:
    """Return in which settings exploring pays by each reference."""
    return {
        PRINTED: theory["printed_trials"].to_numpy() > 0,
        COMMIT: theory["commit_trials"].to_numpy() > 0,
        BAYES: theory["sequential_value"].to_numpy() > _error(theory),
    }


def _error(theory: xr.Dataset) -> np.ndarray:
    """Return the bound on the numerical error of every Bayes-optimal value."""
    return theory["sequential_value_error"].to_numpy()


def _at(theory: xr.Dataset) -> dict[str, int]:
    return {"lifetime": int(theory["lifetime"][0])}


def _within(who: str, value: float, error: float, theory: xr.Dataset) -> Row:
    """Return a row of a number without sampling error, but with a numerical one."""
    return Row(who, Interval(value, value - error, value + error), EXACT, _at(theory))


THEORY = Section(
    "Distance between the references",
    "Over all settings of a lifetime. No policy earns more than the Bayes-optimal policy; an excess would be an error.",
    (
        Measure("learning_count", "settings in which exploring pays", "settings", _learning_count),
        Measure("differing_count", "settings in which two references disagree on that", "settings", _differing_count),
        Measure("longest_exploration", "longest exploration", "trials", _longest_exploration),
        Measure("largest_gap", "largest gap to the Bayes-optimal value", "rewards", _largest_gap),
        Measure(
            "largest_excess", "largest excess over the Bayes-optimal value (below 0: none)", "rewards", _largest_excess
        ),
        Measure("largest_error", "largest numerical error of a value", "rewards", _largest_error),
    ),
)
