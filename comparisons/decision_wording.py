"""What a report calls the measures of a comparison of decisions, and whom they are of."""

from comparisons.wording import Vocabulary

_SECTIONS = {
    "shortfall": (
        "Shortfall against the Bayes-optimal policy",
        "V* − V(agent): rewards per episode lost to the exact optimum, as the summed action gap Q*(best) − Q*(chosen) "
        "along the agent's own episodes. 0 is Bayes-optimal; uniform play is the floor.",
    ),
    "share": (
        "The network's shortfall in proportion",
        "0 % is Bayes-optimal; 100 % is no better than the agent named.",
    ),
    "below": (
        "Rewards below the reference",
        "Earned by the best reference there is, minus earned by the agent, on the same reward tables: below 0 is "
        "better. It has the noise of the tasks, which action gaps have not.",
    ),
    "return": (
        "Return",
        "Expected rewards per episode, given each task's latents. The exact optimum has no sampling error; sampled "
        "returns share the luck of the tasks drawn, so compare them with one another.",
    ),
    "regret": (
        "Regret to the oracle",
        "Rewards below those of an oracle that knows the latents. The Bayes-optimal policy pays the least there is.",
    ),
    "discounted": (
        "Discounted by trial",
        "The same episodes of finitely many trials with reward t counted γ^t, and the optimum for that. It is not "
        "Gittins' problem, which never ends: there the Gittins policy is optimal, here it comes close.",
    ),
    "policy": (
        "Choices of the optimal action",
        "The log loss is −log of the probability given to the set of optimal actions. KL from a deterministic optimum "
        "would be infinite for any agent that is as sure of another arm, and would punish sharing a tie; the log loss "
        "of the set does not punish ties, and is infinite where an agent rules out every optimal action.",
    ),
    "exploration": (
        "How agents explore",
        "No agent is best here: what kind of explorer the network is. The least known arm has the widest posterior; a "
        "loss is a reward below what was expected of the arm. KL(Thompson‖agent) is infinite where an agent never "
        "does what Thompson sampling may do.",
    ),
    "certificate": (
        "Certificate",
        "The network's shortfall in the first trials, summed over every possible history: no sampling error.",
    ),
    "other": ("Other measures", ""),
}

_WORDINGS = (
    (r"shortfall", "shortfall", "shortfall, V* − V(agent)"),
    (r"shortfall_above_gittins", "shortfall", "shortfall above that of the Gittins policy"),
    (r"gap_minus_lost_rewards", "shortfall", "summed action gaps minus lost rewards"),
    (r"share_of_greedy_shortfall", "share", "shortfall as a share of greedy play's"),
    (r"share_of_uniform_shortfall", "share", "shortfall as a share of uniform play's"),
    (r"rewards_below_reference", "below", "rewards below the reference"),
    (r"expected_return", "return", "rewards per episode"),
    (r"regret_to_oracle", "regret", "regret"),
    (r"discounted_shortfall", "discounted", "shortfall, discounted"),
    (r"discounted_return", "discounted", "rewards per episode, discounted"),
    (r"optimal_set_log_loss", "policy", "log loss of the set of optimal actions"),
    (r"optimal_probs", "policy", "probability of an optimal action"),
    (r"thompson_kl", "exploration", "KL(Thompson‖agent)"),
    (r"matching_distance", "exploration", "distance from probability matching (total variation)"),
    (r"uncertain_probs", "exploration", "probability of the least known arm"),
    (r"repeats_after_loss", "exploration", "probability of repeating an arm after a loss"),
    (r"repeats_after_win", "exploration", "probability of repeating an arm after a win"),
    (r"certified_shortfall_to_(\d+)", "certificate", "exact shortfall of the first {0} trials"),
    (r"sampled_shortfall_to_(\d+)", "certificate", "sampled shortfall of the first {0} trials"),
    (r"sampled_minus_certified", "certificate", "sampled minus exact shortfall"),
    (r"certified_value", "certificate", "exact rewards per episode"),
)

_WHERE_THE_OPTIMUM_IS_BEST = {
    "shortfall",
    "rewards_below_reference",
    "expected_return",
    "regret_to_oracle",
    "optimal_set_log_loss",
    "optimal_probs",
}
_WITHOUT_A_BEST = {"thompson_kl", "matching_distance", "uncertain_probs", "repeats_after_loss", "repeats_after_win"}


def _role_of(agent: str, measure: str) -> str:
    """What is scored, the best possible (ceiling), what knows nothing (floor), or a reference in between."""
    if agent.startswith("network"):
        return "scored"
    if agent == "oracle":
        return "knows the latents"
    if agent == "optimum, exact" or (agent == "optimal" and measure in _WHERE_THE_OPTIMUM_IS_BEST):
        return "ceiling"
    if agent in ("uniform", "untrained network") and measure not in _WITHOUT_A_BEST:
        return "floor"
    return "reference"


DECISION_VOCABULARY = Vocabulary(
    subject="Agent",
    sections=_SECTIONS,
    measures=_WORDINGS,
    role_of=_role_of,
    roles="Ceiling: the best that can be reached without knowing the latents; floor: an agent that learns nothing. "
    "The other agents are references: policies that know the prior, and well-known rules.",
    ceilings={},
)
"""The words of comparisons of decisions."""
