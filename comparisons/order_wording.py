"""What a report calls the measures of an order of learning, and whom they are of."""

from comparisons.concurrency import LEVEL, MARGIN, MIN_POLE_DISTANCE
from comparisons.wording import Vocabulary

_SECTIONS = {
    "order": (
        "Order: one mode after another, or all together",
        "The score c places the path of the recoveries between two poles: 0 is Bayes' path, 1 strictly one mode after "
        f"the other, below 0 an order against the learner's. It is as Bayes' where its whole {100 * LEVEL:g} % "
        f"interval lies within ±{MARGIN:g}, and undefined (–) where the poles are closer than {MIN_POLE_DISTANCE:g} or "
        "share no range with the path. G is at least 1 (all modes at once) and infinite where some mode never reaches "
        "one half. Bayes itself staggers where its prior tells modes apart: compare with its row.",
    ),
    "form": (
        "Beside the closed form of two-layer linear networks",
        "Saxe et al. 2013: 0 % error, or a ratio of 1, is the closed form.",
    ),
    "path": (
        "How well the score describes the path",
        "The residual is what the score does not explain: 0 is a path between the poles. Small p-values speak against "
        "a pole; they are between 0 and 1.",
    ),
    "time": (
        "When modes are half recovered",
        "In each system's own time, so that only ratios compare between systems. At least 0; infinite where it was not "
        "reached before recording ended.",
    ),
    "bayes": (
        "Distance from Bayes",
        "0 is Bayes. A recovery is 0 where nothing and 1 where all is learned, so that a gap of 1 is all there is to "
        "learn; what learns nothing is the floor.",
    ),
    "end": (
        "What is learned in the end",
        "1 is the whole mode, 0 nothing of it. What exact Bayes reaches is what the network's data and prior allow; it "
        "recovers nothing of what the prior rules out.",
    ),
    "outer": (
        "Over meta-training",
        "The same within-task recovery at checkpoints of training. A staggering of 1 is all modes at once; a lead is "
        "between −1 and 1, above 0 where the last mode (the weakest, or the highest frequency) is ahead of the first.",
    ),
    "interference": (
        "Interference between contexts",
        "A lowest share of 1 is where no context falls below its start, and a change elsewhere of at least 0 where "
        "learning one costs the others nothing: no interference. Times are at least 0, infinite where some context was "
        "not learned.",
    ),
    "other": ("Other measures", ""),
}

_WORDINGS = (
    ("concurrency", "order", "concurrency score c"),
    ("staggering", "order", "staggering G: last half-time over first"),
    ("staggering_over_network", "order", "staggering as a multiple of the network's (1: as staggered)"),
    ("least_half_time_ratio", "order", "least ratio of a mode's half-time to that of the stage before (1: at once)"),
    ("spread", "order", "largest difference between modes' recoveries (0: none)"),
    ("mode_difference", "order", "largest difference of a mode from the mean of all"),
    ("largest_error_of_form", "form", "largest error of half-times"),
    ("rise_over_form", "form", "10–90 % rise of the first mode, over the closed form's"),
    ("concurrency_residual", "path", "residual of the score"),
    ("shared_range_low", "path", "mean recovery from which paths are compared"),
    ("shared_range_high", "path", "mean recovery up to which paths are compared"),
    ("pole_distance", "path", "distance between the poles"),
    ("p_value_bayes", "path", "p-value of Bayes' pole, c = 0"),
    ("p_value_sequential", "path", "p-value of the sequential pole, c = 1"),
    ("first_half_time", "time", "half-time of the first mode"),
    ("last_half_time", "time", "half-time of the last mode"),
    ("samples_over_network", "time", "first half-time over the network's last, in samples"),
    *(
        (f"half_time_{rank}_after_bayes", "time", f"{order} half-time of a task, over Bayes' (0: as early)")
        for rank, order in enumerate(("earliest", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th"), start=1)
    ),
    ("censored_half_times", "time", "half-times of tasks that were not reached"),
    ("censored_modes", "time", "modes that are never half recovered"),
    ("undefined_modes", "time", "modes without recovery: no task contains them"),
    ("gap_to_bayes", "bayes", "largest gap of mean recovery, over time"),
    ("mode_gap_to_bayes", "bayes", "largest gap of any mode's recovery, over time"),
    ("area_to_bayes", "bayes", "mean gap of recoveries, over modes and time"),
    ("kl_divergence", "bayes", "KL(Bayes‖system)"),
    ("accuracy_gap", "bayes", "accuracy below Bayes'"),
    ("dynamic_time_warping", "bayes", "distance of paths, time warped"),
    ("procrustes", "bayes", "distance of shapes (Procrustes)"),
    ("final_recovery", "end", "recovery at the end"),
    ("pass_band_recovery", "end", "recovery at the end of what training contained"),
    ("stop_band_recovery", "end", "largest recovery of what training never contained"),
    ("outer_staggering", "outer", "staggering over training steps"),
    ("outer_last_over_first", "outer", "half-time of the last mode over the first's"),
    ("outer_lead_at_peak", "outer", "lead of the last mode, where modes are farthest apart"),
    ("outer_lead_at_end", "outer", "lead of the last mode, at the end"),
    ("lowest_share_of_start", "interference", "lowest probability of the last context, as a share of its start"),
    ("change_elsewhere", "interference", "change in other contexts while one is learned"),
    ("time_to_learn_all", "interference", "time to learn the last context"),
    ("growth_over_decoupled", "interference", "growth with the number of contexts, over that of separate biases"),
)

_DISTANCES = {measure for measure, section, _ in _WORDINGS if section == "bayes"}
_LEARNING_NOTHING = ("untrained", "prior predictive")


def owner_of(label: str) -> str:
    """The role of whom a label "[variant: ]system[, condition]" is of, as far as its name tells; else empty."""
    whose = label.partition(": ")[2] or label
    if whose.startswith(_LEARNING_NOTHING):
        return "untrained"
    return next((role for role in ("network", "Bayes") if whose.startswith(role)), "")


def _role_of(label: str, measure: str) -> str:
    owner = owner_of(label)
    if owner == "network":
        return "scored"
    if owner == "untrained":
        return "floor"
    return "ceiling" if owner == "Bayes" and measure in _DISTANCES else "reference"


ORDER_VOCABULARY = Vocabulary(
    subject="System",
    sections=_SECTIONS,
    measures=_WORDINGS,
    role_of=_role_of,
    roles=f"Scored: the meta-trained network. Ceiling: exact Bayes. Floor: what learns nothing. Learners that follow "
    f"a gradient, and controls, are references. Intervals of scores and their residuals are {100 * LEVEL:g} % "
    "intervals.",
    ceilings={"bayes": "Bayes"},
)
"""The words of comparisons of the order of learning."""
