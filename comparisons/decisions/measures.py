"""From scores of agents per task to numbers a person reads: each an estimate with an interval, a unit, and its base.

A shortfall is V* - V(π), rewards lost per episode against the exact finite-horizon optimum; it is estimated as the
summed action gap along the agent's own trajectories, and a second time as a paired difference of expected rewards.
"""

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from comparisons.kind import Vocabulary
from comparisons.rows import Measure, curve_of, in_standard_errors, over
from comparisons.seeding import integer_for
from comparisons.statistics.intervals import LEVEL, Interval, bootstrap_mean, bootstrap_ratio

Scores = Float[np.ndarray, "training_seed task"]


CURVES = ("action_gap", "optimal_probs", "uncertain_probs", "matching_distance")
"""Scores by trial that have a curve with intervals."""


def with_decision_measures(tree: xr.DataTree, *, seed: int) -> xr.DataTree:
    """The tree with two more groups: `measures`, the table of results, and `curves`, intervals at every trial."""
    table = pd.DataFrame(_measures(tree, integer_for(seed, "bootstrap")))
    measures = xr.Dataset({name: (("row",), table[name].to_numpy()) for name in table.columns})
    measures.attrs["level"] = LEVEL
    return tree.assign({"measures": xr.DataTree(measures), "curves": xr.DataTree(_curves(tree, seed))})


def player_groups(tree: xr.DataTree) -> dict[str, list[int]]:
    """The players that are one agent to the reader, by index: training seeds together, every reference alone."""
    groups: dict[str, list[int]] = {}
    for index, player in enumerate(tree["totals"]["player"].to_numpy()):
        name = str(player)
        for several in ("untrained network", "network"):
            if name.removeprefix(f"{several} ").isdigit():
                name = several
        groups.setdefault(name, []).append(index)
    return groups


def _measures(tree: xr.DataTree, seed: int) -> list[Measure]:
    everyone, length = player_groups(tree), int(tree.attrs["length"])
    groups = {name: players for name, players in everyone.items() if name != "oracle"}
    totals, discount = tree["totals"].to_dataset(), float(tree.attrs["discount"])
    per_episode, rows = f"rewards per {length} trials", list[Measure]()
    has_plan = "optimal_value" in tree.attrs

    def scores(variable: str, name: str) -> Scores:
        return totals[variable].to_numpy()[everyone[name]].astype(float)

    def add(measure: str, name: str, values: Scores, unit: str) -> None:
        rows.append(Measure(measure, name, *bootstrap_mean(values, seed=seed), unit, over(len(values))))

    def add_exact(measure: str, name: str, value: float, unit: str) -> None:
        rows.append(Measure(measure, name, value, value, value, unit, "nothing: exact"))

    reference = str(tree.attrs["reference"])
    for name in groups if has_plan else ():
        add("shortfall", name, scores("action_gap", name), per_episode)
    for index, player in enumerate(groups["network"] if has_plan and len(groups["network"]) > 1 else ()):
        gap = totals["action_gap"].to_numpy()[[player]].astype(float)
        add("shortfall", f"network, seed {index}", gap, per_episode)
    for name in everyone:
        if name != reference:
            lost = scores("expected_rewards", reference) - scores("expected_rewards", name)
            add("rewards_below_reference", name, lost, per_episode)
    if has_plan:
        rows += _identity(tree, scores("action_gap", "network"), scores("expected_rewards", "network"))
        for floor in ("greedy", "uniform"):
            if not scores("action_gap", floor).any():
                continue  # at a single trial greedy play is optimal, and nothing can be a share of its loss
            share = bootstrap_ratio(
                scores("action_gap", "network"),
                np.broadcast_to(scores("action_gap", floor), scores("action_gap", "network").shape),
                seed=seed,
            )
            unit, base = "fraction", over(len(groups["network"]))
            rows.append(Measure(f"share_of_{floor}_shortfall", "network", *share, unit, base))
        if "Gittins" in groups:
            excess = scores("action_gap", "network") - scores("action_gap", "Gittins")
            add("shortfall_above_gittins", "network", excess, per_episode)
        add_exact("expected_return", "optimum, exact", float(tree.attrs["optimal_value"]), per_episode)
    for name in everyone:
        add("expected_return", name, scores("expected_rewards", name), per_episode)
    best = length * tree["tasks"]["best_expected_reward"].to_numpy()[None]
    for name in groups:
        add("regret_to_oracle", name, best - scores("expected_rewards", name), per_episode)
    discounted = f"rewards per {length} trials, discounted by {discount:g}"
    if has_plan:
        for name in groups:
            add("discounted_shortfall", name, scores("discounted_action_gap", name), discounted)
        add_exact("discounted_return", "optimum, exact", float(tree.attrs["discounted_optimal_value"]), discounted)
    for name in everyone:
        add("discounted_return", name, scores("discounted_expected_rewards", name), discounted)
    if has_plan:
        for name in groups:
            add("optimal_set_log_loss", name, scores("optimal_set_log_loss", name) / length, "nats/trial")
    rows += _trial_measures(tree, groups, seed)
    if has_plan and "certificate" in tree.children:
        rows += _certificate_measures(tree, groups, seed)
    return rows


