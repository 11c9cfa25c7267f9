"""Scores of networks, the Bayes-optimal predictor and floors on the same sequences, as a DataTree."""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import jax
import numpy as np
import xarray as xr
from jaxtyping import Array, Float, Shaped
from numpyro.distributions import Distribution

from bayesopt.episodes import Sequences, sample_sequences
from bayesopt.family import AbstractPredictionFamily, family_id
from bayesopt.float64 import in_float64
from bayesopt.reference import oracle_log_prob, predict_sequence
from bayesopt.titles import title_of
from comparisons.predictions.calibration import reliability
from comparisons.predictions.certificates import certify, longest_certifiable
from comparisons.predictions.exchangeability import order_cost
from comparisons.predictions.floors import WRONG_PRIOR_FACTOR, floors_of
from comparisons.predictions.settings import EvaluationConfig, require_room_for_scores
from comparisons.predictions.tree import SCHEMA
from comparisons.provenance import versions
from comparisons.seams.contestants import check_predictor, checked_predictor, module_outputs, reason_not_to_run
from comparisons.seams.heads import NamedHead, better_reading, reading_of
from comparisons.seams.networks import untrained_copy
from comparisons.seams.predictions import Network, Predictor, as_contestant, centre_of, num_outcomes, predictor_of
from comparisons.seeding import integer_for, key_for
from comparisons.statistics.divergences import kl_divergence
from comparisons.tree import validate
from metalearners.network import SequencePredictor

FEWEST_DRAWN = 8
"""Tasks that are drawn at least, so that few tasks are the first of the same draw."""


READ = 500
"""Tasks on which other conventions of outputs are tried."""


class OutputConventionWarning(UserWarning):
    """Warning that another reading of a network's outputs fits far better; the message names it."""


def evaluate(
    networks: Sequence[Network],
    family: AbstractPredictionFamily,
    *,
    seed: int,
    evaluation: EvaluationConfig,
    checkpoints: Mapping[int, Sequence[SequencePredictor]] | None = None,
) -> xr.DataTree:
    """Return all scores per task and time, before any mean or interval is taken, in the layout of `tree`."""
    contestants = [as_contestant(network, family) for network in networks]
    notes: list[str] = []
    require_room_for_scores(evaluation, num_networks=len(networks))
    key = key_for(seed, "evaluation tasks")
    num_tasks = max(evaluation.num_tasks, FEWEST_DRAWN)
    drawn = sample_sequences(family, key, num_tasks=num_tasks, length=evaluation.longest)
    length = _usable_length(contestants, family, drawn.observations, evaluation, notes)
    sequences = _first(drawn, num_tasks=evaluation.num_tasks, length=length)
    predictors = [checked_predictor(c, family) for c in contestants]
    reference = predict_sequence(family, sequences.observations)
    predictives = [predictor(sequences.observations) for predictor in predictors]
    notes += _other_readings(networks, contestants, sequences.observations, reference, evaluation.length)

    groups = {
        "observed_data": _dataset(observations=(("task", "time"), sequences.observations)),
        "reference": _reference(family, sequences, reference),
        "network": _scores(predictives, reference, sequences.observations).assign(
            centre=(("training_seed", "task", "time"), np.stack([centre_of(p) for p in predictives]))
        ),
        "floors": _floors(family, reference, sequences.observations),
        "calibration": _calibration([*predictives, reference], sequences.observations, evaluation.length),
    }
    untrained = [
        untrained_copy(c, seed=integer_for(seed + index, "untrained weights"))
        if isinstance(c, SequencePredictor)
        else None
        for index, c in enumerate(contestants)
    ]
    if all(u is not None for u in untrained):
        blank = [predictor_of(u)(sequences.observations) for u in untrained if u is not None]
        groups["untrained"] = _scores(blank, reference, sequences.observations)
    else:
        notes.append("no untrained floor: not every parameter of the network can be re-initialised")
    if family.is_exchangeable:
        groups["order_cost"] = _order_cost(predictors, family, sequences.observations, seed, evaluation)
    certificate = _certificate(predictors, family, evaluation)
    if certificate is not None:
        groups["certificate"] = certificate
    if checkpoints is not None:
        groups["convergence"] = _convergence(checkpoints, sequences, family, evaluation)

    tree = xr.DataTree.from_dict(groups)
    tree.attrs = {
        "schema": SCHEMA.name,
        "kind": "comparisons.predictions",
        "family": repr(family),
        "title": title_of(family),
        "family_id": family_id(family),
        "network": _describe(networks[0], contestants[0]),
        "length": evaluation.length,
        "wrong_prior_factor": WRONG_PRIOR_FACTOR,
        "evaluation": json.dumps(asdict(evaluation)),
        "seed": seed,
        "notes": json.dumps(notes),
        "versions": json.dumps(versions()),
    }
    return validate(tree, SCHEMA)


