"""Checks of learners: each fault is found whatever its place and size, and a right learner passes."""

import numpy as np
import pytest

from comparisons.seams import checks
from comparisons.seams.checks import EXHAUSTIVE, Learner, check, probes_among
from comparisons.user_code import NetworkContractError

TASKS = np.random.default_rng(0).integers(2, size=(64, 10))


def running_mean(tasks):
    """A right learner: the mean so far."""
    past = np.concatenate([np.zeros((len(tasks[0]), 1)), np.cumsum(tasks[0], 1)[:, :-1]], axis=1)
    return ((1 + past) / (2 + np.arange(tasks[0].shape[1])))[..., None]


def faulty(added):
    """A learner to whose outputs something small is added."""
    return Learner("learner", lambda tasks: running_mean(tasks) + 1e-4 * added(tasks[0])[..., None])


def test_a_right_learner_passes():
    check(Learner("learner", running_mean), (TASKS,))


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_short_tasks_are_checked_too(length):
    check(Learner("learner", running_mean), (TASKS[:, :length],))
    with pytest.raises(NetworkContractError, match="not causal"):
        check(faulty(lambda x: x), (TASKS[:, :length],))


@pytest.mark.parametrize("time", range(10))
def test_a_glance_at_a_single_later_observation_is_found(time):
    def glances(x):
        found = np.zeros(x.shape)
        found[:, time // 2] = x[:, time]
        return found

    with pytest.raises(NetworkContractError, match=f"output at index {time // 2}"):
        check(faulty(glances), (TASKS,))


@pytest.mark.parametrize("distance", [0, 1, 7, 400, 1900])
def test_look_ahead_of_every_distance_is_found_in_long_tasks(distance):
    tasks = np.random.default_rng(1).normal(size=(64, 4 * EXHAUSTIVE))

    def looks_ahead(x):
        later = np.zeros(x.shape)
        later[:, : x.shape[1] - distance] = x[:, distance:]
        return later

    check(Learner("learner", running_mean), (tasks,))
    with pytest.raises(NetworkContractError, match="not causal"):
        check(faulty(looks_ahead), (tasks,))


def test_the_number_of_cuts_does_not_grow_with_the_length():
    cuts = {length: len(checks._cuts(length)) for length in (100, 10_000, 100_000)}  # pyright: ignore[reportPrivateUsage]
    assert cuts[100] == 100 and cuts[100_000] <= cuts[10_000] <= 32


@pytest.mark.parametrize("row", [0, 5, 12])
def test_a_leak_from_any_row_to_any_other_is_found(row):
    def leaks_from(x):
        return np.where(np.arange(len(x))[:, None] == row, 0, x[min(row, len(x) - 1)])

    def leaks_to(x):
        return np.where(np.arange(len(x))[:, None] == row, x.sum(0), 0)

    for leak in (leaks_from, leaks_to):
        with pytest.raises(NetworkContractError, match="leaks between tasks"):
            check(faulty(leak), (TASKS,))


@pytest.mark.parametrize(
    "leak",
    [
        lambda x: np.roll(x, 13, axis=0),
        lambda x: np.full(x.shape, len(x)),
        lambda x: np.broadcast_to(np.arange(len(x))[:, None], x.shape),
        lambda x: np.broadcast_to(x.mean(0), x.shape),
    ],
    ids=["to the thirteenth row", "size of the batch", "place in the batch", "mean of the batch"],
)
def test_a_leak_through_the_batch_as_a_whole_is_found(leak):
    with pytest.raises(NetworkContractError, match="leaks between tasks"):
        check(faulty(lambda x: 10 * leak(x)), (TASKS,))


def test_rounding_is_no_dependence():
    """Sums in float32 whose order depends on everything else, as those of a fast Fourier transform do."""

    def transformed(tasks):
        kernel = 0.9 ** np.arange(10)
        size = 2 * tasks[0].shape[1]
        shown = np.concatenate([np.zeros((len(tasks[0]), 1)), tasks[0][:, :-1]], axis=1).astype(np.float32)
        spectrum = np.fft.rfft(shown, size) * np.fft.rfft(kernel, size)
        return np.fft.irfft(spectrum.astype(np.complex64), size)[:, : shown.shape[1], None]

    check(Learner("learner", transformed), (TASKS,))


def test_states_and_randomness_are_told_apart():
    calls = [0]

    def counts(x):
        calls[0] += 1
        return np.full(x.shape, calls[0])

    with pytest.raises(NetworkContractError, match="keeps a state between calls"):
        check(faulty(counts), (TASKS,))
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    with pytest.raises(NetworkContractError, match="learner is random"):
        check(faulty(lambda x: np.random.random(x.shape)), (TASKS,))  # noqa: NPY002
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_extreme_tasks_are_among_the_probes():
    tasks = np.random.default_rng(2).normal(size=(1000, 5))
    chosen = tasks[probes_among((tasks,))]
    assert chosen.max() == tasks.max() and chosen.min() == tasks.min() and len(chosen) == checks.NUM_PROBES
    with pytest.raises(NetworkContractError, match="not finite"):
        check(Learner("learner", lambda t: np.where(t[0] == tasks.max(), np.nan, 0.0)[..., None]), (tasks,))
