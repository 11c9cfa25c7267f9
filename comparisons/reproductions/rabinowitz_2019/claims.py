"""What is claimed in reproducing Rabinowitz 2019, and the measures that take more than one system to make.

The statements are the paper's where it was read or read about; every bound is a calibration of this package's own.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike

from comparisons.claims import Agrees, AtLeast, AtMost, Claim, Within, decidable
from comparisons.order.concurrency import MARGIN
from comparisons.order.linear import STRENGTHS
from comparisons.order.systems import IN_DISTRIBUTION, System, scores_of, systems_of
from comparisons.order.trajectories import half_times, recovery_curves, resampled_curves, staggering
from comparisons.rows import Measure
from comparisons.seeding import integer_for
from comparisons.statistics.intervals import NUM_RESAMPLES, percentile_interval
from metalearners.learner_configs import DeepLinearConfig
from metalearners.linear_network_dynamics import effective_initial_strength, half_time, rise_time

CLOSE_TO_FORM = 0.1


def claims(table: pd.DataFrame) -> tuple[Claim, ...]:
    """What is claimed; those claims that the table can decide."""
    return decidable((*_headline(), *_linear(), *_functions(), *_bandit()), table)


def _headline() -> Iterator[Claim]:
    for family, learner in LEARNERS.items():
        yield Within(
            f"{family}: the meta-trained LSTM learns the modes as concurrently as Bayes does (c within ± {MARGIN}).",
            "concurrency",
            f"{family}: network",
            -MARGIN,
            MARGIN,
        )
        yield AtLeast(
            f"{family}: {learner} learns in stages: c is nearer to strictly staged learning than to Bayes.",
            "concurrency",
            f"{family}: {learner}",
            0.5,
        )
        yield AtLeast(
            f"{family}: the gradient learner ({learner}) is at least 1.5 times as staggered as the network.",
            "staggering_over_network",
            f"{family}: {learner}",
            1.5,
        )


def _linear() -> Iterator[Claim]:
    for learner in ("SGD", "gradient descent", "momentum", "Adam"):
        yield AtLeast(
            f"linear: {learner}, two layers, small weights: every mode is learned after the stronger one before it.",
            "least_half_time_ratio",
            f"linear: {learner}",
            1.0,
        )
    yield AtLeast("linear: SGD staggers an 8:1 spectrum at least fourfold.", "staggering", "linear: SGD", 4.0)
    yield Within("linear: Adam staggers it 2 to 7 fold.", "staggering", "linear: Adam", 2.0, 7.0)
    yield AtMost(
        "linear: half-times of full-batch gradient descent are within 10 % of the closed form.",
        "largest_error_of_form",
        "linear: gradient descent",
        CLOSE_TO_FORM,
    )
    yield Within(
        "linear: the 10-90 % rise of its first mode takes as long as the closed form says, within 25 %.",
        "rise_over_form",
        "linear: gradient descent",
        0.75,
        1.25,
    )
    yield AtMost("linear: one layer does not stagger.", "staggering", "linear: one layer", 1.1)
    yield AtMost("linear: large initial weights hardly stagger.", "staggering", "linear: large initial weights", 1.6)
    yield Agrees("linear: Bayes recovers all modes alike at every time.", "mode_difference", "linear: Bayes", 5.0)
    yield AtMost("linear: the network recovers all modes alike, within 0.1.", "spread", "linear: network", 0.1)
    yield AtMost("linear: the network's half-times are within a factor 1.3.", "staggering", "linear: network", 1.3)
    yield AtMost(
        "linear: the network is close to Bayes: mean recovery within 0.04 at every time.",
        "gap_to_bayes",
        "linear: network",
        0.04,
    )
    yield AtMost(
        "linear: the network's recovery of each mode is within 0.07 of Bayes' at every time.",
        "mode_gap_to_bayes",
        "linear: network",
        0.07,
    )
    yield AtLeast(
        "linear: SGD sees at least ten times as many samples before its first mode as the network before its last.",
        "samples_over_network",
        "linear: SGD",
        10.0,
    )
    yield AtMost(
        "linear, fourfold singular values: the network's recovery stalls short of 0.8 by the end of the task.",
        "final_recovery",
        "linear: network, singular values × 4",
        0.8,
    )
    yield AtLeast(
        "linear, fourfold singular values: exact Bayes recovers them: not the prior, the amortisation broke.",
        "final_recovery",
        "linear: Bayes, singular values × 4",
        0.9,
    )
    yield AtLeast(
        "linear: in mid meta-training weaker modes are recovered *better* (reverse staggering).",
        "outer_lead_at_peak",
        "linear: network, after 19 pairs",
        0.0,
    )
    yield AtMost(
        "linear low noise: mean recovery is within 0.2 of Bayes, whose own curve rises to 1 at five pairs.",
        "gap_to_bayes",
        "linear low noise: network",
        0.2,
    )


def _functions() -> Iterator[Claim]:
    yield AtLeast(
        "functions: an MLP learns low frequencies first, at least fivefold staggered.",
        "staggering",
        "functions: Adam, ReLU",
        5.0,
    )
    yield AtMost(
        "functions: the network recovers each frequency as the Gaussian process does, within 0.1 at every time.",
        "mode_gap_to_bayes",
        "functions: network",
        0.1,
    )
    yield AtLeast(
        "functions decaying: under a decaying spectrum Bayes itself staggers.",
        "staggering",
        "functions decaying: Bayes",
        1.5,
    )
    yield AtMost(
        "functions decaying: the network follows Bayes in that, within 0.15 at every time.",
        "mode_gap_to_bayes",
        "functions decaying: network",
        0.15,
    )
    shown = "frequencies 0, 1, 2, 3, 4, 5"
    yield AtMost(
        "functions band pass: what was never in training is suppressed: stop-band recovery stays below 0.2.",
        "stop_band_recovery",
        f"functions band pass: network, {shown}",
        0.2,
    )
    yield AtLeast(
        "functions band pass: what was in training is recovered beside it, to 0.5 and more.",
        "pass_band_recovery",
        f"functions band pass: network, {shown}",
        0.5,
    )
    yield AtLeast(
        "functions: over meta-training frequencies are picked up one after another.",
        "outer_staggering",
        "functions: network, after 11 pairs",
        1.2,
    )


def _bandit() -> Iterator[Claim]:
    yield AtMost(
        "bandit: the context that policy gradient learns last first falls, at the median to 0.56 or less of its start.",
        "lowest_share_of_start",
        "bandit: policy gradient",
        0.56,
    )
    for control in ("policy gradient, decoupled", "log likelihood", "policy gradient, near zero"):
        yield AtLeast(f"bandit: {control}: it does not fall.", "lowest_share_of_start", f"bandit: {control}", 0.95)
    yield AtLeast(
        "bandit: from two to five contexts the last one takes at least twice as much longer if biases are shared.",
        "growth_over_decoupled",
        "bandit: policy gradient",
        2.0,
    )
    yield AtMost(
        "bandit: the network's accuracy is within 0.03 of Bayes' at every trial.",
        "accuracy_gap",
        "bandit: network",
        0.03,
    )
    yield Agrees(
        "bandit: its curves of all contexts are equal within 3 standard errors.",
        "mode_difference",
        "bandit: network, contexts by number",
        3.0,
    )
    yield AtLeast(
        "bandit: learning one context costs it less than 0.001 per trial in the others.",
        "change_elsewhere",
        "bandit: network",
        -0.001,
    )


LEARNERS = {"linear": "SGD", "functions": "Adam, ReLU", "bandit": "policy gradient"}
"""The gradient learner that stands for its family in the headline."""


def cross_measures(trees: Mapping[str, xr.DataTree], *, seed: int) -> Iterator[Measure]:
    """Measures that hold systems against each other or against a closed form."""
    resampling = integer_for(seed, "bootstrap")
    if "bandit" in trees:
        yield from _growth(trees["bandit"], resampling)
    for name, learner in LEARNERS.items():
        if name not in trees:
            continue
        systems = {s.name: s for s in systems_of(trees[name]) if s.condition == IN_DISTRIBUTION}
        network, ordinary = (_half_times(systems[one], resampling) for one in ("network", learner))
        ratios = [_ratio(staggering(one), staggering(other)) for one, other in zip(ordinary, network, strict=True)]
        interval = percentile_interval(float(ratios[0]), ratios[1])
        yield Measure("staggering_over_network", f"{name}: {learner}", *interval, "ratio", "tasks")
        if name == "linear":
            more = [_ratio(one.min(-1), other.max(-1)) for one, other in zip(ordinary, network, strict=True)]
            interval = percentile_interval(float(more[0]), more[1])
            yield Measure("samples_over_network", "linear: SGD", *interval, "ratio", "tasks")
            yield from _beside_the_form(systems["gradient descent"], resampling)


def _ratio(one: ArrayLike, other: ArrayLike) -> np.ndarray:
    """Of times that may be infinite; NaN where both are."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.asarray(one) / np.asarray(other))


