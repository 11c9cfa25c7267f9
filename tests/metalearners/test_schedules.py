"""Schedules: where they begin and end, what is between, and both readings of an exponential discount."""

import pytest

from metalearners.schedules import Constant, Geometric, GeometricBelowOne, Linear, Parabola, scheduled

RISING = [Linear(0.4, 0.999, 0.9), Geometric(0.4, 0.999, 0.9), GeometricBelowOne(0.4, 0.999, 0.9)]


@pytest.mark.parametrize("schedule", RISING, ids=lambda schedule: type(schedule).__name__)
def test_schedules_rise_from_start_to_end_and_stay(schedule):
    values = [scheduled(schedule, step, 100) for step in range(101)]
    assert values[0] == 0.4
    assert values[90:] == pytest.approx([0.999] * 11, abs=1e-12)
    assert values[:91] == sorted(set(values[:91]))  # strictly


@pytest.mark.parametrize(
    ("schedule", "middle"),
    # 15,000 of the 27,000 episodes that it rises over: 0.4 (0.999 / 0.4)^(5/9), and 1 - 0.6 (0.001 / 0.6)^(5/9)
    list(zip(RISING, [0.4 + 0.599 * 5 / 9, 0.6651, 0.98284], strict=True)),
    ids=lambda value: type(value).__name__,
)
def test_the_two_readings_of_an_exponential_discount_are_far_apart(schedule, middle):
    assert scheduled(schedule, 15_000, 30_000) == pytest.approx(middle, abs=1e-4)


def test_steps_are_equal_in_what_a_schedule_is_named_for():
    linear, geometric, below_one = ([scheduled(schedule, step, 100) for step in (0, 30, 60, 90)] for schedule in RISING)
    assert linear[1] - linear[0] == pytest.approx(linear[3] - linear[2], rel=1e-12)
    assert geometric[1] / geometric[0] == pytest.approx(geometric[3] / geometric[2], rel=1e-12)
    assert (1 - below_one[1]) / (1 - below_one[0]) == pytest.approx((1 - below_one[3]) / (1 - below_one[2]), rel=1e-9)


def test_the_papers_entropy_weight_falls_over_all_of_the_training():
    schedule = Linear(1.0, 0.005)
    assert [scheduled(schedule, step, 30_000) for step in (0, 15_000, 30_000)] == pytest.approx([1.0, 0.5025, 0.005])


def test_a_parabola_ends_at_zero_and_a_constant_does_not_move():
    values = [scheduled(Parabola(0.4, 0.5), step, 10) for step in range(10)]
    assert values == pytest.approx([0.4, 0.256, 0.144, 0.064, 0.016, 0, 0, 0, 0, 0])
    assert {scheduled(Constant(0.3), step, 10) for step in range(10)} == {0.3}


@pytest.mark.parametrize(
    ("kind", "settings", "reason"),
    [
        (Linear, (1.0, 0.0, 0.0), r"Linear: fraction must be in \(0, 1\]; got 0.0"),
        (Linear, (1.0, 0.0, 1.1), r"Linear: fraction must be in \(0, 1\]; got 1.1"),
        (Geometric, (0.0, 1.0), r"Geometric: start must be in \(0, inf\); got 0.0"),
        (Geometric, (1.0, -1.0), r"Geometric: end must be in \(0, inf\); got -1.0"),
        (Geometric, (1.0, 1.0, -0.5), r"Geometric: fraction must be in \(0, 1\]; got -0.5"),
        (GeometricBelowOne, (0.4, 1.0), r"GeometricBelowOne: end must be in \(-inf, 1\); got 1.0"),
        (GeometricBelowOne, (1.5, 0.9), r"GeometricBelowOne: start must be in \(-inf, 1\); got 1.5"),
        (GeometricBelowOne, (0.4, 0.9, 0.0), r"GeometricBelowOne: fraction must be in \(0, 1\]; got 0.0"),
        (Parabola, (0.1, 2.0), r"Parabola: fraction must be in \(0, 1\]; got 2.0"),
    ],
)
def test_bad_schedules_are_refused_with_their_value(kind, settings, reason):
    with pytest.raises(ValueError, match=reason):
        kind(*settings)