def _identity(tree: xr.DataTree, gap: Scores, expected: Scores) -> list[Measure]:
    """Whether the two estimates of V* - V(π), summed gaps and lost rewards, agree."""
    difference = (gap - (float(tree.attrs["optimal_value"]) - expected)).mean(axis=0)
    apart = in_standard_errors(difference)
    return [Measure("gap_minus_lost_rewards", "network", apart, np.nan, np.nan, "paired standard errors", "tasks")]


def _trial_measures(tree: xr.DataTree, groups: dict[str, list[int]], seed: int) -> list[Measure]:
    """Measures of how agents explore, and how often they act optimally, from the detailed tasks."""
    trials, rows = tree["trials"].to_dataset(), list[Measure]()

    def means(variable: str, name: str) -> Scores:
        return np.nanmean(trials[variable].to_numpy()[groups[name]], axis=2)

    variables = {
        "optimal_probs": "probability",
        "thompson_kl": "nats/trial",
        "matching_distance": "probability",
        "uncertain_probs": "probability",
    }
    for variable, unit in variables.items():
        if variable == "optimal_probs" and "optimal_value" not in tree.attrs:
            continue
        for name in groups:
            interval = bootstrap_mean(means(variable, name), seed=seed)
            rows.append(Measure(variable, name, *interval, unit, over(len(groups[name]))))
    for variable, is_loss in (("repeats_after_loss", 1.0), ("repeats_after_win", 0.0)):
        for name in groups:
            after = trials["is_after_loss"].to_numpy()[groups[name]][:, :, 1:] == is_loss
            repeats = trials["repeats"].to_numpy()[groups[name]][:, :, 1:]
            counted = after.sum(axis=2).astype(float)
            if counted.sum():
                share = bootstrap_ratio((repeats * after).sum(axis=2), counted, seed=seed)
                rows.append(Measure(variable, name, *share, "probability", over(len(groups[name]))))
    return rows


def _certificate_measures(tree: xr.DataTree, groups: dict[str, list[int]], seed: int) -> list[Measure]:
    exact = tree["certificate"]["gap_by_time"].to_numpy()
    length, mean = exact.shape[1], float(exact.sum(axis=1).mean())
    sampled = tree["trials"]["action_gap"].to_numpy()[groups["network"]][:, :, :length].sum(axis=2)
    interval = bootstrap_mean(sampled, seed=seed)
    gap = in_standard_errors(sampled.mean(0) - mean)
    unit, exactly = f"rewards per {length} trials", "nothing: exact for these networks"
    rows = [
        Measure(f"certified_shortfall_to_{length}", "network", mean, mean, mean, unit, exactly),
        Measure(f"sampled_shortfall_to_{length}", "network", *interval, unit, over(len(sampled))),
        Measure("sampled_minus_certified", "network", gap, np.nan, np.nan, "standard errors", "tasks"),
    ]
    if length == int(tree.attrs["length"]):
        value = float(tree["certificate"]["rewards_by_time"].to_numpy().sum(axis=1).mean())
        rows.append(Measure("certified_value", "network", value, value, value, unit, exactly))
    return rows


def _curves(tree: xr.DataTree, seed: int) -> xr.Dataset:
    """Mean scores at every trial with percentile intervals, and the cumulative regret to the oracle."""
    groups, trials = player_groups(tree), tree["trials"].to_dataset()
    names = list(groups)
    curves = {
        variable: np.stack([curve_of(trials[variable].to_numpy()[groups[name]], seed) for name in names])
        for variable in CURVES
    }
    best = tree["tasks"]["best_expected_reward"].to_numpy()[None, : trials.sizes["detailed_task"], None]
    expected = trials["expected_rewards"].to_numpy()
    curves["cumulative_regret"] = np.stack(
        [curve_of(np.cumsum(best - expected[groups[name]], axis=2), seed) for name in names]
    )
    dimensions = ("predictor", "time", "bound")
    return xr.Dataset(
        {variable: (dimensions, values) for variable, values in curves.items()},
        coords={"predictor": names, "bound": list(Interval._fields)},
    )


def has_optimum(tree: xr.DataTree) -> bool:
    """Whether the exact optimum is known, so that there are action gaps and shortfalls."""
    return "optimal_value" in tree.attrs


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