def _usable_length(
    contestants: Sequence[SequencePredictor | Predictor],
    family: AbstractPredictionFamily,
    observations: Shaped[np.ndarray, "task time"],
    evaluation: EvaluationConfig,
    notes: list[str],
) -> int:
    """Return the longest multiple of the length, among those asked for, at which every contestant runs."""
    for contestant in contestants:
        check_predictor(contestant, family, observations[:, : evaluation.length])
    usable = evaluation.length
    for factor in sorted(evaluation.beyond):
        longer = observations[:FEWEST_DRAWN, : factor * evaluation.length]
        refusal = next((r for c in contestants if (r := reason_not_to_run(c, family, longer)) is not None), None)
        if refusal is not None:
            notes.append(f"not measured beyond {usable} observations: {refusal}")
            break
        usable = longer.shape[1]
    return usable


def _other_readings(
    networks: Sequence[Network],
    contestants: Sequence[SequencePredictor | Predictor],
    observations: Shaped[np.ndarray, "task time"],
    reference: Distribution,
    length: int,
) -> list[str]:
    """Return, and warn of, conventions of outputs that fit plain modules far better than the declared ones."""
    found: dict[str, None] = {}
    bayes = _log_loss(reference, observations)[:READ, :length]
    observations = observations[:READ, :length]
    for network, contestant in zip(networks, contestants, strict=True):
        if not isinstance(contestant, SequencePredictor):
            continue
        if contestant is not network or isinstance(contestant.head, NamedHead):
            outputs = module_outputs(contestant, observations)
            if (better := better_reading(contestant.head, outputs, observations, bayes)) is not None:
                found[better] = None
    for better in found:
        warnings.warn(better, OutputConventionWarning, stacklevel=2)
    return list(found)


def _first(sequences: Sequences, *, num_tasks: int, length: int) -> Sequences:
    """Return the first tasks and the first observations of each."""
    latents = {name: values[:num_tasks] for name, values in sequences.latents.items()}
    return Sequences(latents, sequences.observations[:num_tasks, :length])


@in_float64
def _log_loss(
    predictive: Distribution, observations: Shaped[np.ndarray, "task time"]
) -> Float[np.ndarray, "task time"]:
    return -np.asarray(_log_prob(predictive, observations), float)


@jax.jit
def _log_prob(predictive: Distribution, observations: Array) -> Array:
    return predictive.log_prob(observations)


def _reference(family: AbstractPredictionFamily, sequences: Sequences, reference: Distribution) -> xr.Dataset:
    oracle = oracle_log_prob(family, sequences.latents, sequences.observations)
    return _dataset(
        log_loss=(("task", "time"), _log_loss(reference, sequences.observations)),
        oracle_log_loss=(("task", "time"), -oracle),
        centre=(("task", "time"), centre_of(reference)),
    )


def _scores(
    predictives: Sequence[Distribution], reference: Distribution, observations: Shaped[np.ndarray, "task time"]
) -> xr.Dataset:
    dimensions = ("training_seed", "task", "time")
    return _dataset(
        kl_divergence=(dimensions, np.stack([kl_divergence(reference, q) for q in predictives])),
        log_loss=(dimensions, np.stack([_log_loss(q, observations) for q in predictives])),
    )


def _floors(
    family: AbstractPredictionFamily, reference: Distribution, observations: Shaped[np.ndarray, "task time"]
) -> xr.Dataset:
    floors = {name: floor(observations) for name, floor in floors_of(family).items()}
    scores = _scores(list(floors.values()), reference, observations)
    return scores.rename(training_seed="floor").assign_coords(floor=list(floors))


