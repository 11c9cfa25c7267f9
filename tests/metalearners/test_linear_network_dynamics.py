"""The closed form of deep linear networks: against its own differential equation, stepped through numerically."""

import numpy as np
import pytest

from metalearners.linear_network_dynamics import (
    effective_initial_strength,
    half_time,
    mode_strength,
    rise_time,
    single_layer_strength,
    time_to_reach,
    time_to_reach_at_depth,
)

SINGULAR_VALUES = np.array([1.6, 1.2, 0.8, 0.4, 0.2])
TIME_CONSTANT, INITIAL = 100.0, 0.0016


def stepped_through(singular_values, *, depth, initial, duration, num_steps=4000):
    """Strengths at the end of equal steps of the fourth-order Runge-Kutta method, the start included."""

    def velocity(strengths):
        return depth * strengths ** (2 - 2 / depth) * (singular_values - strengths) / TIME_CONSTANT

    strengths, step = [np.full(singular_values.shape, initial)], duration / num_steps
    for _ in range(num_steps):
        first = velocity(strengths[-1])
        second = velocity(strengths[-1] + step / 2 * first)
        third = velocity(strengths[-1] + step / 2 * second)
        fourth = velocity(strengths[-1] + step * third)
        strengths.append(strengths[-1] + step / 6 * (first + 2 * second + 2 * third + fourth))
    return np.linspace(0, duration, num_steps + 1), np.array(strengths)


@pytest.mark.parametrize(("law", "depth"), [(single_layer_strength, 1), (mode_strength, 2)])
def test_strengths_solve_the_differential_equation(law, depth):
    times, stepped = stepped_through(SINGULAR_VALUES, depth=depth, initial=INITIAL, duration=2000.0)
    strengths = law(times[:, None], SINGULAR_VALUES, initial=INITIAL, time_constant=TIME_CONSTANT)
    np.testing.assert_allclose(strengths, stepped, rtol=1e-8)


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_times_at_any_depth_are_those_of_the_differential_equation(depth, fraction):
    times, stepped = stepped_through(np.array([0.8]), depth=depth, initial=0.01, duration=6000.0)
    expected = np.interp(fraction * 0.8, stepped[:, 0], times)
    reached = time_to_reach_at_depth(fraction, 0.8, initial=0.01, time_constant=TIME_CONSTANT, depth=depth)
    assert reached == pytest.approx(expected, rel=1e-3)  # linear interpolation between steps


def test_half_times_of_a_published_example():
    """Width 32, weights of scale 0.01, learning rate 0.01: τ / (2 s) · log(s / u₀ - 1), worked out by hand."""
    assert effective_initial_strength(32, 0.01) == pytest.approx(INITIAL)
    half_times = half_time(SINGULAR_VALUES, initial=INITIAL, time_constant=TIME_CONSTANT)
    np.testing.assert_allclose(half_times[[0, -1]], [31.25 * np.log(999), 250 * np.log(124)], rtol=1e-12)


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_the_time_to_reach_a_strength_is_when_it_is_reached(fraction):
    times = time_to_reach(fraction, SINGULAR_VALUES, initial=INITIAL, time_constant=TIME_CONSTANT)
    strengths = mode_strength(times, SINGULAR_VALUES, initial=INITIAL, time_constant=TIME_CONSTANT)
    np.testing.assert_allclose(strengths, fraction * SINGULAR_VALUES, rtol=1e-12)


def test_two_layers_start_late_and_rise_slowly_in_proportion_to_the_inverse_of_the_strength():
    settings = {"initial": INITIAL, "time_constant": TIME_CONSTANT}
    delays = time_to_reach(0.1, SINGULAR_VALUES, **settings)
    rises = time_to_reach(0.9, SINGULAR_VALUES, **settings) - delays
    assert np.all(np.diff(delays) > 0)
    np.testing.assert_allclose(rises, rise_time(SINGULAR_VALUES, time_constant=TIME_CONSTANT), rtol=1e-12)
    np.testing.assert_allclose(rises * SINGULAR_VALUES, 2.197 * TIME_CONSTANT, rtol=1e-3)


def test_one_layer_learns_all_modes_at_one_pace():
    times = np.linspace(0, 300, 7)[:, None]
    shares = single_layer_strength(times, SINGULAR_VALUES, initial=0.0, time_constant=TIME_CONSTANT) / SINGULAR_VALUES
    np.testing.assert_allclose(shares, np.broadcast_to(1 - 1 / np.exp(times / TIME_CONSTANT), shares.shape), rtol=1e-12)


@pytest.mark.parametrize("initial", [0.0, 0.2, -0.1])
def test_a_start_outside_the_mode_is_refused(initial):
    with pytest.raises(ValueError, match="initial must be in"):
        half_time(SINGULAR_VALUES, initial=initial, time_constant=TIME_CONSTANT)


@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_fractions_that_are_never_reached_are_refused(fraction):
    with pytest.raises(ValueError, match="fraction must be in"):
        time_to_reach(fraction, 1.0, initial=INITIAL, time_constant=TIME_CONSTANT)


def test_depths_below_one_are_refused():
    with pytest.raises(ValueError, match="depth must be at least 1"):
        time_to_reach_at_depth(0.5, 1.0, initial=INITIAL, time_constant=TIME_CONSTANT, depth=0)
