"""Small networks that tests score: one exact, some of a user's kind, some that must be refused."""

import torch
from torch import nn


class CountingNetwork(nn.Module):
    """The exact coin under the uniform prior, from counts, plus a constant error of its logit."""

    def __init__(self, error: float = 0.0) -> None:
        super().__init__()
        self.error = nn.Parameter(torch.tensor(error))

    def forward(self, inputs):
        counts = inputs.cumsum(1)
        return (torch.log1p(counts[..., 1:]) - torch.log1p(counts[..., :1])) + self.error


class TransformerStyle(nn.Module):
    """A causal transformer without a state, with positions up to `max_length`."""

    def __init__(self, input_size: int, output_size: int, max_length: int = 64) -> None:
        super().__init__()
        self.embed = nn.Linear(input_size, 16)
        self.position = nn.Embedding(max_length, 16)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.readout = nn.Linear(16, output_size)

    def forward(self, inputs):
        length = inputs.shape[1]
        x = self.embed(inputs) + self.position(torch.arange(length))
        mask = nn.Transformer.generate_square_subsequent_mask(length)
        return self.readout(self.layer(x, src_mask=mask, is_causal=True))


class LooksAhead(nn.Module):
    """Cheats: its output at t is computed from the whole sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.core = nn.LSTM(2, 8, batch_first=True, bidirectional=True)
        self.readout = nn.Linear(16, 1)

    def forward(self, inputs):
        return self.readout(self.core(inputs)[0])


class MixesTasks(nn.Module):
    """Leaks: normalises over the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.readout = nn.Linear(2, 1)

    def forward(self, inputs):
        return self.readout(inputs.cumsum(1) - inputs.cumsum(1).mean(0, keepdim=True))


class WrongWidth(nn.Module):
    """Puts out three numbers where the head needs one."""

    def __init__(self) -> None:
        super().__init__()
        self.readout = nn.Linear(2, 3)

    def forward(self, inputs):
        return self.readout(inputs)


class PutsOutNan(nn.Module):
    """Divides zero by zero at the first step."""

    def forward(self, inputs):
        total = inputs.sum(-1, keepdim=True).cumsum(1)
        return total / total


class IsRandom(nn.Module):
    """Adds noise also in evaluation mode."""

    def forward(self, inputs):
        return torch.randn(*inputs.shape[:2], 1)
