"""Networks that learn a map within a task: they receive pairs and predict the distribution of every target."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from metalearners.heads import IndependentNormalHead, normal_log_prob
from metalearners.modules import called, evaluated, in_one_line, output_of
from metalearners.pairs import PairEncoding, Pairs, channels_of


class RegressionPredictor(nn.Module):
    """A network with its pair encoding and its head: it maps pairs to predictive parameters of every target.

    The network maps `(batch, time, channel)` to `(batch, time, output)`, causally. A recurrent network returns
    `(outputs, state)` and takes the state as second argument. The state is a tensor or a tuple of tensors with the
    batch on axis 1, as in torch's recurrent layers. Raises `ValueError` if inputs or outputs do not fit.
    """

    def __init__(self, network: nn.Module, encoding: PairEncoding, head: IndependentNormalHead) -> None:
        super().__init__()
        self.network = network
        self.encoding = encoding
        self.head = head
        try:
            with evaluated(network):
                returned = called(network, torch.zeros(1, 1, encoding.size))
        except Exception as error:
            raise ValueError(
                f"the network must accept inputs of shape (batch, time, {encoding.size}): the current input and the "
                f"previous target; got the error: {in_one_line(error)}"
            ) from error
        outputs = output_of(returned, (1, 1, head.num_outputs))
        if outputs.shape != (1, 1, head.num_outputs):
            raise ValueError(
                f"the network must have {head.num_outputs} outputs for targets of dimension {head.dimension} (a mean "
                f"and a standard deviation each); got shape {tuple(outputs.shape)} for one step"
            )
        self.is_recurrent = isinstance(returned, tuple) and len(returned) == 2 and returned[1] is not None

    def forward(self, pairs: Pairs) -> Float[Tensor, "batch time output"]:
        """Return the outputs at every time, each from the current input and the pairs before it."""
        channels = channels_of(self.encoding, pairs)
        return output_of(called(self.network, channels), (*channels.shape[:-1], self.head.num_outputs))

    def log_prob(self, pairs: Pairs) -> Float[Tensor, "batch time"]:
        """Return the log density of each target given its input and earlier pairs, in nats per output dimension."""
        return self.head.log_prob(self(pairs).float(), pairs.targets) / self.head.dimension

    def variance_weighted_log_prob(self, pairs: Pairs, exponent: float) -> Float[Tensor, "batch time"]:
        """Return `log_prob` with each output dimension weighted by a power of its predicted variance.

        Variances are in the head's units. The weights carry no gradient (Seitzer et al. 2022, arXiv 2203.09168,
        equation 5).
        """
        parameters = self.head.parameters(self(pairs).float())
        weights = (parameters["scale"] / self.head.scale).detach() ** (2 * exponent)
        return (weights * normal_log_prob(pairs.targets, **parameters)).mean(dim=-1)
