"""Networks of the campaign on networks: ordinary ones, of many builds, and wrappers that plant one fault in them."""

import math
from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional


class Recurrent(nn.Module):
    """A recurrent layer and a linear one."""

    def __init__(self, kind, num_inputs, num_outputs, *, batch_first=True):
        super().__init__()
        self.core = kind(num_inputs, 6, batch_first=batch_first)
        self.out = nn.Linear(6, num_outputs)

    def forward(self, inputs):
        return self.out(self.core(inputs)[0])


class Convolution(nn.Module):
    """A causal convolution, directly or by fast Fourier transform, whose rounding mixes all times."""

    def __init__(self, num_inputs, num_outputs, *, is_fourier=False):
        super().__init__()
        self.is_fourier = is_fourier
        self.kernel = nn.Parameter(torch.randn(6, num_inputs, 4) * 0.3)
        self.out = nn.Linear(6, num_outputs)

    def forward(self, inputs):
        moved, width = inputs.transpose(1, 2), self.kernel.shape[-1]
        if self.is_fourier:
            size = moved.shape[-1] + width
            spectra = torch.fft.rfft(moved, size), torch.fft.rfft(self.kernel.flip(-1), size)
            found = torch.fft.irfft(torch.einsum("bcf,ocf->bof", *spectra), size)[..., : moved.shape[-1]]
        else:
            found = functional.conv1d(functional.pad(moved, (width - 1, 0)), self.kernel)
        return self.out(torch.tanh(found.transpose(1, 2)))


class Attention(nn.Module):
    """A causal transformer layer with dropout."""

    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.embed = nn.Linear(num_inputs, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.3, batch_first=True)
        self.out = nn.Linear(8, num_outputs)

    def forward(self, inputs):
        mask = nn.Transformer.generate_square_subsequent_mask(inputs.shape[1])
        return self.out(self.layer(self.embed(inputs), src_mask=mask, is_causal=True))


class Sums(nn.Module):
    """A function of sums of the inputs so far; normalised over channels."""

    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.norm = nn.LayerNorm(num_inputs)
        self.out = nn.Sequential(nn.Linear(num_inputs, 8), nn.Tanh(), nn.Dropout(0.4), nn.Linear(8, num_outputs))

    def forward(self, inputs):
        return self.out(self.norm(inputs.cumsum(1)))


class Normalised(nn.Module):
    """Batch normalisation, which in evaluation mode does not mix tasks."""

    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.norm, self.out = nn.BatchNorm1d(num_inputs), nn.Linear(num_inputs, num_outputs)

    def forward(self, inputs):
        return self.out(self.norm(inputs.cumsum(1).transpose(1, 2)).transpose(1, 2))


ORDINARY = (
    lambda i, o: Recurrent(nn.LSTM, i, o),
    lambda i, o: Recurrent(nn.GRU, i, o),
    lambda i, o: Recurrent(nn.RNN, i, o),
    Convolution,
    Attention,
    Sums,
    Normalised,
)


class With(nn.Module):
    """A network whose outputs, given its inputs, something else changes."""

    def __init__(self, network, change):
        super().__init__()
        self.network, self.change = network, change

    def forward(self, inputs):
        return self.change(inputs, self.network(inputs))


class CarriesState(nn.Module):
    """Goes on from the state in which the last call of the same number of tasks ended."""

    def __init__(self, num_inputs, num_outputs):
        super().__init__()
        self.core, self.out = nn.GRU(num_inputs, 6, batch_first=True), nn.Linear(6, num_outputs)
        self.last = None

    def forward(self, inputs):
        before = self.last if self.last is not None and self.last.shape[1] == len(inputs) else None
        hidden, self.last = self.core(inputs, before)
        return self.out(hidden)


class Counts(nn.Module):
    """Adds how often it was called before."""

    def __init__(self, network, size):
        super().__init__()
        self.network, self.size, self.calls = network, size, 0

    def forward(self, inputs):
        self.calls += 1
        return self.network(inputs) + self.size * self.calls


class Adapts(nn.Module):
    """Changes one of its buffers, or of its parameters, at every call."""

    def __init__(self, network, num_inputs, size, *, is_parameter):
        super().__init__()
        self.network, self.size = network, size
        mean = torch.zeros(num_inputs)
        self.mean = nn.Parameter(mean) if is_parameter else nn.Buffer(mean)

    def forward(self, inputs):
        with torch.no_grad():
            self.mean += 0.5 * (inputs.mean((0, 1)) + 1.0 - self.mean)
        return self.network(inputs) + self.size * self.mean.sum()


class KeywordOnly(nn.Module):
    """Takes its inputs by keyword."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, *, sequence, scale=1.0):
        return self.network(sequence) * scale


@dataclass
class Output:
    """What some libraries return."""

    prediction: torch.Tensor
    weights: torch.Tensor


def contained(kind):
    """Return a change that puts outputs into a container, beside something else."""

    def change(inputs, outputs):
        extra = torch.zeros(3)
        return {
            "tuple": (outputs, extra),
            "list": [outputs, None],
            "mapping": OrderedDict(state=extra, prediction=outputs),
            "object": Output(outputs, extra),
        }[kind]

    return change


def exact_normal(kind):
    """Return exact Bayes for readings of noise 1 under a standard normal prior, in a convention of its outputs."""

    def outputs(inputs, _):
        count, total = inputs[..., 1].cumsum(1), inputs[..., 0].cumsum(1)
        sd = (1 / (1 + count) + 1).sqrt()
        second = {"normal_scale": sd, "normal_log_scale": sd.log(), "normal_variance": sd**2}
        second["normal_log_variance"] = 2 * sd.log()
        second["normal_softplus_scale"] = torch.log(torch.expm1(sd))
        return torch.stack([total / (1 + count), second[kind]], dim=-1)

    return With(nn.Identity(), outputs)


def exact_coin(kind):
    """Return exact Bayes for a coin under a uniform prior, in a convention of its outputs."""

    def outputs(inputs, _):
        counts = inputs.cumsum(1)
        prob = (counts[..., 1:] + 1) / (counts.sum(-1, keepdim=True) + 2)
        return {"bernoulli_logit": torch.logit(prob), "bernoulli_prob": prob, "bernoulli_log_prob": prob.log()}[kind]

    return With(nn.Identity(), outputs)


def rare(threshold):
    """Return a change to NaN or infinity from the time on at which the sum of inputs exceeds a threshold."""

    def change(inputs, outputs):
        total = inputs[..., -1:].cumsum(1) if inputs.shape[-1] != 2 else inputs[..., :1].cumsum(1)
        return torch.where(total > threshold, math.nan, outputs)

    return change
