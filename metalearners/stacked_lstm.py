"""Stacks of LSTMs: many networks in one module, each with its own weights and its own block of rows.

Small networks that act trial by trial spend their time on calling operations, not on arithmetic. In a stack one
operation serves all networks. Whole sequences go through torch's own LSTM, one network after the other, because
stacking gains nothing there. The networks share neither activations nor gradients.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from metalearners.configs import StackedLSTMConfig
from metalearners.network import seeded
from metalearners.own_settings import own_settings

State = tuple[Tensor, Tensor]


class StackedLSTM(nn.Module):
    """A stack of `num_networks` LSTM layers with linear output layers, each with its own weights.

    It maps `(batch, time, input)` to `(batch, time, output)`. The batch consists of equal blocks of rows, one per
    network, in the order of the networks. The state is that of torch's own LSTM, a pair of `(1, batch, hidden)`.
    Without a state the networks start from their initial states, which are zero or learned.
    """

    def __init__(self, input_size: int, output_size: int, *, num_networks: int, config: StackedLSTMConfig) -> None:
        super().__init__()
        self.num_networks = num_networks
        self.config = config
        hidden = config.hidden_size
        self.input_weight = nn.Parameter(torch.empty(num_networks, input_size, 4 * hidden))
        self.hidden_weight = nn.Parameter(torch.empty(num_networks, hidden, 4 * hidden))
        self.bias = nn.Parameter(torch.empty(num_networks, 1, 4 * hidden))
        self.readout_weight = nn.Parameter(torch.empty(num_networks, hidden, output_size))
        self.readout_bias = nn.Parameter(torch.empty(num_networks, 1, output_size))
        is_learned = config.is_initial_state_learned
        self.initial_hidden = nn.Parameter(torch.empty(num_networks, 1, hidden), requires_grad=is_learned)
        self.initial_cell = nn.Parameter(torch.empty(num_networks, 1, hidden), requires_grad=is_learned)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights of every network, with torch's default generator.

        Weights are uniform in ±1/sqrt(hidden), as in torch, with chrono biases (Tallec & Ollivier 2018, arXiv
        1804.11188). If `is_orthogonal`, they are orthogonal instead, with a forget bias of 1 and no other biases.
        Columns are the gates: input, forget, output, candidate.
        """
        hidden, bound = self.config.hidden_size, 1 / math.sqrt(self.config.hidden_size)
        with torch.no_grad():
            self.initial_hidden.zero_()
            self.initial_cell.zero_()
            for index in range(self.num_networks):
                for weights in (self.input_weight, self.hidden_weight, self.readout_weight):
                    if self.config.is_orthogonal:
                        for gate in weights[index].split(hidden, dim=1):
                            gate.copy_(nn.init.orthogonal_(torch.empty(gate.shape)))
                    else:
                        weights[index].uniform_(-bound, bound)
            self.bias.zero_()
            self.readout_bias.zero_()
            if self.config.is_orthogonal:
                self.bias[..., hidden : 2 * hidden] = 1.0
                return
            self.readout_bias.uniform_(-bound, bound)
            scales = torch.empty(self.num_networks, 1, hidden).uniform_(1, max(2, self.config.longest_memory - 1)).log()
            self.bias[..., :hidden] = -scales
            self.bias[..., hidden : 2 * hidden] = scales

    def forward(
        self, inputs: Float[Tensor, "batch time input"], state: State | None = None
    ) -> tuple[Float[Tensor, "batch time output"], State]:
        """Return the outputs at every time and the state after the last."""
        batch, time, _ = inputs.shape
        rows = batch // self.num_networks
        blocks = inputs.unflatten(0, (self.num_networks, rows))
        if state is None:
            hidden, cell = (part.expand(-1, rows, -1) for part in (self.initial_hidden, self.initial_cell))
        else:
            hidden, cell = (part[0].unflatten(0, (self.num_networks, rows)) for part in state)
        hiddens, last = self.hidden_states(blocks, (hidden, cell))
        outputs = torch.baddbmm(self.readout_bias, hiddens.flatten(1, 2), self.readout_weight)
        return outputs.view(batch, time, -1), (last[0].flatten(0, 1)[None], last[1].flatten(0, 1)[None])

    def hidden_states(
        self, blocks: Float[Tensor, "network row time input"], state: State
    ) -> tuple[Float[Tensor, "network row time hidden"], State]:
        """Return hidden states at every time, and hidden and cell state (`network row hidden`) after the last."""
        if blocks.shape[2] == 1 and not torch.is_grad_enabled():
            hidden, cell = self._step(blocks[:, :, 0], state)
            return hidden[:, :, None], (hidden, cell)
        weights = (_in_torchs_order(part) for part in (self.input_weight, self.hidden_weight, self.bias))
        passes = [
            _through_time(block, (hidden, cell), own)
            for block, hidden, cell, own in zip(blocks, *state, zip(*weights, strict=True), strict=True)
        ]
        hiddens, last_hiddens, last_cells = (torch.stack(parts) for parts in zip(*passes, strict=True))
        return hiddens, (last_hiddens, last_cells)

    def _step(self, inputs: Float[Tensor, "network row input"], state: State) -> State:
        """Compute one trial of all networks at once, without gradient; most operations overwrite their inputs."""
        size = self.config.hidden_size
        gates = torch.baddbmm(self.bias, inputs, self.input_weight).baddbmm_(state[0], self.hidden_weight)
        entering, forgetting, leaving, candidate = gates.split(size, dim=-1)
        candidate.mul_(2)
        gates.sigmoid_()
        candidate.mul_(2).sub_(1)
        cell = torch.mul(forgetting, state[1]).addcmul_(entering, candidate)
        return _tanh(cell).mul_(leaving), cell


