"""Compare learners of your own with Bayes-optimal references, whatever kind of family they were trained on."""

from collections.abc import Mapping, Sequence
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
from comparisons.expected import require_instance, wrong_family
from comparisons.isolation import isolated
from comparisons.kind import measured
from comparisons.kinds import kind_of
from comparisons.order.contexts import evaluate_policies
from comparisons.order.settings import OrderEvaluationConfig
from comparisons.predictions.evaluation import evaluate
from comparisons.predictions.settings import EvaluationConfig
from comparisons.provenance import today
from comparisons.seams.heads import with_named_head
from comparisons.seams.networks import architecture_of
from comparisons.seams.policies import Player
from comparisons.seams.predictions import Network
from comparisons.side_by_side import beside, require_names
from comparisons.user_code import GUIDE, reporting_user_code
from metalearners.progress import elapsed


@overload
def compare(
    network: Network | Sequence[Network] | Mapping[str, Network | Sequence[Network]],
    family: AbstractPredictionFamily,
    *,
    seed: int = 0,
    evaluation: EvaluationConfig | None = ...,
    head: str | None = ...,
) -> Comparison: ...
@overload
def compare(
    network: Player | Sequence[Player] | Mapping[str, Player | Sequence[Player]],
    family: AbstractBanditFamily,
    *,
    seed: int = 0,
    evaluation: DecisionEvaluationConfig | None = ...,
) -> Comparison: ...
@overload
def compare(
    network: Player | Sequence[Player],
    family: AbstractContextualBanditFamily,
    *,
    seed: int = 0,
    evaluation: OrderEvaluationConfig | None = ...,
) -> Comparison: ...
@reporting_user_code()
@isolated
def compare(
    network: Any, family: AbstractFamily, *, seed: int = 0, evaluation: Any = None, head: str | None = None
) -> Comparison:
    """Return how far a learner is from Bayes-optimal on a family, with intervals, baselines and the best possible.

    - On sequences, predictions are compared: `network` is a `SequencePredictor` (as `meta_train` returns), any torch
      module from `(batch, time, input)` to head parameters, or any callable from observations `(task, time)` to a
      NumPyro distribution of that batch shape. A plain module receives inputs and returns outputs in the family's own
      units. Its outputs are read as a logit (0 or 1), a logit per outcome (finitely many), mean and standard deviation
      before softplus (real numbers), or log concentration and log scale of a Lomax distribution (positive numbers).
      `head` names another convention, such as "normal_log_scale".
    - On bandits, decisions are compared: `network` is a `RecurrentPolicy`, any torch module from `(batch, time, input)`
      to logits of the arms and a value, or any `bayesopt.agent.Agent`.
    - On contextual bandits, the order in which contexts are learned is compared; `network` is as on bandits.

    A sequence of networks counts as training seeds of one architecture. A mapping from names to networks, or to
    sequences of them, compares several on the same tasks, on sequences and bandits. `docs/how_to_hand_in_a_network.md`
    says what inputs are, how they are encoded, and what is checked.

    `evaluation` are the settings of the evaluation; by default those of the kind of family. Raises `TypeError` for a
    family that has no comparison or settings that do not fit, and `NetworkContractError` or `ValueError` for a network
    that cannot be scored.
    """
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
            kinds = (AbstractPredictionFamily, AbstractBanditFamily, AbstractContextualBanditFamily)
            raise wrong_family(family, kinds, "compare")
    evaluation = settings() if evaluation is None else evaluation
    require_instance(evaluation, settings, "evaluation", f"That is what {type(family).__name__} is compared with")
    predicted = family if isinstance(family, AbstractPredictionFamily) else None
    if head is not None and predicted is None:
        raise ValueError(f"head must be None for {type(family).__name__}, where networks play; got {head!r}")

    def compared(networks: Any) -> Any:
        listed = _training_seeds(networks)
        if head is not None and predicted is not None:
            listed = [with_named_head(one, predicted, head) for one in listed]
        with elapsed(f"compare with {type(family).__name__}"):
            tree = scored(listed, family, seed=seed, evaluation=evaluation)
        tree.attrs["date"] = today()
        return measured(tree, kind_of(tree))

    if not isinstance(network, Mapping):
        return Comparison(compared(network))
    require_names(network)
    if isinstance(family, AbstractContextualBanditFamily):
        raise TypeError("several networks are compared on sequences and bandits, not on contextual bandits yet")
    return Comparison(beside({name: compared(networks) for name, networks in network.items()}))


def _training_seeds(network: Any) -> list[Any]:
    """Return networks of one architecture as a list. Raises `ValueError` for none, and for several architectures."""
    is_several = isinstance(network, Sequence) and not isinstance(network, Agent | str | bytes)
    networks = list(network) if is_several else [network]
    if not networks:
        raise ValueError("network must be at least one network; got an empty sequence")
    kinds = {architecture_of(one): index for index, one in reversed(list(enumerate(networks)))}
    if len(kinds) > 1:
        _, other, *_ = sorted(kinds.values())
        raise ValueError(
            f"a sequence of networks must be training seeds of one architecture; number {other} differs from number 0. "
            f"Name them to compare them, as in {{'lstm': …, 'gru': …}} ({GUIDE})"
        )
    return networks
