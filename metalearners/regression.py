"""Networks that learn a map within a task: pairs in, the distribution of every target out."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from metalearners.heads import IndependentNormalHead, normal_log_prob
from metalearners.pairs import PairEncoding, Pairs, channels_of


class RegressionPredictor(nn.Module):
    """A network together with what it is fed and how it is read: predictive parameters of every target.

    The network maps `(batch, time, channel)` to `(batch, time, output)`, causally. With a recurrent state it returns
    `(outputs, state)` and takes the state as second argument; the state is a tensor or a tuple of tensors whose axis 1
    is the batch, as torch's own recurrent layers have it. Raises `ValueError` where inputs or outputs do not fit.
    """

    def __init__(self, network: nn.Module, encoding: PairEncoding, head: IndependentNormalHead) -> None:
        super().__init__()
        self.network = network
        self.encoding = encoding
        self.head = head
        try:
            with torch.no_grad():
                outputs = network(torch.zeros(1, 1, encoding.size))
        except (RuntimeError, TypeError) as error:
            raise ValueError(
                f"a network that learns this map is fed (batch, time, {encoding.size}): the input now and the target "
                f"before; this one refuses it ({str(error).splitlines()[0]})"
            ) from error
        outputs, state = outputs if isinstance(outputs, tuple) else (outputs, None)
        if outputs.shape != (1, 1, head.num_outputs):
            raise ValueError(
                f"targets of {head.dimension} numbers need a network with {head.num_outputs} outputs (a mean and a "
                f"standard deviation each); for one step this one puts out shape {tuple(outputs.shape)}"
            )
        self.is_recurrent = state is not None

    def forward(self, pairs: Pairs) -> Float[Tensor, "batch time output"]:
        """The network's outputs at every time, each from the input then and the pairs before it."""
        outputs = self.network(channels_of(self.encoding, pairs))
        return outputs[0] if self.is_recurrent else outputs

    def log_prob(self, pairs: Pairs) -> Float[Tensor, "batch time"]:
        """Log density of each target given its input and the pairs before it, in nats per number of the target."""
        return self.head.log_prob(self(pairs).float(), pairs.targets) / self.head.dimension

    def variance_weighted_log_prob(self, pairs: Pairs, exponent: float) -> Float[Tensor, "batch time"]:
        """As `log_prob`, each number's share weighed by its predicted variance, in the head's units, to a power.

        The weights carry no gradient (Seitzer et al. 2022, arXiv 2203.09168, equation 5).
        """
        parameters = self.head.parameters(self(pairs).float())
        weights = (parameters["scale"] / self.head.scale).detach() ** (2 * exponent)
        return (weights * normal_log_prob(pairs.targets, **parameters)).mean(dim=-1)
