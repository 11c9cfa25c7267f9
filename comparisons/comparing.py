"""Compare learners of your own with Bayes-optimal references, whatever kind of family they were trained on."""

from collections.abc import Sequence
from typing import Any, overload

from bayesopt.agent import Agent
from bayesopt.family import (
    AbstractBanditFamily,
    AbstractContextualBanditFamily,
    AbstractFamily,
    AbstractPredictionFamily,
)
from comparisons.comparison import Comparison
from comparisons.decisions.evaluation import evaluate_players
from comparisons.decisions.settings import DecisionEvaluationConfig
from comparisons.isolation import isolated
from comparisons.kind import measured
from comparisons.kinds import kind_of
from comparisons.order.contexts import evaluate_policies
from comparisons.order.settings import OrderEvaluationConfig
from comparisons.predictions.evaluation import evaluate
from comparisons.predictions.settings import EvaluationConfig
from comparisons.seams.policies import Player
from comparisons.seams.predictions import Network
from metalearners.progress import elapsed


@overload
def compare(
    network: Network | Sequence[Network],
    family: AbstractPredictionFamily,
    *,
    seed: int = 0,
    evaluation: EvaluationConfig = ...,
) -> Comparison: ...
@overload
def compare(
    network: Player | Sequence[Player],
    family: AbstractBanditFamily,
    *,
    seed: int = 0,
    evaluation: DecisionEvaluationConfig = ...,
) -> Comparison: ...
@overload
def compare(
    network: Player | Sequence[Player],
    family: AbstractContextualBanditFamily,
    *,
    seed: int = 0,
    evaluation: OrderEvaluationConfig = ...,
) -> Comparison: ...
@isolated
def compare(network: Any, family: AbstractFamily, *, seed: int = 0, evaluation: Any = None) -> Comparison:
    """Return how far a learner is from Bayes-optimal on a family, with intervals, baselines and the best possible.

    - On sequences, predictions are compared: `network` is a `SequencePredictor` (as `meta_train` returns), any torch
      module from `(batch, time, input)` to head parameters, or any callable from observations `(task, time)` to a
      NumPyro distribution. A plain module receives inputs and returns outputs in the family's own units.
    - On bandits, decisions are compared: `network` is a `RecurrentPolicy`, any torch module from `(batch, time, input)`
      to logits of the arms and a value, or any `bayesopt.agent.Agent`.
    - On contextual bandits, the order in which contexts are learned is compared; `network` is as on bandits.

    A sequence of networks counts as training seeds. `evaluation` are the settings of the evaluation; by default those
    of the kind of family. Raises `TypeError` for a family that has no comparison or settings that do not fit, and
    `NetworkContractError` or `ValueError` for a network that cannot be scored.
    """
    networks = list(network) if isinstance(network, Sequence) and not isinstance(network, Agent) else [network]
    if not networks:
        raise ValueError("network must be at least one network; got an empty sequence")
    settings: type[Any]
    scored: Any
    match family:
        case AbstractPredictionFamily():
            settings, scored = EvaluationConfig, evaluate
        case AbstractBanditFamily():
            settings, scored = DecisionEvaluationConfig, evaluate_players
        case AbstractContextualBanditFamily():
            settings, scored = OrderEvaluationConfig, evaluate_policies
        case _:
            raise TypeError(
                f"family must be one of sequences or bandits; got {type(family).__name__}. "
                "It is compared by its experiment: `bayesgauge list` names it"
            )
    evaluation = settings() if evaluation is None else evaluation
    if not isinstance(evaluation, settings):
        raise TypeError(
            f"evaluation must be a {settings.__name__} for {type(family).__name__}; got {type(evaluation).__name__}"
        )
    with elapsed(f"compare with {type(family).__name__}"):
        tree = scored(networks, family, seed=seed, evaluation=evaluation)
    return Comparison(measured(tree, kind_of(tree)))
