"""Measures of decisions: shortfall, returns, regret, choices of the optimal action, exploration and certificates.

A shortfall is V* - V(π), the rewards lost per episode against the exact finite-horizon optimum. It is estimated as the
summed action gap along the agent's own trajectories, and a second time as a paired difference of expected rewards.
"""

from collections.abc import Iterator

import numpy as np

from comparisons.decisions.certificate_measures import CERTIFICATE
from comparisons.decisions.scores import Decisions
from comparisons.kind import Measure, Role, Section
from comparisons.rows import Resampler, Row, exactly, in_standard_errors
from comparisons.statistics.intervals import Interval


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
        yield in_standard_errors("network", (gap - lost).mean(axis=0))


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
    yield from _means(scores, over, "thompson_kl", most=np.inf)


def _matching_distance(scores: Decisions, over: Resampler) -> Iterator[Row]:
    yield from _means(scores, over, "matching_distance")


def _uncertain_probs(scores: Decisions, over: Resampler) -> Iterator[Row]:
    yield from _means(scores, over, "uncertain_probs")


def _means(scores: Decisions, over: Resampler, variable: str, *, most: float = 1.0) -> Iterator[Row]:
    for name in scores.agents:
        yield over.mean(name, scores.mean(variable, name), most=most)


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
            yield _within_1(over.ratio(name, (repeats * after).sum(axis=2), counted))


def _within_1(row: Row) -> Row:
    """Return a row of a probability whose interval does not leave the probabilities."""
    ends = (float(np.clip(value, 0.0, 1.0)) for value in row.interval)
    return row._replace(interval=Interval(*ends))


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
    CERTIFICATE,
)
"""All measures, in the order of the report."""
