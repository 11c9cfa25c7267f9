"""The concurrency score: its poles, its invariance, its intervals, and the size of its tests."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from comparisons.order.concurrency import (
    MIN_POLE_DISTANCE,
    Poles,
    concurrency,
    concurrency_by_seed,
    stages_by_strength,
    verdict,
)
from comparisons.order.concurrency_tests import pole_tests_over_tasks
from comparisons.order.paths import path_at_mean, sequential_path
from comparisons.order.trajectories import Recoveries
from comparisons.statistics.intervals import Interval
from tests.comparisons.order.poles import (
    BAYES,
    LENGTH,
    MEANS,
    NUM_MODES,
    POLES,
    STAGED,
    STAGES,
    STRENGTHS,
    recoveries_about,
    score,
)


@st.composite
def wandering_curves(draw):
    """Curves that are not monotone, but whose mean ends above where it began."""
    seed, length = draw(st.integers(0, 10**6)), draw(st.integers(3, 30))
    generator = np.random.default_rng(seed)
    rise = np.sort(generator.uniform(size=(length, NUM_MODES)), axis=0)
    curves = rise + draw(st.sampled_from([0.0, 0.05, 0.3])) * generator.normal(size=rise.shape)
    curves[0], curves[-1] = 0.02, 0.97
    return curves


@given(wandering_curves(), st.data())
@settings(max_examples=60, deadline=None)
def test_time_warps_and_repeated_or_added_records_change_nothing(curves, data):
    """Any non-decreasing map of time onto itself shows up as records repeated, or added on straight lines."""
    pieces = data.draw(st.lists(st.integers(0, 4), min_size=len(curves), max_size=len(curves)))
    times = [0.0]
    for record, num_added in enumerate(pieces[: len(curves) - 1]):
        fractions = data.draw(st.lists(st.floats(0, 1), min_size=num_added, max_size=num_added))
        times += [record + fraction for fraction in sorted(fractions)] + [record + 1.0]
    records = np.arange(len(curves))
    warped = np.stack([np.interp(times, records, curve) for curve in curves.T], axis=1)
    assert score(warped) == pytest.approx(score(curves), abs=1e-9)
    assert score(np.repeat(curves, 3, axis=0)) == pytest.approx(score(curves), abs=1e-12)


@given(st.floats(-1, 2), st.permutations(range(NUM_MODES)), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_mixtures_of_the_poles_lie_at_their_weight(weight, order, seed):
    """Also for another Bayes path: 0 at B, 1 at S, and their mixture in between, in any order of the stages."""
    stages = np.array(order)
    bends = np.random.default_rng(seed).uniform(0.8, 1.25, size=NUM_MODES)
    bayes = 1 - (1 - MEANS[:, None]) ** bends
    levels = np.r_[0.0, np.sort(np.r_[bayes.mean(axis=1)[1:-1], np.arange(1, NUM_MODES) / NUM_MODES]), 1.0]
    at_levels = np.stack([np.interp(levels, bayes.mean(axis=1), curve) for curve in bayes.T], axis=1)
    mixture = (1 - weight) * at_levels + weight * sequential_path(levels, stages)
    poles = Poles(bayes, stages)
    assert score(bayes, poles) == 0
    assert score(mixture, poles) == pytest.approx(weight, abs=1e-9)


def test_weak_first_order_is_negative():
    assert score(STAGED[:, ::-1]) < -0.5
    assert score(STAGED) == pytest.approx(1)


def test_the_score_is_the_projection_in_l2_of_mean_recovery():
    """Against adaptive quadrature and interpolation by SciPy and NumPy; midpoints are good to about 1e-5."""
    times = np.linspace(0, 12, 400)[:, None]
    curves = 1 - np.exp(-times * np.array([1.5, 1.2, 1.0, 0.8, 0.7]))

    def products(mean):
        gap = np.array([np.interp(mean, curves.mean(axis=1), curve) for curve in curves.T]) - mean
        axis = np.clip(NUM_MODES * mean - STAGES, 0, 1) - mean
        return gap @ axis, axis @ axis

    high = curves[-1].mean()
    numerator, denominator = (
        sum(
            integrate.quad(lambda mean, part=part: products(mean)[part], low / 5, min((low + 1) / 5, high), limit=200)[
                0
            ]
            for low in range(5)
        )
        for part in (0, 1)
    )
    assert score(curves) == pytest.approx(numerator / denominator, abs=1e-4)
    found = concurrency(Recoveries(np.stack([curves] * 2)[None], np.ones((2, 5))), POLES, seed=0, num_resamples=10)
    assert found.pole_distance == pytest.approx((denominator / high / 5) ** 0.5, abs=1e-4)
    assert found.shared_range == (0.0, pytest.approx(high))


def test_two_layer_linear_networks_approach_the_sequential_pole():
    """The closed form of Saxe et al. (2013) as the initial strength u₀ goes to 0; equal strengths stay together."""
    strengths = np.array([1.6, 1.2, 0.8, 0.8, 0.2])
    times = np.linspace(0, 1, 4001)[:, None]
    scores = []
    for log_initial in (np.log(1e-2), np.log(1e-6), -300.0, -3000.0):
        time = times * (np.log(0.2) - log_initial + 12) / (2 * 0.2)
        curves = 1 / (1 + np.exp(np.clip(np.log(strengths) - log_initial - 2 * strengths * time, -700, 700)))
        scores.append(score(curves, Poles(BAYES, stages_by_strength(strengths))))
    assert np.all(np.diff(scores) > 0)
    assert scores[-1] == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(stages_by_strength(strengths), [0, 1, 2, 2, 3])


def test_the_path_is_read_where_its_mean_is_the_level():
    generator = np.random.default_rng(0)
    curves = np.cumsum(generator.normal(0.05, 0.1, size=(40, NUM_MODES)), axis=0)
    low, high = curves.mean(axis=1)[[0, -1]]
    levels = np.linspace(low, high, 50)[1:-1]
    np.testing.assert_allclose(path_at_mean(curves, levels).mean(axis=1), levels, rtol=1e-9)


def test_noise_does_not_favour_the_noisiest_modes():
    """Records denser than the noise of the mean, weak modes 8 times noisier. The mean over 200 data sets has a
    standard error of 0.0002; reading the path at the first passage alone gives −0.014."""
    generator = np.random.default_rng(0)
    bayes = np.repeat(np.linspace(0, 1, 201)[:, None], NUM_MODES, axis=1)
    noise = 0.01 / STRENGTHS
    scores = np.array([score(bayes + noise * generator.normal(size=bayes.shape)) for _ in range(200)])
    assert abs(scores.mean()) < 5 * scores.std() / 200**0.5 < 0.002


def test_networks_of_different_speed_are_each_placed_on_their_own_path():
    """Two staged learners, one of them ten times slower: each is at 1, their mean curve is not."""
    slow = np.repeat(STAGED, 10, axis=0)
    fast = np.concatenate([STAGED, np.ones((len(slow) - LENGTH, NUM_MODES))])
    both = np.stack([fast, slow])
    np.testing.assert_allclose(concurrency_by_seed(both, POLES), 1)
    assert score(both.mean(axis=0)) < 0.9
    recoveries = Recoveries(np.repeat(both[:, None], 3, axis=1), np.ones((3, NUM_MODES)))
    assert concurrency(recoveries, POLES, seed=0, num_resamples=20).score == pytest.approx((1, 1, 1))


def test_only_the_shared_range_counts():
    halted = STAGED[: LENGTH // 2]
    found = concurrency(Recoveries(np.stack([halted] * 2)[None], np.ones((2, 5))), POLES, seed=0, num_resamples=10)
    assert found.shared_range == (0.0, pytest.approx(0.45))
    assert found.score.estimate == pytest.approx(1)
    assert score(np.concatenate([halted, BAYES[LENGTH // 2 :]]), Poles(BAYES, STAGES, (0.0, 0.45))) == pytest.approx(1)


def test_a_mode_without_strength_is_left_out_and_counted():
    generator = np.random.default_rng(0)
    recoveries = recoveries_about(STAGED, num_tasks=50, noise=0.1, generator=generator)
    strengths = recoveries.strengths.copy()
    strengths[:, 2] = 0
    found = concurrency(Recoveries(recoveries.overlaps, strengths), POLES, seed=0, num_resamples=100)
    kept = [0, 1, 3, 4]
    expected = concurrency(
        Recoveries(recoveries.overlaps[..., kept], recoveries.strengths[:, kept]),
        Poles(BAYES[:, kept], STAGES[kept]),
        seed=0,
        num_resamples=100,
    )
    assert found.num_undefined_modes == 1 and expected.num_undefined_modes == 0
    assert found.score == pytest.approx(expected.score)
    assert pole_tests_over_tasks(Recoveries(recoveries.overlaps, strengths), POLES).score == found.score.estimate


@pytest.mark.parametrize(
    ("curves", "poles", "reason"),
    [
        (STAGED, Poles(STAGED, STAGES), "the poles are 0.000 apart, closer than 0.05"),
        (STAGED, Poles(0.9 * STAGED + 0.1 * BAYES, STAGES), "apart, closer than 0.05"),
        (STAGED, Poles(BAYES, np.zeros(5, int)), "the poles are 0.000 apart"),
        (BAYES[::-1], POLES, "share no range of mean recovery"),
        (BAYES - 1.5, POLES, "share no range of mean recovery"),
        (STAGED, Poles(np.where(STAGES > 0, np.nan, BAYES), STAGES), "at least 2 modes that are defined; there are 1"),
    ],
)
def test_an_undefined_score_says_so(curves, poles, reason):
    recoveries = Recoveries(np.repeat(curves[None, None], 3, axis=1), np.ones((3, NUM_MODES)))
    found = concurrency(recoveries, poles, seed=0, num_resamples=10)
    assert np.isnan(found.score).all() and np.isnan(found.residual).all()
    assert found.explanation.startswith("undefined") and reason in found.explanation
    assert verdict(found) == "undefined"
    assert np.isnan(concurrency_by_seed(curves[None], poles)).all()
    assert np.isnan(pole_tests_over_tasks(recoveries, poles)).all()


def test_the_threshold_is_on_the_distance_of_the_poles():
    """B on the way from S to the diagonal, a share w of it, is at w times the diagonal's distance from S."""
    whole = concurrency(Recoveries(np.stack([BAYES] * 2)[None], np.ones((2, 5))), POLES, seed=0, num_resamples=5)
    share = MIN_POLE_DISTANCE / whole.pole_distance
    near, far = (Poles((1 - w) * STAGED + w * BAYES, STAGES) for w in (0.98 * share, 1.02 * share))
    assert np.isnan(score(STAGED, near))
    assert score(STAGED, far) == pytest.approx(1)


