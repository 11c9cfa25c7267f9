"""Measures by lifetime: in the training lifetime, in lifetimes of other lengths, and how training lifetimes differ."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from comparisons.foraging.players import UNIT_OF_ROW, Scores
from comparisons.kind import Measure, Section
from comparisons.rows import UNDEFINED, Resampler, Row, over_tasks
from comparisons.statistics.intervals import Interval
from comparisons.statistics.resampling import distance_interval, resampled_means


def _own_return_per_step(scores: Scores, over: Resampler) -> Iterator[Row]:
    for lifetime, _, own in _in_own_lifetime(scores):
        yield over.mean("network", own["rewards"].to_numpy() / lifetime, train_lifetime=lifetime)


def _own_return_share(scores: Scores, over: Resampler) -> Iterator[Row]:
    for lifetime, optimum, own in _in_own_lifetime(scores):
        yield over.mean("network", own["rewards"].to_numpy() / optimum, train_lifetime=lifetime)


def _own_lost_share(scores: Scores, over: Resampler) -> Iterator[Row]:
    for lifetime, optimum, own in _in_own_lifetime(scores):
        yield over.mean("network", own["action_gap"].to_numpy() / optimum, train_lifetime=lifetime)


def _own_optimal_probs(scores: Scores, over: Resampler) -> Iterator[Row]:
    for lifetime, _, own in _in_own_lifetime(scores):
        yield over.mean("network", own["optimal_probs"].to_numpy(), most=1.0, train_lifetime=lifetime)


def _in_own_lifetime(scores: Scores) -> Iterator[tuple[int, float, xr.Dataset]]:
    """Yield each tested lifetime, its exact optimum, and the scores of the networks that were trained for it."""
    optimum = scores.tree["exact"].dataset["optimal"]
    for lifetime in scores.networks["test_lifetime"].to_numpy().tolist():
        own = scores.networks.sel(train_lifetime=lifetime, test_lifetime=lifetime)
        yield lifetime, float(optimum.sel(lifetime=lifetime)), own


def _return_per_step(scores: Scores, over: Resampler) -> Iterator[Row]:
    if scores.transfer is not None:
        yield from scores.transfer.rows(scores.transfer.found.returns, scores.num_seeds)


def _transfer_loss(scores: Scores, over: Resampler) -> Iterator[Row]:
    if scores.transfer is not None:
        rows = scores.transfer.rows(scores.transfer.found.losses, scores.num_seeds)
        yield from (row for row in rows if row.at["train_lifetime"] != row.at["test_lifetime"])


def _mismatch_slope(scores: Scores, over: Resampler) -> Iterator[Row]:
    if scores.transfer is not None:
        yield Row("network", scores.transfer.found.mismatch_slope, over_tasks(scores.num_seeds))


def _return_gain(scores: Scores, over: Resampler) -> Iterator[Row]:
    yield _gain(scores, over, "rewards")._replace(unit=scores.rewards_unit)


def _entries_gain(scores: Scores, over: Resampler, *, goal: str) -> Iterator[Row]:
    yield _gain(scores, over, goal)._replace(unit=scores.entries_unit)


def _gain(scores: Scores, over: Resampler, name: str) -> Row:
    """Return the change of a score from the shortest to the longest training lifetime."""
    first, last = scores.by_lifetime(name)[[0, -1]]
    return over.mean("network", last - first, **scores.whole_range)


def _return_rank_correlation(scores: Scores, over: Resampler) -> Iterator[Row]:
    """Yield Spearman's correlation of return and training lifetime."""
    rewards = scores.by_lifetime("rewards")
    if not np.isfinite(rewards).all() or len(rewards) < 3:
        yield Row("network", Interval(np.nan, np.nan, np.nan), UNDEFINED, scores.whole_range)
        return
    interval = rank_correlation(rewards, resampled_means(rewards, seed=over.seed))
    yield Row("network", interval, over_tasks(scores.num_seeds), scores.whole_range)


def rank_correlation(
    values: Float[np.ndarray, "lifetime training_seed task"], resampled: Float[np.ndarray, "lifetime resample"]
) -> Interval:
    """Return Spearman's correlation r of the mean values with their order from top to bottom; means do not tie.

    The distance of two orders, the root of the sum of squared differences of their ranks, is in proportion to
    √(1 − r): the interval is that of the distance from the ascending order.
    """
    ranks, ascending = _ranks(values.mean(axis=(1, 2))[:, None]), np.arange(len(values))[:, None]
    largest = _distances(ascending[::-1], ascending)
    from_ascending = float((_distances(ranks, ascending) / largest)[0])
    near = distance_interval(from_ascending, _distances(_ranks(resampled), ranks) / largest, least=0.0, most=1.0)
    return Interval(*(1 - 2 * near[end] ** 2 for end in (0, 2, 1)))


def _ranks(values: Float[np.ndarray, "lifetime resample"]) -> Int[np.ndarray, "lifetime resample"]:
    """Return ranks from top to bottom in each column; values do not tie."""
    return values.argsort(axis=0).argsort(axis=0)


def _distances(
    first: Int[np.ndarray, "lifetime #resample"], second: Int[np.ndarray, "lifetime #resample"]
) -> Float[np.ndarray, "#resample"]:
    return ((first - second) ** 2).sum(axis=0) ** 0.5


IN_OWN_LIFETIME = Section(
    "In the training lifetime",
    "Networks are tested in the lifetime that they were trained for. Lost rewards are the expected losses of choices "
    "if all later choices are optimal: 0 is optimal.",
    (
        Measure("own_return_per_step", "return per step", "rewards per step", _own_return_per_step),
        Measure("own_return_share", "return as a share of the exact optimum", "fraction", _own_return_share),
        Measure(
            "own_lost_share",
            "expected rewards lost by choices, as a share of the exact optimum",
            "fraction",
            _own_lost_share,
        ),
        Measure("own_optimal_probs", "probability of optimal actions", "fraction", _own_optimal_probs),
    ),
)

IN_OTHER_LIFETIMES = Section(
    "In lifetimes of other lengths",
    "A loss is relative to the networks that were trained for the tested lifetime: 0 is as good as these, and below 0 "
    "is better.",
    (
        Measure(
            "return_per_step",
            "return per step in lifetimes of {test_lifetime} steps",
            "rewards per step",
            _return_per_step,
        ),
        Measure("transfer_loss", "loss in lifetimes of {test_lifetime} steps", "%", _transfer_loss),
        Measure(
            "mismatch_slope",
            "loss per doubling of the longer of the two lifetimes over the shorter",
            "% per doubling",
            _mismatch_slope,
        ),
    ),
)

_CHANGE = "from training for {from_lifetime} to {to_lifetime} steps"

CHANGES = (
    Measure("return_gain", f"return, {_CHANGE}", UNIT_OF_ROW, _return_gain),
    *(
        Measure(
            f"{goal}_goals_gain",
            f"entries of the {goal} goal, {_CHANGE}",
            UNIT_OF_ROW,
            partial(_entries_gain, goal=f"{goal}_goals"),
        )
        for goal in ("small", "medium", "high")
    ),
    Measure(
        "return_rank_correlation",
        f"rank correlation of return and training lifetime, {_CHANGE} (1: always rises)",
        "rank correlation",
        _return_rank_correlation,
    ),
)
