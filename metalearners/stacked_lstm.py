"""Many LSTMs side by side: one module whose rows, in equal blocks, belong to networks with weights of their own.

Small networks on few tasks spend their time on calling operations, not on arithmetic. Stacked, one operation serves
all; nothing of one network reaches another, neither in activations nor in gradients. The gradient through time is
written out (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000), which halves the operations
again.
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from metalearners.configs import StackedLSTMConfig
from metalearners.network import seeded

State = tuple[Tensor, Tensor]


class StackedLSTM(nn.Module):
    """LSTM layers with linear read-outs, `num_networks` of them, each with its own weights.

    Maps `(batch, time, input)` to `(batch, time, output)`; the batch is the networks' rows, one network's after the
    other's, as many of each. The state is that of torch's own LSTM, a pair of `(1, batch, hidden)`. Without one the
    networks start from their initial states: zeros, or what was learned.
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

        Weights are uniform in ±1/sqrt(hidden), as torch has them, with chrono biases (Tallec & Ollivier 2018,
        arXiv 1804.11188); or, if `is_orthogonal`, orthogonal with a forget bias of 1 and no other. Columns are the
        gates: input, forget, output, candidate.
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
        """Outputs at every time, and the state after the last."""
        batch, time, _ = inputs.shape
        rows = batch // self.num_networks
        blocks = inputs.unflatten(0, (self.num_networks, rows))
        if state is None:
            hidden, cell = (part.expand(-1, rows, -1) for part in (self.initial_hidden, self.initial_cell))
        else:
            hidden, cell = (part[0].unflatten(0, (self.num_networks, rows)) for part in state)
        hiddens, last = self.hidden_states(blocks, (hidden, cell))
        outputs = torch.baddbmm(self.readout_bias, hiddens.flatten(1, 2), self.readout_weight)
        outputs = outputs.unflatten(1, (time, rows)).transpose(1, 2).flatten(0, 1)
        return outputs, (last[0].flatten(0, 1)[None], last[1].flatten(0, 1)[None])

    def hidden_states(
        self, blocks: Float[Tensor, "network row time input"], state: State
    ) -> tuple[Float[Tensor, "network time row hidden"], State]:
        """Hidden states at every time, and hidden and cell state (`network row hidden`) after the last."""
        by_time = blocks.transpose(1, 2).contiguous()
        arguments = (by_time, self.input_weight, self.hidden_weight, self.bias, *state)
        if not torch.is_grad_enabled():
            hiddens, _, cells = _run(*arguments)
            return hiddens, (hiddens[:, -1], cells[-1])
        hiddens, last_cell = _LSTMThroughTime.apply(*arguments)  # pyright: ignore[reportGeneralTypeIssues]
        return hiddens, (hiddens[:, -1], last_cell)


def build_stack(
    config: StackedLSTMConfig, *, input_size: int, output_size: int, num_networks: int, seed: int
) -> StackedLSTM:
    """Freshly initialised networks side by side; the same seed gives the same weights."""
    with seeded(seed):
        return StackedLSTM(input_size, output_size, num_networks=num_networks, config=config)


def member(stack: StackedLSTM, index: int) -> StackedLSTM:
    """One network of a stack as a stack of one, with a copy of its weights."""
    shape = (stack.input_weight.shape[1], stack.readout_weight.shape[2])
    alone = StackedLSTM(*shape, num_networks=1, config=stack.config)
    alone.load_state_dict({name: tensor[index : index + 1] for name, tensor in stack.state_dict().items()})
    return alone.train(stack.training)


def stack_of(members: list[dict[str, Tensor]], config: StackedLSTMConfig) -> StackedLSTM:
    """The networks of several stacks side by side, from their weights."""
    weights = {name: torch.cat([one[name] for one in members]) for name in members[0]}
    shape = (weights["input_weight"].shape[1], weights["readout_weight"].shape[2])
    stack = StackedLSTM(*shape, num_networks=len(weights["bias"]), config=config)
    stack.load_state_dict(weights)
    return stack


