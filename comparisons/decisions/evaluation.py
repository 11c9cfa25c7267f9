"""Scores of agents, the Bayes-optimal policy and heuristics on the same reward tables, as a DataTree."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import Float

from bayesopt.agent import Agent
from bayesopt.episodes import RewardTables, expected_reward_tables, require_room, sample_reward_tables
from bayesopt.family import (
    AbstractBanditFamily,
    HasArmBeliefs,
    family_id,
)
from bayesopt.planning import heuristics
from bayesopt.rollout import Trajectories, play
from bayesopt.titles import title_of
from comparisons.decisions.action_gaps import DecisionScores, Plans, decision_scores
from comparisons.decisions.certificates import certify_decisions, longest_certifiable_episode, pays_one_or_zero
from comparisons.decisions.exploration import exploration_scores
from comparisons.decisions.references import plans_of, reference_agents
from comparisons.decisions.settings import DecisionEvaluationConfig
from comparisons.decisions.tree import SCHEMA
from comparisons.provenance import versions
from comparisons.seams.networks import untrained_copy
from comparisons.seams.players import checked_player
from comparisons.seams.policies import Player, agent_of, as_policy, describe
from comparisons.seeding import integer_for, key_for
from comparisons.tree import validate

NETWORK = "network"


UNTRAINED = "untrained network"


NUM_MARGIN_BINS = 8


_TASKS_PER_PASS = 20_000


_BY_TRIAL = ("action_gap", "optimal_probs", "expected_rewards")


def evaluate_players(
    networks: Sequence[Player],
    family: AbstractBanditFamily,
    *,
    seed: int,
    evaluation: DecisionEvaluationConfig,
) -> xr.DataTree:
    """Return all scores per task of torch modules or agents, beside those of untrained copies of the modules.

    Raises `NetworkContractError` for a player that `checked_player` refuses.
    """
    playing = [p if isinstance(p, Agent) else as_policy(p, family, horizon=evaluation.length) for p in networks]
    agents = [checked_player(player, family, length=evaluation.length) for player in playing]
    copies = [
        untrained_copy(policy, seed=integer_for(seed + index, "untrained weights"))
        for index, policy in enumerate(playing)
        if not isinstance(policy, Agent)
    ]
    return evaluate_agents(
        agents,
        family,
        seed=seed,
        evaluation=evaluation,
        description=describe(playing[0]),
        untrained=[agent_of(copy) for copy in copies if copy is not None],
    )


def evaluate_agents(
    networks: Sequence[Agent],
    family: AbstractBanditFamily,
    *,
    seed: int,
    evaluation: DecisionEvaluationConfig,
    description: str,
    untrained: Sequence[Agent] = (),
    checkpoints: Mapping[int, Sequence[Agent]] | None = None,
) -> xr.DataTree:
    """Return all scores per task, before any mean or interval is taken, in the layout of `tree`.

    `networks` are what is scored, as agents. Raises `ValueError` for an agent whose probabilities are no distribution.
    """
    if not isinstance(family, HasArmBeliefs):
        raise NotImplementedError(f"{type(family).__name__} has no belief methods (`HasArmBeliefs`) to compare with")
    require_room(family, num_tasks=evaluation.num_tasks, length=evaluation.length)
    plans = plans_of(family, evaluation)
    players: dict[str, Agent] = {f"{NETWORK} {index}": agent for index, agent in enumerate(networks)}
    players |= {f"{UNTRAINED} {index}": agent for index, agent in enumerate(untrained)}
    references = reference_agents(family, evaluation, plans)
    players |= references
    tables = sample_reward_tables(
        family, key_for(seed, "evaluation tables"), num_tasks=evaluation.num_tasks, length=evaluation.length
    )
    expected = expected_reward_tables(family, tables)
    scored = {
        name: _scored(agent, family, tables, expected, plans, seed, evaluation) for name, agent in players.items()
    }
    scored["oracle"] = _scored(None, family, tables, expected, plans, seed, evaluation)
    names = list(scored)
    groups = {
        "tasks": _dataset(
            expected_rewards=(("task", "arm"), expected), best_expected_reward=(("task",), expected.max(axis=1))
        ),
        "totals": _stacked([sums for sums, _, _ in scored.values()], ("task",), names),
        "trials": _stacked([trials for _, trials, _ in scored.values()], ("detailed_task", "time"), names),
        "margins": _stacked([margins for _, _, margins in scored.values()], ("margin", "time"), names),
    }
    certificate = _certificates(networks, family, plans, evaluation)
    if certificate is not None:
        groups["certificate"] = certificate
    if checkpoints is not None:
        groups["convergence"] = _convergence(checkpoints, family, tables, expected, plans, seed, evaluation)
    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "schema": SCHEMA.name,
        "kind": "comparisons.decisions",
        "family": repr(family),
        "title": title_of(family),
        "family_id": family_id(family),
        "network": description,
        "num_networks": len(networks),
        "reference": next(iter(references)),
        "length": evaluation.length,
        "discount": evaluation.discount,
        "evaluation": json.dumps(asdict(evaluation)),
        "seed": seed,
        "notes": json.dumps(_notes(family, plans, next(iter(references)))),
        "versions": json.dumps(versions()),
        **_values(plans),
    }
    return validate(tree, SCHEMA)


def _scored(
    agent: Agent | None,
    family: AbstractBanditFamily,
    tables: RewardTables,
    expected: Float[np.ndarray, "task arm"],
    plans: Plans | None,
    seed: int,
    evaluation: DecisionEvaluationConfig,
) -> tuple[xr.Dataset, xr.Dataset, xr.Dataset]:
    """Return sums per task, scores by trial, and gaps by belief; an agent of `None` is the oracle."""
    key = key_for(seed, "evaluation actions")
    sums, details, margins = [], [], []
    bins = _margin_bins(expected)
    for index, start in enumerate(range(0, evaluation.num_tasks, _TASKS_PER_PASS)):
        rows = slice(start, start + _TASKS_PER_PASS)
        part = RewardTables({}, tables.rewards[rows])
        player = agent or heuristics.oracle_agent(expected[rows])
        played = play(player, part, jax.random.fold_in(key, index))
        scores = decision_scores(family, played, expected[rows], plans)
        sums.append(_sums(played, scores, evaluation.discount))
        margins.append(_gap_by_margin(scores, bins))
        kept = max(0, evaluation.detailed_tasks - start)
        if kept:
            details.append(_details(family, Trajectories(*(array[:kept] for array in played)), scores))
    gap, visits = (np.sum(parts, axis=0) / evaluation.num_tasks for parts in zip(*margins, strict=True))
    by_margin = _dataset(action_gap=(("margin", "time"), gap), visits=(("margin", "time"), visits))
    totals = xr.concat(sums, "task").astype(np.float32)
    return totals, xr.concat(details, "detailed_task").astype(np.float32), by_margin.assign_coords(margin=bins[:-1])


def _sums(played: Trajectories, scores: DecisionScores, discount: float) -> xr.Dataset:
    """Return the sums over trials, one number per task."""
    weights = discount ** np.arange(played.rewards.shape[1])
    with np.errstate(divide="ignore"):
        optimal_loss = -np.log(scores.optimal_probs)
    sums = {
        "rewards": played.rewards.sum(1),
        "discounted_rewards": played.rewards @ weights,
        "expected_rewards": scores.expected_rewards.sum(1),
        "discounted_expected_rewards": scores.expected_rewards @ weights,
        "action_gap": scores.action_gap.sum(1),
        "discounted_action_gap": scores.discounted_action_gap.sum(1),
        "optimal_set_log_loss": optimal_loss.sum(1),
    }
    return _dataset(**{name: (("task",), values) for name, values in sums.items()})


def _details(family: AbstractBanditFamily, played: Trajectories, scores: DecisionScores) -> xr.Dataset:
    """Return scores trial by trial of a few tasks, among them how the agent explored."""
    explored = exploration_scores(family, played)._asdict()
    kept = {name: getattr(scores, name)[: len(played.actions)] for name in _BY_TRIAL}
    first_arm = played.action_probs[:, :, 0]
    arrays = explored | kept | {"first_arm_probs": first_arm}
    return _dataset(**{name: (("detailed_task", "time"), values) for name, values in arrays.items()})


def _margin_bins(expected: Float[np.ndarray, "task arm"]) -> Float[np.ndarray, "edge"]:
    """Return evenly spaced edges of the bins of belief margins; the last bin is open."""
    top = float(np.quantile(expected.max(axis=1) - expected.min(axis=1), 0.75))
    return np.append(np.linspace(0, top, NUM_MARGIN_BINS), np.inf)


def _gap_by_margin(scores: DecisionScores, bins: Float[np.ndarray, "edge"]) -> tuple[np.ndarray, np.ndarray]:
    """Return the summed action gap and the number of visits, by belief margin and trial."""
    which = np.searchsorted(bins, scores.belief_margin, side="right") - 1
    times = np.broadcast_to(np.arange(which.shape[1]), which.shape)
    cells, shape = which * which.shape[1] + times, (NUM_MARGIN_BINS, which.shape[1])
    size = shape[0] * shape[1]
    gap = np.bincount(cells.ravel(), scores.action_gap.ravel(), size).reshape(shape)
    return gap, np.bincount(cells.ravel(), minlength=size).reshape(shape)


def _certificates(
    networks: Sequence[Agent], family: AbstractBanditFamily, plans: Plans | None, evaluation: DecisionEvaluationConfig
) -> xr.Dataset | None:
    if plans is None or not pays_one_or_zero(family):
        return None
    length = min(evaluation.certificate_length, evaluation.length, longest_certifiable_episode(family.num_arms))
    found = [certify_decisions(agent, family, plans.undiscounted, length=length) for agent in networks]
    return _dataset(
        gap_by_time=(("training_seed", "time"), np.stack([c.gap_by_time for c in found])),
        rewards_by_time=(("training_seed", "time"), np.stack([c.rewards_by_time for c in found])),
    ).assign_attrs(num_histories=found[0].num_histories, length=length)


def _convergence(
    checkpoints: Mapping[int, Sequence[Agent]],
    family: AbstractBanditFamily,
    tables: RewardTables,
    expected: Float[np.ndarray, "task arm"],
    plans: Plans | None,
    seed: int,
    evaluation: DecisionEvaluationConfig,
) -> xr.Dataset:
    """Return the rewards and the action gaps of each checkpoint on the first tasks."""
    rows = slice(evaluation.convergence_tasks)
    part = RewardTables({}, tables.rewards[rows])
    key = key_for(seed, "convergence actions")
    steps = sorted(checkpoints)
    scores = [
        [decision_scores(family, play(agent, part, key), expected[rows], plans) for agent in checkpoints[step]]
        for step in steps
    ]
    fields = ("action_gap", "expected_rewards")
    summed = {name: np.array([[getattr(s, name).sum(1) for s in row] for row in scores]) for name in fields}
    arrays = {name: (("training_seed", "step", "task"), np.moveaxis(values, 0, 1)) for name, values in summed.items()}
    return _dataset(**arrays).assign_coords(step=steps)


def _values(plans: Plans | None) -> dict[str, float]:
    if plans is None:
        return {}
    return {
        "optimal_value": plans.undiscounted.value,
        "optimal_value_error": plans.undiscounted.error_bound,
        "discounted_optimal_value": plans.discounted.value,
        "discounted_optimal_value_error": plans.discounted.error_bound,
    }


def _notes(family: AbstractBanditFamily, plans: Plans | None, reference: str) -> list[str]:
    if plans is not None:
        return []
    known = ", which is optimal for discounting without an end," if reference == "Gittins" else ""
    return [
        f"no exact finite-horizon optimum is known for {type(family).__name__}: the reference is the {reference} "
        f"policy{known} and action gaps are not reported"
    ]


def _stacked(datasets: Sequence[xr.Dataset], dimensions: tuple[str, ...], names: list[str]) -> xr.Dataset:
    return xr.concat(datasets, "player").assign_coords(player=names).transpose("player", *dimensions)


def _dataset(**variables: tuple[tuple[str, ...], Any]) -> xr.Dataset:
    return xr.Dataset({name: (dimensions, np.asarray(values)) for name, (dimensions, values) in variables.items()})
