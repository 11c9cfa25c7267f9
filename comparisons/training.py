"""Meta-train a network on a family: where the family's tasks meet the training loop."""

from pathlib import Path

from torch import nn

from bayesopt.family import AbstractPredictionFamily
from comparisons.seam import (
    TrainingStream,
    as_sequence_predictor,
    scaled_encoding,
    scaled_head,
    typical_units,
)
from comparisons.seeding import integer_for
from metalearners.configs import LSTMConfig, NetworkConfig, TrainingConfig
from metalearners.network import SequencePredictor, build_network
from metalearners.supervised import train


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
    with stream:
        train(
            predictor,
            stream,
            training,
            seed=integer_for(seed, "training"),
            directory=directory,
            label=f"seed {seed}",
        )
    return predictor.eval()


def new_predictor(family: AbstractPredictionFamily, config: NetworkConfig, *, seed: int) -> SequencePredictor:
    """An untrained predictor for a family, its inputs and outputs scaled to be of order 1 under the prior."""
    loc, scale = typical_units(family)
    encoding = scaled_encoding(family, loc=loc, scale=scale)
    head = scaled_head(family, loc=loc, scale=scale)
    network = build_network(
        config, input_size=encoding.size, output_size=head.num_outputs, seed=integer_for(seed, "initial weights")
    )
    return SequencePredictor(network, encoding, head)