def _run(
    inputs: Float[Tensor, "network time row input"],
    input_weight: Tensor,
    hidden_weight: Tensor,
    bias: Tensor,
    hidden: Float[Tensor, "network row hidden"],
    cell: Float[Tensor, "network row hidden"],
) -> tuple[Tensor, Tensor, Tensor]:
    """Hidden states (`network time row hidden`), gates (`time network row gate`), cells (`time network row hidden`)."""
    networks, time, rows, _ = inputs.shape
    size = hidden.shape[-1]
    driven = torch.baddbmm(bias, inputs.flatten(1, 2), input_weight).unflatten(1, (time, rows))
    gates = driven.transpose(0, 1).contiguous()
    hiddens = inputs.new_empty(networks, time, rows, size)
    cells = inputs.new_empty(time, networks, rows, size)
    for now in range(time):
        gate = gates[now]
        torch.baddbmm(gate, hidden, hidden_weight, out=gate)
        candidate = gate[..., 3 * size :]
        candidate.mul_(2)
        gate.sigmoid_()
        candidate.mul_(2).sub_(1)
        torch.mul(gate[..., size : 2 * size], cell, out=cells[now])
        cell = cells[now].addcmul_(gate[..., :size], candidate)
        hidden = _tanh(cell).mul_(gate[..., 2 * size : 3 * size])
        hiddens[:, now] = hidden
    return hiddens, gates, cells


class _LSTMThroughTime(torch.autograd.Function):
    """Hidden states at every time and the last cell state, with the gradient written out."""

    @staticmethod
    def forward(ctx: Any, *arguments: Tensor) -> tuple[Tensor, Tensor]:
        hiddens, gates, cells = _run(*arguments)
        inputs, input_weight, hidden_weight, _, hidden, cell = arguments
        ctx.save_for_backward(inputs, input_weight, hidden_weight, hidden, cell, hiddens, gates, cells)
        return hiddens, cells[-1].clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        to_hiddens, to_last_cell = gradients
        inputs, input_weight, hidden_weight, hidden, cell, hiddens, gates, cells = ctx.saved_tensors
        time, size = len(gates), hidden.shape[-1]
        to_gates = torch.empty_like(gates)
        recurrent = hidden_weight.transpose(1, 2)
        to_hidden, to_cell = torch.zeros_like(hidden), to_last_cell.clone()
        squashed = _tanh(cells)
        entering, forgetting, leaving, candidate = gates.split(size, dim=-1)
        # Factors that do not depend on what flows back, for all times at once.
        to_leaving = squashed * leaving * (1 - leaving)
        through_cell = leaving * (1 - squashed * squashed)
        to_entering = candidate * entering * (1 - entering)
        to_candidate = entering * (1 - candidate * candidate)
        before = torch.cat([cell[None], cells[:-1]])
        to_forgetting = before * forgetting * (1 - forgetting)
        for now in reversed(range(time)):
            to_hidden = to_hidden + to_hiddens[:, now]
            to_cell = torch.addcmul(to_cell, to_hidden, through_cell[now])
            gate = to_gates[now]
            torch.mul(to_cell, to_entering[now], out=gate[..., :size])
            torch.mul(to_cell, to_forgetting[now], out=gate[..., size : 2 * size])
            torch.mul(to_hidden, to_leaving[now], out=gate[..., 2 * size : 3 * size])
            torch.mul(to_cell, to_candidate[now], out=gate[..., 3 * size :])
            to_hidden = torch.bmm(gate, recurrent)
            to_cell = to_cell * forgetting[now]
        flat = to_gates.transpose(0, 1).flatten(1, 2)
        hiddens_before = torch.cat([hidden[:, None], hiddens[:, :-1]], dim=1).flatten(1, 2)
        to_inputs = None
        if ctx.needs_input_grad[0]:
            to_inputs = torch.bmm(flat, input_weight.transpose(1, 2)).unflatten(1, inputs.shape[1:3])
        return (
            to_inputs,
            torch.bmm(inputs.flatten(1, 2).transpose(1, 2), flat),
            torch.bmm(hiddens_before.transpose(1, 2), flat),
            flat.sum(dim=1, keepdim=True),
            to_hidden,
            to_cell,
        )


def _tanh(values: Tensor) -> Tensor:
    """The hyperbolic tangent as 2 sigmoid(2 x) - 1, which torch computes several times as fast on a CPU."""
    return torch.mul(values, 2).sigmoid_().mul_(2).sub_(1)