def _calibration(
    predictives: Sequence[Distribution], observations: Shaped[np.ndarray, "task time"], length: int
) -> xr.Dataset:
    """Return reliability tables of the networks and, last, of Bayes, over the first `length` predictions."""
    tables = [reliability(predictive, observations, length=length) for predictive in predictives]
    names = [f"network {index}" for index in range(len(predictives) - 1)] + ["Bayes"]
    dimensions = ("predictor", "task", "bin")
    stacked = {name: (dimensions, np.stack([getattr(t, name) for t in tables])) for name in tables[0]._fields}
    return _dataset(**stacked).assign_coords(predictor=names)


def _order_cost(
    predictors: Sequence[Predictor],
    family: AbstractPredictionFamily,
    observations: Shaped[np.ndarray, "task time"],
    seed: int,
    evaluation: EvaluationConfig,
) -> xr.Dataset:
    last = evaluation.length - 1
    positions = sorted({last // 4, last // 2, last})
    few = observations[: evaluation.order_tasks, : evaluation.length]
    order_seed = integer_for(seed, "orders")
    costs = [[order_cost(p, family, few, position=t, seed=order_seed) for t in positions] for p in predictors]
    dimensions = ("training_seed", "position", "task")
    return _dataset(
        cost=(dimensions, np.array([[c.cost for c in row] for row in costs])),
        mean_kl=(dimensions, np.array([[c.mean_kl for c in row] for row in costs])),
        num_orders=(("position",), np.array([c.num_orders for c in costs[0]])),
    ).assign_coords(position=positions)


def _certificate(
    predictors: Sequence[Predictor], family: AbstractPredictionFamily, evaluation: EvaluationConfig
) -> xr.Dataset | None:
    try:
        num_outcomes(family)
    except ValueError:
        return None
    length = min(evaluation.certificate_length, evaluation.length, longest_certifiable(family))
    certificates = [certify(predictor, family, length=length) for predictor in predictors]
    histories = np.full((len(certificates), max(1, length - 1)), -1)
    for row, c in zip(histories, certificates, strict=True):
        row[: len(c.worst_history)] = c.worst_history
    return _dataset(
        kl_by_time=(("training_seed", "time"), np.stack([c.kl_by_time for c in certificates])),
        worst_history=(("training_seed", "past"), histories),
        worst_length=(("training_seed",), np.array([len(c.worst_history) for c in certificates])),
        worst_kl=(("training_seed",), np.array([c.worst_kl for c in certificates])),
        worst_probability=(("training_seed",), np.array([c.worst_probability for c in certificates])),
    ).assign_attrs(num_histories=certificates[0].num_histories, length=length)


def _convergence(
    checkpoints: Mapping[int, Sequence[SequencePredictor]],
    sequences: Sequences,
    family: AbstractPredictionFamily,
    evaluation: EvaluationConfig,
) -> xr.Dataset:
    observations = sequences.observations[: evaluation.convergence_tasks, : evaluation.length]
    reference = predict_sequence(family, observations)
    steps = sorted(checkpoints)
    divergences = [
        [kl_divergence(reference, predictor_of(network)(observations)).mean(1) for network in checkpoints[step]]
        for step in steps
    ]
    values = np.moveaxis(np.array(divergences), 0, 1)
    return _dataset(kl_divergence=(("training_seed", "step", "task"), values)).assign_coords(step=steps)


def _dataset(**variables: tuple[tuple[str, ...], Any]) -> xr.Dataset:
    return xr.Dataset({name: (dimensions, np.asarray(values)) for name, (dimensions, values) in variables.items()})


def _describe(network: Network, contestant: SequencePredictor | Callable[..., Any]) -> str:
    if not isinstance(contestant, SequencePredictor):
        return getattr(contestant, "__name__", type(contestant).__name__)
    count = sum(parameter.numel() for parameter in contestant.parameters())
    named = f"{type(contestant.network).__name__} ({count:,} parameters)"
    if contestant is network and not isinstance(contestant.head, NamedHead):
        return f"{named} with {type(contestant.head).__name__}"
    return f"{named}, outputs read as {reading_of(contestant.head)}"
