"""The numbers behind every figure of a comparison of decisions, as tables: one row for each point that is drawn.

A table has `estimate`, `lower`, `upper` and `unit` beside the columns that say which point it is. `training_seed` is
missing (NA) where a row is not about a single training seed, `lower` and `upper` where no interval is drawn. Trials
are counted from 1, as a person plays them.
"""

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from comparisons.decision_measures import player_groups
from comparisons.figure_style import RESOLUTION
from comparisons.point_tables import concatenate, curve_table, means_with_intervals

FAMILIAR = ("network", "untrained network", "optimal", "Gittins", "UCB1", "greedy", "Thompson", "uniform")
"""Agents that have a colour of their own, and so a line."""

PANELS = ("network", "Gittins", "greedy")
"""Agents whose losses are shown by belief."""


def has_optimum(tree: xr.DataTree) -> bool:
    """Whether the exact optimum is known, so that there are action gaps and shortfalls."""
    return "optimal_value" in tree.attrs


def gap_by_trial(tree: xr.DataTree, agent: str) -> Float[np.ndarray, "time"]:
    """Mean action gap of an agent at each trial, in rewards, over all tasks and training seeds."""
    gap = tree["margins"].dataset["action_gap"].isel(player=player_groups(tree)[agent])
    return gap.sum("margin").mean("player").to_numpy()


def loss_table(tree: xr.DataTree) -> pd.DataFrame:
    """Rewards that every agent loses per episode, the least first; of the network also for each training seed.

    Against the exact optimum, or, where that is not known, against the reference (negative: better than it). What is
    zero but for the rounding of float64 is 0.
    """
    measures = tree["measures"].to_dataset().to_dataframe()
    groups, measure = player_groups(tree), _loss_measure(tree)
    pooled = measures[(measures.measure == measure) & measures.predictor.isin(groups)]
    pooled = pooled[pooled.predictor != "oracle"][["predictor", "estimate", "lower", "upper"]]
    if not has_optimum(tree):
        itself = {"predictor": [str(tree.attrs["reference"])], "estimate": [0.0], "lower": [0.0], "upper": [0.0]}
        pooled = pd.concat([pd.DataFrame(itself), pooled])
    tables = [pooled.sort_values("estimate", kind="stable").rename(columns={"predictor": "agent"})]
    if len(groups["network"]) > 1:
        lost = _lost_rewards(tree)[groups["network"]].mean(axis=1)
        by_seed = pd.DataFrame({"training_seed": range(len(lost)), "estimate": lost})
        tables.append(by_seed.assign(agent="network", lower=np.nan, upper=np.nan))
    table = concatenate(tables).assign(unit=_per_episode(tree))
    for bound in ("estimate", "lower", "upper"):
        table[bound] = table[bound].mask(table[bound].abs() <= RESOLUTION, 0.0)
    return table[["agent", "training_seed", "estimate", "lower", "upper", "unit"]]


def action_gap_table(tree: xr.DataTree) -> pd.DataFrame:
    """Mean action gap of every agent at each trial, in rewards."""
    return _by_trial(tree, "action_gap", "rewards")


def optimal_probs_table(tree: xr.DataTree) -> pd.DataFrame:
    """Probability that every agent gives to the set of optimal actions at each trial."""
    return _by_trial(tree, "optimal_probs", "probability")


def regret_table(tree: xr.DataTree) -> pd.DataFrame:
    """Cumulative regret of every agent to the oracle that knows the latents, after each trial, in rewards."""
    return _by_trial(tree, "cumulative_regret", "rewards")


def exploration_table(tree: xr.DataTree) -> pd.DataFrame:
    """Probability that every agent gives to an arm about which least is known, at each trial."""
    return _by_trial(tree, "uncertain_probs", "probability")


def repeats_table(tree: xr.DataTree) -> pd.DataFrame:
    """Probability that every agent pulls the previous arm again, after a win and after a loss."""
    measures = tree["measures"].to_dataset().to_dataframe()
    parts = [
        measures[measures.measure == f"repeats_after_{name}"].assign(after=f"after a {name}")
        for name in ("win", "loss")
    ]
    table = _within_probability(pd.concat(parts, ignore_index=True).rename(columns={"predictor": "agent"}))
    return table[["after", "agent", "estimate", "lower", "upper", "unit"]]


