"""What a report calls the measures of a map of fixed-arm bandits, and whom they are of."""

from comparisons.lifetime_players import COMMIT, NETWORK, NEVER, SEQUENTIAL, UNTRAINED
from comparisons.lifetime_state_measures import SHUFFLED
from comparisons.regimes import THRESHOLD
from comparisons.wording import Vocabulary

_SECTIONS = {
    "regret": (
        "Regret over the map",
        "Rewards lost beside the sequential optimum, which is the best of all policies, summed over settings, as a "
        "share of what full information about the uncertain arm would earn. 0 is optimal; never learning shows what "
        "there is to gain, untrained networks what chance costs.",
    ),
    "regimes": (
        "Learn or hard-code",
        f"A network learns if it pulls the uncertain arm more than {THRESHOLD:g} time per lifetime on average where "
        "the arm's mean is the prior's; so does the sequential optimum, and the other two yardsticks if they explore "
        "at all. Between 0 and 100 %.",
    ),
    "exploration": (
        "How much is explored, and from where on",
        "A correlation is over settings; 1 is in proportion. A distance is between the prior scales from which on most "
        "networks, and a yardstick, learn, mean over reward scales: 0 is the same boundary, above 0 networks learn "
        "too rarely. Its logarithm is of their ratio: 0.1 is about 10 %.",
    ),
    "value": (
        "What is earned",
        "In a single setting, or summed over all where none is named. The sequential optimum is the ceiling of all who "
        "do not know the uncertain arm's mean; 0 is earned without learning. The printed formula gives a number of "
        "trials: as a policy it earns what it earns, as printed what the formula says; exploring is the most it says "
        "of one trial or more.",
    ),
    "seeds": (
        "Single settings: how training seeds explore",
        "Pulls of the uncertain arm per lifetime, where its mean is the prior's. A small p-value, between 0 and 1, "
        "speaks for two kinds of networks in one setting.",
    ),
    "ends": (
        "Single settings: where lifetimes end",
        "In tasks whose better arm is plain, half of them each way. Entropy in the last tenth of a lifetime is between "
        "0 and ln 2. Places are those in which hidden states end: two where a network has found out, one where it has "
        "not. A read-out tells from the last state which arm is better: 1/2 is chance, 1 is always. Dimensions are "
        "those along which hidden states spread, from 1 to the number of units.",
    ),
    "theory": (
        "How far theories are apart",
        "Over all settings of a lifetime. An excess over the sequential optimum would be an error: nothing is better.",
    ),
    "other": ("Other measures", ""),
}

_WORDINGS = (
    ("regret_share", "regret", "regret, as a share of full information's rewards"),
    ("regret_to_yardstick", "regret", "regret to a yardstick, as such a share (below 0: the networks earn more)"),
    ("diverged_networks", "other", "networks that diverged"),
    ("learning_cells", "regimes", "settings in which it learns"),
    ("learning_count", "theory", "settings in which exploring pays"),
    ("differing_count", "theory", "settings in which they disagree on that"),
    ("longest_exploration", "theory", "longest exploration"),
    ("largest_gap", "theory", "largest gap between their values"),
    ("largest_excess", "theory", "largest excess (below 0: none)"),
    ("largest_error", "theory", "largest numerical error of a value"),
    ("regime_agreement", "regimes", "settings in the same regime"),
    ("pulls_correlation", "exploration", "correlation of exploration"),
    ("boundary_distance", "exploration", "boundary of learning, beyond the yardstick's (0: the same)"),
    ("boundary_log_ratio", "exploration", "the same as the logarithm of a ratio (0: the same)"),
    ("value", "value", "rewards per lifetime"),
    ("share_of_sequential", "value", "rewards, as a share of the sequential optimum's"),
    ("probe_pulls", "seeds", "exploration"),
    ("learning_share", "seeds", "share of training seeds that learn"),
    ("final_entropy", "ends", "entropy of the policy at the end"),
    ("end_points", "ends", "places in which hidden states end"),
    ("read_out", "ends", "tasks whose better arm is read out of the last state"),
    ("state_dimensions", "ends", "dimensions of hidden states"),
    ("unimodality_p_value", "seeds", "p-value of one hump (dip test)"),
)

_EARNED = {"value", "share_of_sequential", "regret_share"}
"""Measures that have a best."""


def player_of(label: str) -> str:
    """Whom a label "setting: player" is of."""
    return label.partition(": ")[2] or label


def _role_of(label: str, measure: str) -> str:
    player = player_of(label)
    if player == NETWORK or player.startswith((f"{NETWORK} with ", f"{NETWORK} against ")):
        return "scored"
    if player in (UNTRAINED, NEVER, SHUFFLED):
        return "floor"
    if player == "full information":
        return "knows the latents"
    return "ceiling" if player == SEQUENTIAL and measure in _EARNED else "reference"


LIFETIME_VOCABULARY = Vocabulary(
    subject="Setting: player",
    sections=_SECTIONS,
    measures=_WORDINGS,
    role_of=_role_of,
    roles=f"Scored: the meta-trained networks. Ceiling: the {SEQUENTIAL}, the Bayes-optimal policy. The {COMMIT} and "
    "the paper's printed formula are references; what never learns, and untrained networks, are floors.",
    ceilings={"regret": SEQUENTIAL},
)
"""The words of maps of fixed-arm bandits."""