def build_stack(
    config: StackedLSTMConfig, *, input_size: int, output_size: int, num_networks: int, seed: int
) -> StackedLSTM:
    """Build a stack of freshly initialised networks; the same seed gives the same weights."""
    with own_settings(), seeded(seed):
        return StackedLSTM(input_size, output_size, num_networks=num_networks, config=config)


def member(stack: StackedLSTM, index: int) -> StackedLSTM:
    """Return one network of a stack as a stack of one, with a copy of its weights."""
    shape = (stack.input_weight.shape[1], stack.readout_weight.shape[2])
    alone = StackedLSTM(*shape, num_networks=1, config=stack.config)
    alone.load_state_dict({name: tensor[index : index + 1] for name, tensor in stack.state_dict().items()})
    return alone.train(stack.training)


def stack_of(members: list[dict[str, Tensor]], config: StackedLSTMConfig) -> StackedLSTM:
    """Build one stack from the weights of several."""
    weights = {name: torch.cat([one[name] for one in members]) for name in members[0]}
    shape = (weights["input_weight"].shape[1], weights["readout_weight"].shape[2])
    stack = StackedLSTM(*shape, num_networks=len(weights["bias"]), config=config)
    stack.load_state_dict(weights)
    return stack


def _through_time(
    inputs: Float[Tensor, "row time input"], state: State, weights: tuple[Tensor, Tensor, Tensor]
) -> tuple[Float[Tensor, "row time hidden"], Float[Tensor, "row hidden"], Float[Tensor, "row hidden"]]:
    """Return the hidden states of one network at every time, and its hidden and cell state after the last."""
    of_inputs, of_hiddens, biases = weights
    bias = biases[:, 0]
    start = [part.contiguous()[None] for part in state]
    hiddens, hidden, cell = torch.lstm(
        inputs,
        start,
        (of_inputs, of_hiddens, bias, torch.zeros_like(bias)),
        has_biases=True,
        num_layers=1,
        dropout=0.0,
        train=True,
        bidirectional=False,
        batch_first=True,
    )
    return hiddens, hidden[0], cell[0]


def _in_torchs_order(weights: Float[Tensor, "network row gate"]) -> Float[Tensor, "network gate row"]:
    """Return weights with a row for each gate, in torch's order: input, forget, candidate, output."""
    entering, forgetting, leaving, candidate = weights.chunk(4, dim=-1)
    return torch.cat([entering, forgetting, candidate, leaving], dim=-1).transpose(1, 2).contiguous()


def _tanh(values: Tensor) -> Tensor:
    """Return tanh as 2 sigmoid(2 x) - 1, which torch computes several times as fast on a CPU."""
    return torch.mul(values, 2).sigmoid_().mul_(2).sub_(1)
