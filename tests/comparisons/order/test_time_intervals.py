"""Intervals of half-times: counted cases, what was not reached, and that they hold their estimates."""

import numpy as np
import pytest

from comparisons.order.time_intervals import (
    HalfTimes,
    first_interval,
    first_over_last,
    last_interval,
    last_over_first_mode,
    least_step_interval,
    ratio_of_staggerings,
    staggering_interval,
)

REACHED = np.array([1.0, 2.0, 8.0])
FACTORS = np.array([0.5, 1.0, 2.0])
ONE_MOVES = HalfTimes(REACHED, REACHED * np.stack([[factor, 1.0, 1.0] for factor in FACTORS]), 10.0)
"""Under resamples the first mode is learned twice as early, or twice as late."""
ALL_MOVE = HalfTimes(REACHED, REACHED * FACTORS[:, None], 100.0)
"""All modes move together."""


def test_half_times_reach_as_far_as_modes_move():
    assert first_interval(ONE_MOVES) == pytest.approx((1.0, 0.5, 2.0))
    assert last_interval(ONE_MOVES) == pytest.approx((8.0, 4.0, 16.0))
    assert staggering_interval(ONE_MOVES) == pytest.approx((8.0, 4.0, 16.0))
    assert last_over_first_mode(ONE_MOVES) == pytest.approx((8.0, 4.0, 16.0))
    assert least_step_interval(ONE_MOVES, (0, 1, 2)) == pytest.approx((2.0, 1.0, 4.0))


def test_ratios_do_not_move_if_all_modes_do():
    assert staggering_interval(ALL_MOVE) == pytest.approx((8.0, 8.0, 8.0))
    assert least_step_interval(ALL_MOVE, (0, 1, 2)) == pytest.approx((2.0, 2.0, 2.0))
    assert first_interval(ALL_MOVE) == pytest.approx((1.0, 0.5, 2.0))
    assert ratio_of_staggerings(ALL_MOVE, ONE_MOVES) == pytest.approx((1.0, 0.5, 2.0))
    assert first_over_last(ALL_MOVE, ONE_MOVES) == pytest.approx((1 / 8, 1 / 8 / 4, 1 / 8 * 4))


def test_a_staggering_is_at_least_1():
    alike = HalfTimes(np.array([2.0, 2.1]), np.array([[2.0, 2.1], [2.2, 1.9], [1.8, 2.2]]), 9.0)
    assert staggering_interval(alike).lower == 1.0


def test_what_is_not_reached_has_no_upper_end_and_is_later_than_the_last_record():
    resampled = np.tile([1.0, 2.0, np.inf], (3, 1))
    censored = HalfTimes(np.array([1.0, 2.0, np.inf]), resampled, 10.0)
    assert last_interval(censored) == pytest.approx((np.inf, 10.0, np.inf))
    assert staggering_interval(censored) == pytest.approx((np.inf, 10.0, np.inf))
    assert first_interval(censored) == pytest.approx((1.0, 1.0, 1.0))
    assert ratio_of_staggerings(ALL_MOVE, censored).lower == 0.0
    sometimes = HalfTimes(REACHED, np.where(np.arange(3)[:, None] == 0, resampled, REACHED), 10.0)
    assert last_interval(sometimes).upper == np.inf and last_interval(sometimes).lower <= 8.0
    never = HalfTimes(np.full(2, np.inf), np.full((3, 2), np.inf), 10.0)
    assert first_interval(never) == pytest.approx((np.inf, 10.0, np.inf)) and np.isnan(staggering_interval(never)).all()


def test_modes_without_recovery_are_left_out_and_none_is_undefined():
    undefined = HalfTimes(np.append(REACHED, np.nan), np.full((3, 4), np.nan), 10.0)
    shown = undefined._replace(resampled=np.column_stack([ONE_MOVES.resampled, np.full(3, np.nan)]))
    assert staggering_interval(shown) == staggering_interval(ONE_MOVES)
    nothing = HalfTimes(np.full(2, np.nan), np.full((3, 2), np.nan), 10.0)
    for of in (first_interval, last_interval, staggering_interval):
        assert np.isnan(of(nothing)).all()


def test_a_mode_that_is_there_from_the_start():
    there = HalfTimes(np.array([0.0, 3.0]), np.array([[0.0, 3.0]] * 3), 10.0)
    assert staggering_interval(there).estimate == staggering_interval(there).upper == np.inf
    assert first_interval(there) == (0.0, 0.0, 0.0)
    now_and_then = there._replace(resampled=np.array([[0.0, 3.0], [1.0, 3.0], [0.0, 2.0]]))
    assert staggering_interval(now_and_then).lower == 1.0 and first_interval(now_and_then) == (0.0, 0.0, np.inf)
