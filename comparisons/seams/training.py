"""Meta-train a network on a family: where the family's tasks meet the training loop."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from torch import nn

from bayesopt.family import AbstractPredictionFamily, AbstractRegressionFamily
from comparisons.seams.policies import BanditFamily, TableStream, as_policy, trial_encoding
from comparisons.seams.predictions import (
    TrainingStream,
    as_sequence_predictor,
    scaled_encoding,
    scaled_head,
    typical_units,
)
from comparisons.seams.regressions import PairStream, as_regression_predictor, pair_encoding, regression_head
from comparisons.seeding import integer_for
from metalearners.configs import LSTMConfig, NetworkConfig, ReinforcementConfig, TrainingConfig
from metalearners.network import SequencePredictor, build_network
from metalearners.policy import RecurrentPolicy
from metalearners.regression import RegressionPredictor
from metalearners.reinforcement import train_policy
from metalearners.runs import load_checkpoint
from metalearners.supervised import train

Module = TypeVar("Module", bound=nn.Module)


def meta_train(
    family: AbstractPredictionFamily,
    *,
    seed: int = 0,
    training: TrainingConfig = TrainingConfig(),
    network: NetworkConfig | nn.Module = LSTMConfig(),
    directory: Path | None = None,
) -> SequencePredictor:
    """A network meta-trained by log loss on fresh sequences of the family; the same seed gives the same network.

    `network` is a configuration, or a module of your own that is trained in place (its inputs and outputs are then
    in the family's own units). With a directory, checkpoints are kept there and an interrupted run resumes.
    Raises `FloatingPointError` when training diverges.
    """
    if isinstance(network, nn.Module):
        predictor = as_sequence_predictor(network, family)
    else:
        predictor = new_predictor(family, network, seed=seed)
    stream = TrainingStream(family, seed=seed, batch_size=training.batch_size, length=training.length)
    _train_to_predict(predictor, stream, training, seed=seed, directory=directory)
    return predictor.eval()


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
    """An untrained predictor for a family, its inputs and outputs scaled to be of order 1 under the prior."""
    loc, scale = typical_units(family)
    encoding = scaled_encoding(family, loc=loc, scale=scale)
    head = scaled_head(family, loc=loc, scale=scale)
    network = build_network(
        config, input_size=encoding.size, output_size=head.num_outputs, seed=integer_for(seed, "initial weights")
    )
    return SequencePredictor(network, encoding, head)


def meta_train_regression(
    family: AbstractRegressionFamily,
    *,
    seed: int = 0,
    training: TrainingConfig = TrainingConfig(),
    network: NetworkConfig | nn.Module = LSTMConfig(),
    directory: Path | None = None,
) -> RegressionPredictor:
    """A network meta-trained to predict targets on fresh tasks of the family; the same seed gives the same network.

    It is fed the input now and the target before. `network` is a configuration, or a module of your own that is
    trained in place (see `RegressionPredictor` for its contract). With a directory, checkpoints are kept there and an
    interrupted run resumes. Raises `FloatingPointError` when training diverges.
    """
    if isinstance(network, nn.Module):
        predictor = as_regression_predictor(network, family)
    else:
        predictor = new_regression_predictor(family, network, seed=seed)
    stream = PairStream(family, seed=seed, batch_size=training.batch_size, length=training.length)
    _train_to_predict(predictor, stream, training, seed=seed, directory=directory)
    return predictor.eval()


def new_regression_predictor(
    family: AbstractRegressionFamily, config: NetworkConfig, *, seed: int
) -> RegressionPredictor:
    """An untrained predictor for a regression family, its inputs and outputs of order 1 under the prior."""
    encoding, head = pair_encoding(family), regression_head(family)
    network = build_network(
        config, input_size=encoding.size, output_size=head.num_outputs, seed=integer_for(seed, "initial weights")
    )
    return RegressionPredictor(network, encoding, head)


def meta_train_policy(
    family: BanditFamily,
    *,
    seed: int = 0,
    training: ReinforcementConfig = ReinforcementConfig(),
    network: NetworkConfig | nn.Module = LSTMConfig(),
    directory: Path | None = None,
) -> RecurrentPolicy:
    """A network meta-trained by reinforcement learning on fresh bandits of the family, contextual or not (RL²).

    The same seed gives the same network. `network` is a configuration, or a module of your own that is trained in
    place (see `RecurrentPolicy` for its contract). With a directory, checkpoints are kept there and an interrupted
    run resumes. Raises `FloatingPointError` when training diverges.
    """
    if isinstance(network, nn.Module):
        policy = as_policy(network, family, horizon=training.horizon)
    else:
        policy = new_policy(family, network, horizon=training.horizon, seed=seed)
    stream = TableStream(family, seed=seed, batch_size=training.batch_size, length=training.horizon)
    with stream:
        train_policy(
            policy,
            stream,
            training,
            seed=integer_for(seed, "training"),
            directory=directory,
            label=f"seed {seed}",
        )
    return policy.eval()


def new_policy(family: BanditFamily, config: NetworkConfig, *, horizon: int, seed: int) -> RecurrentPolicy:
    """An untrained policy for a family: logits of the arms and a value, fed rewards of order 1."""
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
    """The networks of every training seed at every checkpoint, by step; `make` makes an untrained one from a seed."""
    networks: dict[int, list[Module]] = {}
    for step in training.checkpoint_steps():
        for seed, directory in zip(seeds, directories, strict=True):
            network = make(seed)
            load_checkpoint(network, directory, step)
            network.eval()
            networks.setdefault(step, []).append(network)
    return networks
