"""Claims of the reproduction of Rabinowitz 2019.

The statements are the paper's where it was read or read about; every bound is a calibration of this package's own.
"""

from collections.abc import Iterator

from comparisons.claims import Agrees, AtLeast, AtMost, Claim, Within
from comparisons.order.concurrency import MARGIN

CLOSE_TO_FORM = 0.1

LEARNERS = {"linear": "SGD", "functions": "Adam, ReLU", "bandit": "policy gradient"}
"""The gradient learner that stands for its family in the headline."""


def all_claims() -> Iterator[Claim]:
    """Yield all claims."""
    yield from _headline()
    yield from _linear()
    yield from _functions()
    yield from _bandit()


def _headline() -> Iterator[Claim]:
    for family, learner in LEARNERS.items():
        at = {"experiment": family}
        yield Within(
            f"{family}: the meta-trained LSTM learns the modes as concurrently as Bayes does (c within ± {MARGIN}).",
            "concurrency",
            "network",
            -MARGIN,
            MARGIN,
            at,
        )
        yield AtLeast(
            f"{family}: {learner} learns in stages: c is nearer to strictly staged learning than to Bayes.",
            "concurrency",
            learner,
            0.5,
            at,
        )
        yield AtLeast(
            f"{family}: the gradient learner ({learner}) is at least 1.5 times as staggered as the network.",
            "staggering_over_network",
            learner,
            1.5,
            at,
        )


def _linear() -> Iterator[Claim]:
    at = {"experiment": "linear"}
    for learner in ("SGD", "gradient descent", "momentum", "Adam"):
        yield AtLeast(
            f"linear: {learner}, two layers, small weights: every mode is learned after the stronger one before it.",
            "least_half_time_ratio",
            learner,
            1.0,
            at,
        )
    yield AtLeast("linear: SGD's staggering G on the 8:1 spectrum is at least 4.", "staggering", "SGD", 4.0, at)
    yield Within("linear: Adam's staggering G on the 8:1 spectrum is from 2 to 7.", "staggering", "Adam", 2.0, 7.0, at)
    yield AtMost(
        "linear: half-times of full-batch gradient descent are within 10 % of the closed form.",
        "largest_error_of_form",
        "gradient descent",
        CLOSE_TO_FORM,
        at,
    )
    yield Within(
        "linear: the 10-90 % rise of the first mode of full-batch gradient descent takes as long as the closed form "
        "says, within 25 %.",
        "rise_over_form",
        "gradient descent",
        0.75,
        1.25,
        at,
    )
    yield AtMost("linear: one layer does not stagger (G at most 1.1).", "staggering", "one layer", 1.1, at)
    yield AtMost(
        "linear: large initial weights hardly stagger (G at most 1.6).",
        "staggering",
        "large initial weights",
        1.6,
        at,
    )
    yield Agrees("linear: Bayes recovers all modes alike at every time.", "mode_difference", "Bayes", 5.0, at)
    yield AtMost("linear: the network recovers all modes alike, within 0.1.", "spread", "network", 0.1, at)
    yield AtMost("linear: the network's half-times are within a factor 1.3.", "staggering", "network", 1.3, at)
    yield AtMost(
        "linear: the network is close to Bayes: mean recovery within 0.04 at every time.",
        "gap_to_bayes",
        "network",
        0.04,
        at,
    )
    yield AtMost(
        "linear: the network's recovery of each mode is within 0.07 of Bayes' at every time.",
        "mode_gap_to_bayes",
        "network",
        0.07,
        at,
    )
    yield AtLeast(
        "linear: SGD sees at least ten times as many samples before its first mode as the network before its last.",
        "samples_over_network",
        "SGD",
        10.0,
        at,
    )
    larger = at | {"condition": "singular values × 4"}
    yield AtMost(
        "linear, fourfold singular values: the network's recovery stalls short of 0.8 by the end of the task.",
        "final_recovery",
        "network",
        0.8,
        larger,
    )
    yield AtLeast(
        "linear, fourfold singular values: exact Bayes recovers the modes to at least 0.9, so the prior does not "
        "explain the network's failure.",
        "final_recovery",
        "Bayes",
        0.9,
        larger,
    )
    yield AtLeast(
        "linear: in mid meta-training the network recovers weaker modes *better* (reverse staggering).",
        "outer_lead_at_peak",
        "network",
        0.0,
        at | {"moment": "after 19 pairs"},
    )
    yield AtMost(
        "linear low noise: mean recovery is within 0.2 of Bayes, whose own curve rises to 1 at five pairs.",
        "gap_to_bayes",
        "network",
        0.2,
        {"experiment": "linear low noise"},
    )


def _functions() -> Iterator[Claim]:
    at = {"experiment": "functions"}
    yield AtLeast(
        "functions: an MLP learns low frequencies first, at least fivefold staggered.",
        "staggering",
        "Adam, ReLU",
        5.0,
        at,
    )
    yield AtMost(
        "functions: the network recovers each frequency as the Gaussian process does, within 0.1 at every time.",
        "mode_gap_to_bayes",
        "network",
        0.1,
        at,
    )
    decaying = {"experiment": "functions decaying"}
    yield AtLeast(
        "functions decaying: under a decaying spectrum Bayes itself staggers.", "staggering", "Bayes", 1.5, decaying
    )
    yield AtMost(
        "functions decaying: the network follows Bayes' staggering, within 0.15 at every time.",
        "mode_gap_to_bayes",
        "network",
        0.15,
        decaying,
    )
    band_pass = {"experiment": "functions band pass", "condition": "frequencies 0, 1, 2, 3, 4, 5"}
    yield AtMost(
        "functions band pass: the network suppresses frequencies that were never in training: their recovery stays "
        "below 0.2.",
        "stop_band_recovery",
        "network",
        0.2,
        band_pass,
    )
    yield AtLeast(
        "functions band pass: the network recovers frequencies that were in training beside them, to 0.5 and more.",
        "pass_band_recovery",
        "network",
        0.5,
        band_pass,
    )
    yield AtLeast(
        "functions: over meta-training frequencies are picked up one after another.",
        "outer_staggering",
        "network",
        1.2,
        at | {"moment": "after 11 pairs"},
    )


def _bandit() -> Iterator[Claim]:
    at = {"experiment": "bandit"}
    yield AtMost(
        "bandit: under policy gradient, the probability of the correct action in the last-learned context drops to at "
        "most 0.56 of its initial value (median over tasks).",
        "lowest_share_of_start",
        "policy gradient",
        0.56,
        at,
    )
    for control in ("policy gradient, decoupled", "log likelihood", "policy gradient, near zero"):
        yield AtLeast(
            f"bandit: under {control}, that probability does not drop below 0.95 of its initial value.",
            "lowest_share_of_start",
            control,
            0.95,
            at,
        )
    yield AtLeast(
        "bandit: from two to five contexts the time to learn the last one grows at least twice as much if biases are "
        "shared.",
        "growth_over_decoupled",
        "policy gradient",
        2.0,
        at,
    )
    yield AtMost(
        "bandit: the network's accuracy is within 0.03 of Bayes' at every trial.", "accuracy_gap", "network", 0.03, at
    )
    yield Agrees(
        "bandit: the network's curves of all contexts are equal within 3 standard errors.",
        "mode_difference",
        "network",
        3.0,
        at | {"condition": "contexts by number"},
    )
    yield AtLeast(
        "bandit: learning one context costs the network less than 0.001 per trial in the others.",
        "change_elsewhere",
        "network",
        -0.001,
        at,
    )
