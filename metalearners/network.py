"""Recurrent meta-learners, and a wrapper that makes any network a predictor of sequences.

A network maps `(batch, time, input)` to `(batch, time, output)`, with or without a recurrent state. The learning that
is compared with Bayesian inference happens in its activations, within one sequence.
"""

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import ClassVar

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn
from torch.nn import functional

from metalearners.configs import LSTMConfig, NetworkConfig
from metalearners.encoding import Encoding
from metalearners.heads import Head
from metalearners.modules import called, output_of
from metalearners.own_settings import own_settings

State = Tensor | tuple[Tensor, Tensor]


class RecurrentMetaLearner(nn.Module):
    """A recurrent layer with a linear output layer, and optionally rectified linear units before it."""

    core_kind: ClassVar[type[nn.LSTM] | type[nn.GRU]]

    def __init__(
        self,
        input_size: int,
        output_size: int,
        *,
        hidden_size: int = 32,
        longest_memory: int = 20,
        embedding_size: int = 0,
    ) -> None:
        super().__init__()
        self.embedding = nn.Identity()
        if embedding_size:
            self.embedding = nn.Sequential(nn.Linear(input_size, embedding_size), nn.ReLU())
        self.core = self.core_kind(embedding_size or input_size, hidden_size, batch_first=True)
        self.readout = nn.Linear(hidden_size, output_size)
        self.longest_memory = longest_memory
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the gate biases so that units forget at time scales from 1 to `longest_memory` steps.

        Chrono initialisation: Tallec & Ollivier 2018, *Can recurrent neural networks warp time?* (arXiv 1804.11188).
        The other parameters keep torch's initial values.
        """
        size = self.core.hidden_size
        time_scales = torch.empty(size).uniform_(1, max(2, self.longest_memory - 1)).log()
        state, drive = self.core.get_parameter("bias_hh_l0"), self.core.get_parameter("bias_ih_l0")
        with torch.no_grad():
            state.zero_()
            drive.zero_()
            drive[size : 2 * size] = time_scales  # forget gate of an LSTM, update gate of a GRU
            if isinstance(self.core, nn.LSTM):
                drive[:size] = -time_scales  # its input gate

    def forward(
        self, inputs: Float[Tensor, "batch time input"], state: State | None = None
    ) -> tuple[Float[Tensor, "batch time output"], State]:
        """Return the outputs at every time and the state after the last."""
        hidden, last = self.core(self.embedding(inputs), state)
        return self.readout(hidden), last

    def next_outputs(
        self, inputs: Float[Tensor, "batch probe input"], state: State | None
    ) -> Float[Tensor, "batch probe output"]:
        """Return the outputs one step after a state, for many inputs that might come next.

        The result is that of `forward` on copies of the state, but the state's part in the gates is computed only once.
        """
        core, hidden_size = self.core, self.core.hidden_size
        if state is None:
            zeros = torch.zeros(len(inputs), hidden_size)
            hidden, cell = zeros, zeros
        else:
            hidden, cell = (part[0] for part in (state if isinstance(state, tuple) else (state, state)))
        weights = {name.removesuffix("_l0"): parameter for name, parameter in core.named_parameters()}
        from_inputs = functional.linear(self.embedding(inputs), weights["weight_ih"], weights["bias_ih"])
        from_state = functional.linear(hidden, weights["weight_hh"], weights["bias_hh"])[:, None]
        if isinstance(core, nn.LSTM):
            gates = from_inputs.add_(from_state).chunk(4, dim=-1)
            kept = torch.sigmoid(gates[1]) * cell[:, None] + torch.sigmoid(gates[0]) * torch.tanh(gates[2])
            return self.readout(torch.sigmoid(gates[3]) * torch.tanh(kept))
        reset, update, new = from_inputs.chunk(3, dim=-1)
        reset_state, update_state, new_state = from_state.chunk(3, dim=-1)
        candidate = torch.tanh(new + torch.sigmoid(reset + reset_state) * new_state)
        share = torch.sigmoid(update + update_state)
        return self.readout((1 - share) * candidate + share * hidden[:, None])


class LSTMMetaLearner(RecurrentMetaLearner):
    """An LSTM. Its weights are meta-trained; its hidden and cell state learn within a task."""

    core_kind = nn.LSTM


class GRUMetaLearner(RecurrentMetaLearner):
    """A GRU. Its weights are meta-trained; its hidden state learns within a task."""

    core_kind = nn.GRU


class SequencePredictor(nn.Module):
    """A network with its encoding and its head: it maps observations to predictive parameters."""

    def __init__(self, network: nn.Module, encoding: Encoding, head: Head) -> None:
        super().__init__()
        self.network = network
        self.encoding = encoding
        self.head = head

    def forward(self, observations: Shaped[Tensor, "batch time"]) -> Float[Tensor, "batch time output"]:
        """Return the network's outputs at every time, each from the observations before it."""
        inputs = self.encoding(observations)
        return output_of(called(self.network, inputs), (*inputs.shape[:-1], self.head.num_outputs))

    def log_prob(self, observations: Shaped[Tensor, "batch time"]) -> Float[Tensor, "batch time"]:
        """Return the log probability (density) of each observation given those before it, in nats."""
        return self.head.log_prob(self(observations), observations)


def build_network(config: NetworkConfig, *, input_size: int, output_size: int, seed: int) -> nn.Module:
    """Build a freshly initialised network; the same seed gives the same weights."""
    kind = LSTMMetaLearner if isinstance(config, LSTMConfig) else GRUMetaLearner
    with own_settings(), seeded(seed):
        return kind(input_size, output_size, **dataclasses.asdict(config))


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's default generator within the context, and restore its state afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(seed)
        yield
