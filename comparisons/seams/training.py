"""Meta-training: where a family's tasks meet the training loop."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, overload

from torch import nn

from bayesopt.episodes import sample_sequences
from bayesopt.family import (
    AbstractBanditFamily,
    AbstractContextualBanditFamily,
    AbstractFamily,
    AbstractPredictionFamily,
    AbstractRegressionFamily,
)
from comparisons.expected import wrong_family
from comparisons.seams.contestants import check_predictor
from comparisons.seams.players import checked_policy
from comparisons.seams.policies import BanditFamily, TableStream, as_policy, trial_encoding
from comparisons.seams.predictions import (
    TrainingStream,
    as_sequence_predictor,
    scaled_encoding,
    scaled_head,
    typical_units,
)
from comparisons.seams.regressions import (
    PairStream,
    as_regression_predictor,
    check_regression_predictor,
    pair_encoding,
    regression_head,
)
from comparisons.seeding import integer_for, key_for
from comparisons.user_code import reporting_user_code
from metalearners.configs import LSTMConfig, NetworkConfig, ReinforcementConfig, TrainingConfig
from metalearners.network import SequencePredictor, build_network
from metalearners.policy import RecurrentPolicy
from metalearners.regression import RegressionPredictor
from metalearners.reinforcement import train_policy
from metalearners.runs import load_checkpoint
from metalearners.supervised import train

Module = TypeVar("Module", bound=nn.Module)

_Config = TypeVar("_Config", TrainingConfig, ReinforcementConfig)


@overload
def meta_train(
    family: AbstractPredictionFamily,
    *,
    seed: int = 0,
    training: TrainingConfig = ...,
    network: NetworkConfig | nn.Module = ...,
    directory: Path | None = None,
) -> SequencePredictor: ...
@overload
def meta_train(
    family: AbstractRegressionFamily,
    *,
    seed: int = 0,
    training: TrainingConfig = ...,
    network: NetworkConfig | nn.Module = ...,
    directory: Path | None = None,
) -> RegressionPredictor: ...
@overload
def meta_train(
    family: BanditFamily,
    *,
    seed: int = 0,
    training: ReinforcementConfig = ...,
    network: NetworkConfig | nn.Module = ...,
    directory: Path | None = None,
) -> RecurrentPolicy: ...
@reporting_user_code()
def meta_train(
    family: AbstractFamily,
    *,
    seed: int = 0,
    training: TrainingConfig | ReinforcementConfig | None = None,
    network: NetworkConfig | nn.Module = LSTMConfig(),
    directory: Path | None = None,
) -> nn.Module:
    """Return a network that is meta-trained on fresh tasks of a family; the same seed gives the same network.

    A sequence predictor or a regression predictor is trained by log loss, with the settings of a `TrainingConfig`; a
    policy for bandits, contextual or not, by reinforcement learning (RL²), with those of a `ReinforcementConfig`.
    Without `training`, the settings are the defaults. `network` is a configuration, or a module of your own that is
    trained in place; its inputs and outputs are then in the family's own units (`SequencePredictor`,
    `RegressionPredictor` and `RecurrentPolicy` say what it must return). With a directory, checkpoints are kept there
    and an interrupted run resumes.

    Raises `TypeError` for a family of another kind or settings that do not fit, and `FloatingPointError` when
    training diverges.
    """
    match family:
        case AbstractPredictionFamily():
            return _meta_train_predictor(family, seed, _settings(TrainingConfig, training, family), network, directory)
        case AbstractRegressionFamily():
            return _meta_train_regression(family, seed, _settings(TrainingConfig, training, family), network, directory)
        case AbstractBanditFamily() | AbstractContextualBanditFamily():
            settings = _settings(ReinforcementConfig, training, family)
            return _meta_train_policy(family, seed, settings, network, directory)
        case _:
            kinds = (AbstractPredictionFamily, AbstractRegressionFamily, *BanditFamily.__args__)
            raise wrong_family(family, kinds, "meta_train")


def _settings(kind: type[_Config], training: object, family: AbstractFamily) -> _Config:
    """Return the settings of training, or the defaults without any."""
    if training is None:
        return kind()
    if not isinstance(training, kind):
        raise TypeError(f"training must be a {kind.__name__} for {type(family).__name__}; got {training!r}")
    return training


def _meta_train_predictor(
    family: AbstractPredictionFamily,
    seed: int,
    training: TrainingConfig,
    network: NetworkConfig | nn.Module,
    directory: Path | None,
) -> SequencePredictor:
    if not isinstance(network, NetworkConfig):
        predictor = as_sequence_predictor(network, family)
        tried = sample_sequences(family, key_for(0, "histories"), num_tasks=64, length=training.length)
        check_predictor(predictor, family, tried.observations)
    else:
        predictor = new_predictor(family, network, seed=seed)
    stream = TrainingStream(family, seed=seed, batch_size=training.batch_size, length=training.length)
    _train_to_predict(predictor, stream, training, seed=seed, directory=directory)
    return predictor.eval()


def _meta_train_regression(
    family: AbstractRegressionFamily,
    seed: int,
    training: TrainingConfig,
    network: NetworkConfig | nn.Module,
    directory: Path | None,
) -> RegressionPredictor:
    if not isinstance(network, NetworkConfig):
        predictor = as_regression_predictor(network, family)
        check_regression_predictor(predictor, family, length=training.length)
    else:
        predictor = new_regression_predictor(family, network, seed=seed)
    stream = PairStream(family, seed=seed, batch_size=training.batch_size, length=training.length)
    _train_to_predict(predictor, stream, training, seed=seed, directory=directory)
    return predictor.eval()


def _meta_train_policy(
    family: BanditFamily,
    seed: int,
    training: ReinforcementConfig,
    network: NetworkConfig | nn.Module,
    directory: Path | None,
) -> RecurrentPolicy:
    if not isinstance(network, NetworkConfig):
        policy = checked_policy(as_policy(network, family, horizon=training.horizon), family, length=training.horizon)
    else:
        policy = new_policy(family, network, horizon=training.horizon, seed=seed)
    stream = TableStream(family, seed=seed, batch_size=training.batch_size, length=training.horizon)
    with stream:
        train_policy(
            policy, stream, training, seed=integer_for(seed, "training"), directory=directory, label=f"seed {seed}"
        )
    return policy.eval()


def _train_to_predict(
    predictor: SequencePredictor | RegressionPredictor,
    stream: TrainingStream | PairStream,
    training: TrainingConfig,
    *,
    seed: int,
    directory: Path | None,
) -> None:
    with stream:
        train(
            predictor,
            stream,
            training,
            seed=integer_for(seed, "training"),
            directory=directory,
            label=f"seed {seed}",
        )


def new_predictor(family: AbstractPredictionFamily, config: NetworkConfig, *, seed: int) -> SequencePredictor:
    """Return an untrained predictor for a family, with inputs and outputs of order 1 under the prior."""
    loc, scale = typical_units(family)
    encoding = scaled_encoding(family, loc=loc, scale=scale)
    head = scaled_head(family, loc=loc, scale=scale)
    network = build_network(
        config, input_size=encoding.size, output_size=head.num_outputs, seed=integer_for(seed, "initial weights")
    )
    return SequencePredictor(network, encoding, head)


def new_regression_predictor(
    family: AbstractRegressionFamily, config: NetworkConfig, *, seed: int
) -> RegressionPredictor:
    """Return an untrained predictor for a regression family, with inputs and outputs of order 1 under the prior."""
    encoding, head = pair_encoding(family), regression_head(family)
    network = build_network(
        config, input_size=encoding.size, output_size=head.num_outputs, seed=integer_for(seed, "initial weights")
    )
    return RegressionPredictor(network, encoding, head)


def new_policy(family: BanditFamily, config: NetworkConfig, *, horizon: int, seed: int) -> RecurrentPolicy:
    """Return an untrained policy for a family: logits of the arms and a value; its inputs are rewards of order 1."""
    encoding = trial_encoding(family, horizon=horizon)
    network = build_network(
        config,
        input_size=encoding.size,
        output_size=encoding.num_arms + 1,
        seed=integer_for(seed, "initial weights"),
    )
    return RecurrentPolicy(network, encoding)


def at_checkpoints(
    make: Callable[[int], Module],
    training: TrainingConfig | ReinforcementConfig,
    seeds: Sequence[int],
    directories: Sequence[Path],
) -> dict[int, list[Module]]:
    """Return the networks of every training seed at every checkpoint, by step; `make` makes an untrained one."""
    networks: dict[int, list[Module]] = {}
    for step in training.checkpoint_steps():
        for seed, directory in zip(seeds, directories, strict=True):
            network = make(seed)
            load_checkpoint(network, directory, step)
            network.eval()
            networks.setdefault(step, []).append(network)
    return networks