def test_verdicts_are_claims_about_the_whole_interval():
    base = concurrency(Recoveries(np.stack([BAYES] * 2)[None], np.ones((2, 5))), POLES, seed=0, num_resamples=5)
    cases = {
        (-0.09, 0.09): "concurrent",
        (-0.09, 0.11): "undecided",
        (0.11, 0.5): "strongest first",
        (-0.9, -0.2): "weakest first",
        (-0.2, 0.0): "undecided",
    }
    for (lower, upper), expected in cases.items():
        assert verdict(base._replace(score=Interval(0.0, lower, upper))) == expected
    assert verdict(base._replace(score=Interval(0.0, -0.2, 0.2)), margin=0.3) == "concurrent"
    with pytest.raises(ValueError, match="margin must be positive; got 0"):
        verdict(base, margin=0.0)


def test_bad_poles_are_refused():
    with pytest.raises(ValueError, match="learner's 5 modes; got 4"):
        concurrency_by_seed(STAGED[None], Poles(BAYES[:, :4], STAGES[:4]))
    with pytest.raises(ValueError, match=r"within must be a range inside \[0, 1\]; got \(0.0, 1.5\)"):
        Poles(BAYES, STAGES, (0.0, 1.5))
    with pytest.raises(ValueError, match="not empty"):
        Poles(BAYES[:0], STAGES)