def margin_table(tree: xr.DataTree) -> pd.DataFrame:
    """Where the shortfall of a few agents arises: their loss per episode at each trial, by the belief it comes from.

    `margin_from` and `margin_to` bound how far the largest posterior mean is above the second largest. The estimates
    of an agent add up to its shortfall; `visits` is the probability of such a belief at that trial.
    """
    margins, groups = tree["margins"].to_dataset(), player_groups(tree)
    edges = np.append(margins["margin"].to_numpy(), np.inf)
    tables = []
    for agent in (name for name in PANELS if name in groups):
        mean = margins.isel(player=groups[agent]).mean("player").rename(action_gap="estimate")
        table = mean.assign_coords(margin=range(len(edges) - 1)).to_dataframe().reset_index()
        bounds = {"margin_from": edges[table.margin], "margin_to": edges[table.margin + 1]}
        tables.append(table.assign(agent=agent, trial=table.time + 1, **bounds))
    table = pd.concat(tables, ignore_index=True).assign(lower=np.nan, upper=np.nan, unit=_per_episode(tree))
    columns = ["agent", "margin_from", "margin_to", "trial", "visits", "estimate", "lower", "upper", "unit"]
    return table[columns].sort_values(columns[:4], kind="stable", ignore_index=True)


def convergence_table(tree: xr.DataTree) -> pd.DataFrame:
    """Rewards that the network loses per episode at each checkpoint of every training seed; intervals over tasks.

    The references follow, without a `step`.
    """
    group = tree["convergence"].to_dataset().transpose("training_seed", "step", "task")
    lost = group["action_gap"].to_numpy()
    if not has_optimum(tree):
        reference = tree["totals"].dataset["expected_rewards"].sel(player=str(tree.attrs["reference"])).to_numpy()
        lost = reference[: group.sizes["task"]] - group["expected_rewards"].to_numpy()
    num_seeds, _, num_tasks = lost.shape
    bounds = means_with_intervals(lost.reshape(-1, 1, num_tasks).astype(float), seed=int(tree.attrs["seed"]))
    index = pd.MultiIndex.from_product([range(num_seeds), group["step"].to_numpy()], names=["training_seed", "step"])
    network = bounds.set_index(index).reset_index().assign(agent="network")
    others = loss_table(tree)
    others = others[others.agent.isin(FAMILIAR[1:])].drop(columns=["training_seed", "unit"]).assign(step=pd.NA)
    table = concatenate([network, others]).assign(unit=_per_episode(tree)).astype({"step": "Int64"})
    return table[["agent", "training_seed", "step", "estimate", "lower", "upper", "unit"]]


def certificate_table(tree: xr.DataTree) -> pd.DataFrame:
    """The network's action gap at each of the first trials, in rewards: exact over all histories, and sampled.

    Both are means over training seeds; intervals are over tasks, for these networks.
    """
    exact = tree["certificate"].dataset["gap_by_time"]
    players = player_groups(tree)["network"]
    sampled = tree["trials"].dataset["action_gap"].isel(player=players, time=slice(exact.sizes["time"]))
    values = sampled.mean("player").transpose("time", "detailed_task").to_numpy()[:, None].astype(float)
    estimated = means_with_intervals(values, seed=int(tree.attrs["seed"]))
    pooled = exact.mean("training_seed").to_numpy()
    certain = pd.DataFrame({"estimate": pooled, "lower": pooled, "upper": pooled})
    tables = [
        bounds.assign(quantity=name, time=np.arange(len(bounds)))
        for name, bounds in (("exact", certain), ("sampled", estimated))
    ]
    if exact.sizes["training_seed"] > 1:
        by_seed = exact.rename("estimate").to_dataframe().reset_index()
        tables.append(by_seed.assign(quantity="exact", lower=by_seed.estimate, upper=by_seed.estimate))
    table = concatenate(tables).assign(unit="rewards")
    return table.assign(trial=table.time + 1)[
        ["quantity", "training_seed", "trial", "estimate", "lower", "upper", "unit"]
    ]


def _by_trial(tree: xr.DataTree, variable: str, unit: str) -> pd.DataFrame:
    table = curve_table(tree["curves"].dataset[variable]).rename(columns={"predictor": "agent"})
    table = _within_probability(table.assign(trial=table.time + 1, unit=unit))
    return table[["agent", "trial", "estimate", "lower", "upper", "unit"]]


def _within_probability(table: pd.DataFrame) -> pd.DataFrame:
    """The table with intervals of probabilities ended at 0 and 1, beyond which resampling over few seeds reaches."""
    if set(table.unit) != {"probability"}:
        return table
    return table.assign(lower=table.lower.clip(0, 1), upper=table.upper.clip(0, 1))


def _loss_measure(tree: xr.DataTree) -> str:
    return "shortfall" if has_optimum(tree) else "rewards_below_reference"


def _lost_rewards(tree: xr.DataTree) -> Float[np.ndarray, "player task"]:
    """What every player loses in every task, as `loss_table` counts it."""
    totals = tree["totals"].to_dataset()
    if has_optimum(tree):
        return totals["action_gap"].to_numpy().astype(float)
    earned = totals["expected_rewards"].astype(float)
    return (earned.sel(player=str(tree.attrs["reference"])) - earned).transpose("player", "task").to_numpy()


def _per_episode(tree: xr.DataTree) -> str:
    return f"rewards per {int(tree.attrs['length'])} trials"
