"""Measures of decisions: shortfall, returns, regret, choices of the optimal action, exploration and certificates.

A shortfall is V* - V(π), the rewards lost per episode against the exact finite-horizon optimum. It is estimated as the
summed action gap along the agent's own trajectories, and a second time as a paired difference of expected rewards.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from comparisons.kind import Measure, Role, Section
from comparisons.rows import Resampler, Row, Scores, curve_of, exactly, in_standard_errors, without_interval
from comparisons.statistics.intervals import Interval

CURVES = ("action_gap", "optimal_probs", "uncertain_probs", "matching_distance")
"""Scores by trial that have a curve with intervals."""


@dataclass(frozen=True)
class Decisions:
    """Scores of all agents; the training seeds of a network are one agent."""

    tree: xr.DataTree
    players: dict[str, list[int]]
    """Rows of each agent along `player`; the oracle is among them."""
    length: int
    """Trials per episode."""
    totals: xr.Dataset
    trials: xr.Dataset

    @property
    def agents(self) -> list[str]:
        """All agents but the oracle."""
        return [name for name in self.players if name != "oracle"]

    @property
    def has_optimum(self) -> bool:
        """Whether the exact optimum is known."""
        return has_optimum(self.tree)

    def total(self, variable: str, name: str) -> Scores:
        """Return sums over the trials of each task."""
        return self.totals[variable].to_numpy()[self.players[name]].astype(float)

    def mean(self, variable: str, name: str) -> Scores:
        """Return means over the trials of each detailed task."""
        return np.nanmean(self.trials[variable].to_numpy()[self.players[name]], axis=2)


def scores_of(tree: xr.DataTree) -> Decisions:
    """Return the scores of a comparison of decisions."""
    totals, trials = tree["totals"].to_dataset(), tree["trials"].to_dataset()
    return Decisions(tree, player_groups(tree), int(tree.attrs["length"]), totals, trials)


def player_groups(tree: xr.DataTree) -> dict[str, list[int]]:
    """Return the players that are one agent to the reader, by index: training seeds together, references alone."""
    groups: dict[str, list[int]] = {}
    for index, player in enumerate(tree["totals"]["player"].to_numpy()):
        name = str(player)
        for several in ("untrained network", "network"):
            if name.removeprefix(f"{several} ").isdigit():
                name = several
        groups.setdefault(name, []).append(index)
    return groups


def has_optimum(tree: xr.DataTree) -> bool:
    """Return whether the exact optimum is known, so that there are action gaps and shortfalls."""
    return "optimal_value" in tree.attrs


def curves_of(scores: Decisions, seed: int) -> xr.Dataset:
    """Return mean scores at every trial with percentile intervals, and the cumulative regret to the oracle."""
    trials, groups = scores.trials, scores.players
    curves = {
        variable: np.stack([curve_of(trials[variable].to_numpy()[rows], seed) for rows in groups.values()])
        for variable in CURVES
    }
    best = scores.tree["tasks"]["best_expected_reward"].to_numpy()[None, : trials.sizes["detailed_task"], None]
    expected = trials["expected_rewards"].to_numpy()
    curves["cumulative_regret"] = np.stack(
        [curve_of(np.cumsum(best - expected[rows], axis=2), seed) for rows in groups.values()]
    )
    dimensions = ("predictor", "time", "bound")
    return xr.Dataset(
        {variable: (dimensions, values) for variable, values in curves.items()},
        coords={"predictor": list(groups), "bound": list(Interval._fields)},
    )


def _shortfall(scores: Decisions, over: Resampler) -> Iterator[Row]:
    if scores.has_optimum:
        for name in scores.agents:
            yield over.mean(name, scores.total("action_gap", name))
        gap = scores.total("action_gap", "network")
        for index in range(len(gap) if len(gap) > 1 else 0):
            yield over.mean("network", gap[index : index + 1], training_seed=index)


def _shortfall_above_gittins(scores: Decisions, over: Resampler) -> Iterator[Row]:
    if scores.has_optimum and "Gittins" in scores.players:
        yield over.mean("network", scores.total("action_gap", "network") - scores.total("action_gap", "Gittins"))


def _gap_minus_lost_rewards(scores: Decisions, over: Resampler) -> Iterator[Row]:
    """Yield whether the two estimates of V* - V(π), summed gaps and lost rewards, agree."""
    if scores.has_optimum:
        lost = float(scores.tree.attrs["optimal_value"]) - scores.total("expected_rewards", "network")
        gap = scores.total("action_gap", "network")
        yield without_interval("network", in_standard_errors((gap - lost).mean(axis=0)))


def _share_of_greedy_shortfall(scores: Decisions, over: Resampler) -> Iterator[Row]:
    yield from _share(scores, over, "greedy")


def _share_of_uniform_shortfall(scores: Decisions, over: Resampler) -> Iterator[Row]:
    yield from _share(scores, over, "uniform")


def _share(scores: Decisions, over: Resampler, floor: str) -> Iterator[Row]:
    """Yield the network's shortfall as a share of an agent's; at a single trial the greedy policy loses nothing."""
    if scores.has_optimum and (lost := scores.total("action_gap", floor)).any():
        yield over.ratio("network", scores.total("action_gap", "network"), lost)


def _rewards_below_reference(scores: Decisions, over: Resampler) -> Iterator[Row]:
    reference = str(scores.tree.attrs["reference"])
    earned = scores.total("expected_rewards", reference)
    for name in scores.players:
        if name != reference:
            yield over.mean(name, earned - scores.total("expected_rewards", name))


def _expected_return(scores: Decisions, over: Resampler) -> Iterator[Row]:
    if scores.has_optimum:
        yield exactly("optimum, exact", float(scores.tree.attrs["optimal_value"]))
    for name in scores.players:
        yield over.mean(name, scores.total("expected_rewards", name))


def _regret_to_oracle(scores: Decisions, over: Resampler) -> Iterator[Row]:
    best = scores.length * scores.tree["tasks"]["best_expected_reward"].to_numpy()[None]
    for name in scores.agents:
        yield over.mean(name, best - scores.total("expected_rewards", name))


def _discounted_shortfall(scores: Decisions, over: Resampler) -> Iterator[Row]:
    for name in scores.agents if scores.has_optimum else ():
        yield over.mean(name, scores.total("discounted_action_gap", name))


def _discounted_return(scores: Decisions, over: Resampler) -> Iterator[Row]:
    if scores.has_optimum:
        yield exactly("optimum, exact", float(scores.tree.attrs["discounted_optimal_value"]))
    for name in scores.players:
        yield over.mean(name, scores.total("discounted_expected_rewards", name))


def _optimal_set_log_loss(scores: Decisions, over: Resampler) -> Iterator[Row]:
    for name in scores.agents if scores.has_optimum else ():
        yield over.mean(name, scores.total("optimal_set_log_loss", name) / scores.length)


def _optimal_probs(scores: Decisions, over: Resampler) -> Iterator[Row]:
    if scores.has_optimum:
        yield from _means(scores, over, "optimal_probs")


def _thompson_kl(scores: Decisions, over: Resampler) -> Iterator[Row]:
    yield from _means(scores, over, "thompson_kl")


def _matching_distance(scores: Decisions, over: Resampler) -> Iterator[Row]:
    yield from _means(scores, over, "matching_distance")


def _uncertain_probs(scores: Decisions, over: Resampler) -> Iterator[Row]:
    yield from _means(scores, over, "uncertain_probs")


def _means(scores: Decisions, over: Resampler, variable: str) -> Iterator[Row]:
    for name in scores.agents:
        yield over.mean(name, scores.mean(variable, name))


def _repeats_after_loss(scores: Decisions, over: Resampler) -> Iterator[Row]:
    yield from _repeats(scores, over, 1.0)


def _repeats_after_win(scores: Decisions, over: Resampler) -> Iterator[Row]:
    yield from _repeats(scores, over, 0.0)


def _repeats(scores: Decisions, over: Resampler, is_loss: float) -> Iterator[Row]:
    for name in scores.agents:
        rows = scores.players[name]
        after = scores.trials["is_after_loss"].to_numpy()[rows][:, :, 1:] == is_loss
        repeats = scores.trials["repeats"].to_numpy()[rows][:, :, 1:]
        counted = after.sum(axis=2).astype(float)
        if counted.sum():
            yield over.ratio(name, (repeats * after).sum(axis=2), counted)


def _certified_shortfall(scores: Decisions, over: Resampler) -> Iterator[Row]:
    if (exact := _exact(scores, "gap_by_time")) is not None:
        length = exact.shape[1]
        row = exactly("network", float(exact.sum(axis=1).mean()), length=length)
        yield row._replace(unit=f"rewards per {length} trials")


def _sampled_shortfall(scores: Decisions, over: Resampler) -> Iterator[Row]:
    if (exact := _exact(scores, "gap_by_time")) is not None:
        length = exact.shape[1]
        row = over.mean("network", _sampled(scores, length), length=length)
        yield row._replace(unit=f"rewards per {length} trials")


def _sampled_minus_certified(scores: Decisions, over: Resampler) -> Iterator[Row]:
    if (exact := _exact(scores, "gap_by_time")) is not None:
        sampled = _sampled(scores, exact.shape[1]).mean(0)
        yield without_interval("network", in_standard_errors(sampled - float(exact.sum(axis=1).mean())))


def _certified_value(scores: Decisions, over: Resampler) -> Iterator[Row]:
    exact = _exact(scores, "rewards_by_time")
    if exact is not None and exact.shape[1] == scores.length:
        yield exactly("network", float(exact.sum(axis=1).mean()))


def _exact(scores: Decisions, variable: str) -> Float[np.ndarray, "training_seed time"] | None:
    """Return exact scores at each of the first trials, where there is a certificate."""
    if not scores.has_optimum or "certificate" not in scores.tree.children:
        return None
    return scores.tree["certificate"][variable].to_numpy()


def _sampled(scores: Decisions, length: int) -> Scores:
    """Return the network's summed action gap over the first trials of each detailed task."""
    return scores.trials["action_gap"].to_numpy()[scores.players["network"]][:, :, :length].sum(axis=2)


