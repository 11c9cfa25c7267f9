"""Heads: torch's log probabilities against NumPyro's distributions rebuilt from the same outputs."""

import numpy as np
import pytest
import torch

from comparisons.seams.predictions import distribution_of
from metalearners.heads import (
    BernoulliHead,
    CategoricalHead,
    HistogramHead,
    LomaxHead,
    NegativeBinomialHead,
    NormalHead,
    NormalMixtureHead,
)

REAL = [-3.2, -0.4, 0.0, 0.7, 12.5]
POSITIVE = [0.003, 0.4, 1.0, 7.5, 400.0]
CASES = [
    (BernoulliHead(), [0, 1, 1, 0, 1]),
    (CategoricalHead(4), [0, 3, 1, 2, 2]),
    (NormalHead(), REAL),
    (NormalHead(loc=-2.0, scale=3.0), REAL),
    (NormalMixtureHead(3, loc=1.0, scale=0.5), REAL),
    (LomaxHead(scale=2.5), POSITIVE),
    (NegativeBinomialHead(), [0, 1, 3, 20, 4000]),
    (HistogramHead((-1.0, -0.2, 0.5, 2.0), tail_scale=1.5), REAL),
    (HistogramHead((0.0, 0.5, 3.0), tail_scale=0.7, has_lower_tail=False), POSITIVE),
]


@pytest.mark.parametrize(("head", "values"), CASES, ids=lambda case: type(case).__name__)
def test_log_prob_is_that_of_the_numpyro_distribution(head, values):
    outputs = torch.randn(5, head.num_outputs, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    ours = head.log_prob(outputs, torch.tensor(values)).numpy()
    numpyros = distribution_of(head, outputs.numpy()).log_prob(np.array(values))
    np.testing.assert_allclose(ours, numpyros, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(("head", "values"), CASES, ids=lambda case: type(case).__name__)
def test_gradients_are_finite_for_extreme_outputs(head, values):
    for size in (0.0, 20.0, -20.0):
        outputs = torch.full((5, head.num_outputs), size, requires_grad=True)
        head.log_prob(outputs, torch.tensor(values)).sum().backward()
        assert torch.isfinite(outputs.grad).all()


def test_histogram_refuses_edges_that_do_not_increase():
    with pytest.raises(ValueError, match="increasing"):
        HistogramHead((0.0, 0.0, 1.0), tail_scale=1.0)
    with pytest.raises(ValueError, match="tail_scale"):
        HistogramHead((0.0, 1.0), tail_scale=0.0)