def _growth(tree: xr.DataTree, seed: int) -> Iterator[Measure]:
    """How the time to the last context grows from the fewest to the most contexts: shared biases over separate ones."""
    found = {score.system: score.values[0] for score in scores_of(tree) if score.name == "time_to_learn_all"}
    counts = sorted({int(label.split()[-2]) for label in found})
    if len(counts) < 2:
        return
    rng = np.random.default_rng(seed)

    def medians(label: str) -> np.ndarray:
        values = found[label]
        rows = np.vstack([np.arange(len(values)), rng.integers(len(values), size=(NUM_RESAMPLES, len(values)))])
        return np.quantile(values[rows], 0.5, axis=1, method="inverted_cdf")

    shared, separate = (
        _ratio(medians(f"{kind}, {counts[-1]} contexts"), medians(f"{kind}, {counts[0]} contexts"))
        for kind in ("shared biases", "separate biases")
    )
    growth = _ratio(shared, separate)
    interval = percentile_interval(float(growth[0]), growth[1:])
    yield Measure("growth_over_decoupled", "bandit: policy gradient", *interval, "ratio", "tasks")


def _half_times(system: System, seed: int, *, level: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    curves, resampled = recovery_curves(system.recoveries), resampled_curves(system.recoveries, seed=seed)
    return half_times(curves, system.times, level=level), half_times(resampled, system.times, level=level)


def _beside_the_form(system: System, seed: int) -> Iterator[Measure]:
    """Full-batch gradient descent beside the closed form of Saxe et al. 2013."""
    config = DeepLinearConfig()
    scale, rate = 0.01, 0.01
    strengths = np.array(STRENGTHS)
    initial = effective_initial_strength(config.hidden_size, scale)
    form = np.asarray(half_time(strengths, initial=initial, time_constant=1 / rate))
    errors = [np.abs(times / form - 1).max(axis=-1) for times in _half_times(system, seed)]
    interval = percentile_interval(float(errors[0]), errors[1])
    yield Measure("largest_error_of_form", "linear: gradient descent", *interval, "fraction", "tasks")
    late, early = (_half_times(system, seed, level=level) for level in (0.9, 0.1))
    with np.errstate(invalid="ignore"):
        rises = [(one[..., 0] - other[..., 0]) for one, other in zip(late, early, strict=True)]
    expected = float(np.asarray(rise_time(strengths[0], time_constant=1 / rate)))
    interval = percentile_interval(float(rises[0] / expected), rises[1] / expected)
    yield Measure("rise_over_form", "linear: gradient descent", *interval, "ratio", "tasks")