_EPISODE = "rewards per {length} trials"
_DISCOUNTED = "rewards per {length} trials, discounted by {discount:g}"
_OPTIMUM: dict[str, Role] = {"optimal": "ceiling"}
_NO_BEST: dict[str, Role] = {"uniform": "reference", "untrained network": "reference"}

SECTIONS = (
    Section(
        "Shortfall against the Bayes-optimal policy",
        "V* − V(agent): rewards per episode lost to the exact optimum, as the summed action gap Q*(best) − Q*(chosen) "
        "along the agent's own episodes. 0 is Bayes-optimal; the random policy is the floor.",
        (
            Measure("shortfall", "shortfall, V* − V(agent)", _EPISODE, _shortfall, _OPTIMUM),
            Measure(
                "shortfall_above_gittins",
                "shortfall above that of the Gittins policy",
                _EPISODE,
                _shortfall_above_gittins,
            ),
            Measure(
                "gap_minus_lost_rewards",
                "summed action gaps minus lost rewards",
                "paired standard errors",
                _gap_minus_lost_rewards,
            ),
        ),
    ),
    Section(
        "The network's shortfall in proportion",
        "0 % is Bayes-optimal; 100 % is no better than the agent named.",
        (
            Measure(
                "share_of_greedy_shortfall",
                "shortfall as a share of the greedy policy's",
                "fraction",
                _share_of_greedy_shortfall,
            ),
            Measure(
                "share_of_uniform_shortfall",
                "shortfall as a share of the random policy's",
                "fraction",
                _share_of_uniform_shortfall,
            ),
        ),
    ),
    Section(
        "Rewards below the reference",
        "Rewards of the best reference minus rewards of the agent, on the same reward tables; below 0 is better. "
        "Unlike action gaps, these differences have the noise of the tasks.",
        (
            Measure(
                "rewards_below_reference", "rewards below the reference", _EPISODE, _rewards_below_reference, _OPTIMUM
            ),
        ),
    ),
    Section(
        "Return",
        "Expected rewards per episode, given each task's latents. The exact optimum has no sampling error. Sampled "
        "returns use common random numbers, so compare them with one another.",
        (Measure("expected_return", "rewards per episode", _EPISODE, _expected_return, _OPTIMUM),),
    ),
    Section(
        "Regret to the oracle",
        "Rewards below those of an oracle that knows the latents. The Bayes-optimal policy has the least regret.",
        (Measure("regret_to_oracle", "regret", _EPISODE, _regret_to_oracle, _OPTIMUM),),
    ),
    Section(
        "Discounted by trial",
        "The same episodes of finitely many trials with reward t weighted by γ^t, and the optimum for that. This is "
        "not Gittins' problem, whose horizon is infinite: there the Gittins policy is optimal, here it comes close.",
        (
            Measure("discounted_shortfall", "shortfall, discounted", _DISCOUNTED, _discounted_shortfall),
            Measure("discounted_return", "rewards per episode, discounted", _DISCOUNTED, _discounted_return),
        ),
    ),
    Section(
        "Choices of the optimal action",
        "The log loss is −log of the probability given to the set of optimal actions. KL from a deterministic optimum "
        "would be infinite for any agent that is as sure of another arm, and would punish sharing a tie. The log loss "
        "of the set does not punish ties, and is infinite where an agent rules out every optimal action.",
        (
            Measure(
                "optimal_set_log_loss",
                "log loss of the set of optimal actions",
                "nats/trial",
                _optimal_set_log_loss,
                _OPTIMUM,
            ),
            Measure("optimal_probs", "probability of an optimal action", "probability", _optimal_probs, _OPTIMUM),
        ),
    ),
    Section(
        "How agents explore",
        "No agent is best here: these rows describe how the network explores. The least known arm has the widest "
        "posterior. A loss is a reward below what was expected of the arm. KL(Thompson‖agent) is infinite where an "
        "agent never does what Thompson sampling may do.",
        (
            Measure("thompson_kl", "KL(Thompson‖agent)", "nats/trial", _thompson_kl, _NO_BEST),
            Measure(
                "matching_distance",
                "distance from probability matching (total variation)",
                "probability",
                _matching_distance,
                _NO_BEST,
            ),
            Measure("uncertain_probs", "probability of the least known arm", "probability", _uncertain_probs, _NO_BEST),
            Measure(
                "repeats_after_loss",
                "probability of repeating an arm after a loss",
                "probability",
                _repeats_after_loss,
                _NO_BEST,
            ),
            Measure(
                "repeats_after_win",
                "probability of repeating an arm after a win",
                "probability",
                _repeats_after_win,
                _NO_BEST,
            ),
        ),
    ),
    Section(
        "Certificate",
        "The network's shortfall in the first trials, summed over every possible history: no sampling error for these "
        "networks.",
        (
            Measure(
                "certified_shortfall",
                "exact shortfall of the first {length} trials",
                "rewards",
                _certified_shortfall,
            ),
            Measure(
                "sampled_shortfall",
                "sampled shortfall of the first {length} trials",
                "rewards",
                _sampled_shortfall,
            ),
            Measure(
                "sampled_minus_certified",
                "sampled minus exact shortfall",
                "standard errors",
                _sampled_minus_certified,
            ),
            Measure("certified_value", "exact rewards per episode", _EPISODE, _certified_value),
        ),
    ),
)
"""All measures, in the order of the report."""
