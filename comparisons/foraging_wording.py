"""What a report calls the measures of networks that forage, and whom they are of."""

from comparisons.wording import Vocabulary

_SECTIONS = {
    "return": (
        "What is earned in the longest lifetime",
        "All networks are tested in the longest lifetime, whatever they were trained for. The exact optimum is the "
        "ceiling of all who do not know the task; the small goal for ever and untrained networks are floors.",
    ),
    "goals": (
        "Which goals are entered",
        "In the longest lifetime. Ties between optimal ways leave the optimum's numbers some freedom.",
    ),
    "choices": (
        "How steps are chosen",
        "In the longest lifetime. Choices are optimal, or cost rewards, in the player's own situation, given what it "
        "can know; ties count as optimal. Trips to the high goal are those after it was first entered. An optimal "
        "policy may take the small goals that fill up its time late or early.",
    ),
    "own": (
        "In the lifetime that was trained for",
        "Rewards lost are those of choices that are followed by optimal ones: 0 is optimal.",
    ),
    "transfer": (
        "In lifetimes of other lengths",
        "Losses are beside networks that were trained for the tested lifetime: 0 is as good, below 0 better.",
    ),
    "growth": (
        "What longer training lifetimes change",
        "Differences between networks that were trained for the two lifetimes.",
    ),
    "states": (
        "Hidden states",
        "A participation ratio is between 1 and the number of units. Intervals are normal, from the spread over "
        "training seeds or, where it is larger, over tasks.",
    ),
    "exact": ("Exact values and checks", "Differences of two estimates of one number should be within 4."),
    "other": ("Other measures", ""),
}

_MEASURES = (
    ("return", "return", "return"),
    ("share_of_optimum", "return", "return, as a share of the exact optimum"),
    ("return_by_own_time", "return", "return if time is told in units of the training lifetime"),
    ("small_goals", "goals", "entries of the small goal"),
    ("medium_goals", "goals", "entries of the medium goal"),
    ("high_goals", "goals", "entries of the high goal"),
    ("lost_rewards", "choices", "expected rewards lost by choices (0: optimal)"),
    ("optimal_probs", "choices", "probability on optimal actions"),
    ("shortest_trips", "choices", "trips to the high goal by a shortest way"),
    ("late_small_goals", "choices", "small goals after which no better one is entered, of those since the high one"),
    ("idle_steps", "choices", "steps after the last goal"),
    ("own_return_per_step", "own", "return per step"),
    ("own_share_of_optimum", "own", "return, as a share of the exact optimum"),
    ("own_lost_share", "own", "expected rewards lost by choices, as a share of the optimum"),
    ("own_optimal_probs", "own", "probability on optimal actions"),
    (r"return_per_step_in_(\d+)", "transfer", "return per step in lifetimes of {0} steps"),
    (r"transfer_loss_in_(\d+)", "transfer", "loss in lifetimes of {0} steps"),
    ("mismatch_slope", "transfer", "loss for each doubling of the one lifetime over the other"),
    ("return_gain", "growth", "return"),
    ("small_goals_gain", "growth", "entries of the small goal"),
    ("medium_goals_gain", "growth", "entries of the medium goal"),
    ("high_goals_gain", "growth", "entries of the high goal"),
    ("return_rank_correlation", "growth", "rank correlation of return and training lifetime (1: rises all along)"),
    ("participation_ratio_gain", "growth", "participation ratio"),
    ("explained_by_three_gain", "growth", "share of variance along three components"),
    ("participation_ratio", "states", "participation ratio"),
    ("explained_by_three", "states", "share of variance along three principal components"),
    ("shortest_learning_lifetime", "exact", "shortest lifetime in which learning pays"),
    ("played_minus_exact", "exact", "rewards earned in play, minus the exact value"),
    ("gap_minus_lost_rewards", "exact", "summed action gaps, minus optimum minus return"),
)


def _role_of(label: str, measure: str) -> str:
    if label.startswith("network"):
        return "scored"
    if label == "informed oracle":
        return "knows the latents"
    return "ceiling" if label == "optimal" else "floor"


FORAGING_VOCABULARY = Vocabulary(
    subject="Forager",
    sections=_SECTIONS,
    measures=_MEASURES,
    role_of=_role_of,
    roles="Scored: networks, by the lifetime they were trained for. Ceiling: the Bayes-optimal policy. Floors: walking "
    "to the small goal for ever, and networks that were not trained. The informed oracle knows where all goals are.",
    ceilings={},
)
"""The words of comparisons of foragers."""
