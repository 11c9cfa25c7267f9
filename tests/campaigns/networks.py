"""Networks, callables and agents that people may hand in: 500 with one planted fault each, 200 of odd but right build.

A faulty one must be refused for the right reason, in one line; a right one must be accepted. The index of a case
chooses the fault or the build; everything else, such as family, length, size and place of a fault, is drawn from it.
"""

import functools
import warnings
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import torch
from torch import nn

import bayesopt
from bayesopt.agent import Agent
from bayesopt.planning import heuristics
from comparisons.seams.contestants import check_predictor
from comparisons.seams.players import checked_player
from comparisons.seams.predictions import as_sequence_predictor
from tests.campaigns import _networks as made
from tests.campaigns._network_faults import BANDIT, COIN, FAULTS, Case, agents, callables, misread

NUM_FAULTY = 500
COUNT = 700
SMALL = [*range(0, COUNT, 139), 7]


def right_modules(case):
    """Return a module of odd but right build."""
    network, width = case.network(), (case.num_inputs, case.num_outputs)
    kind = str(case.random.choice(["tuple", "list", "mapping", "object"]))

    def trained(module):
        return module.train()

    def frozen(module):
        return module.requires_grad_(False)

    def hooked(module):
        module.register_forward_hook(lambda *_: None)
        return module

    def in_place(inputs, outputs):
        inputs.add_(1.0)
        return outputs

    def seeds_itself(inputs, outputs):
        torch.manual_seed(0)
        return outputs + torch.randn(outputs.shape[-1])

    builds = (
        lambda: trained(network),
        lambda: frozen(network),
        lambda: hooked(network),
        lambda: made.With(network, made.contained(kind)),
        lambda: made.With(network, in_place),
        lambda: made.With(network, seeds_itself),
        lambda: made.With(network, lambda x, y: y.round().to(torch.int64)),
        lambda: made.With(nn.Identity(), lambda x, _: torch.zeros(*x.shape[:2], case.num_outputs)),
        lambda: made.KeywordOnly(network),
        lambda: nn.DataParallel(network),
        lambda: network.double(),
        lambda: made.Recurrent(nn.GRU, *width).to(torch.bfloat16),
        lambda: made.Sums(*width).to(torch.float16),
        lambda: made.Convolution(*width, is_fourier=True),
        lambda: nn.LSTM(case.num_inputs, case.num_outputs, batch_first=True),
        lambda: nn.GRU(case.num_inputs, case.num_outputs, num_layers=2, batch_first=True),
        lambda: nn.Sequential(nn.LazyLinear(5), nn.Tanh(), nn.LazyLinear(case.num_outputs)),
        lambda: torch.jit.script(nn.Sequential(nn.Linear(case.num_inputs, 4), nn.Linear(4, case.num_outputs))),
        lambda: nn.utils.parametrizations.weight_norm(nn.Linear(*width)),
    )
    return builds[case.random.integers(len(builds))]()


def right_callables(case):
    """Return a callable for coin flips of odd but right build."""

    def prob(flips):
        past = np.concatenate([np.zeros((len(flips), 1)), flips.cumsum(1)[:, :-1]], axis=1)
        return (past + 1) / (np.arange(flips.shape[1]) + 2)

    def in_place(flips):
        flips[:] = 0
        return dist.Bernoulli(jnp.full(flips.shape, 0.5))

    class Callable:
        def __call__(self, flips):
            return dist.BernoulliLogits(jnp.zeros(flips.shape))

        def method(self, flips):
            return self(flips)

    builds = (
        lambda y: dist.Bernoulli(jnp.asarray(prob(y))),
        lambda y: dist.Bernoulli(prob(y)),
        lambda y: dist.Bernoulli(jnp.asarray(prob(y), jnp.float16)),
        lambda y: dist.Categorical(jnp.stack([1 - jnp.asarray(prob(y)), jnp.asarray(prob(y))], -1)),
        lambda y: dist.Binomial(1, jnp.asarray(prob(y))),
        lambda y: dist.Bernoulli(0.5).expand(y.shape),
        lambda y: bayesopt.predict_sequence(COIN, y),
        in_place,
        Callable(),
        Callable().method,
        functools.partial(bayesopt.predict_sequence, COIN),
    )
    return builds[case.random.integers(len(builds))]


def right_players(case):
    """Return a player of odd but right build."""

    class Policy(nn.Module):
        def __init__(self, dtype):
            super().__init__()
            self.core = nn.GRU(5, 6, batch_first=True, dtype=dtype)
            self.out = nn.Linear(6, 3, dtype=dtype)

        def forward(self, inputs, state=None):
            hidden, state = self.core(inputs, state)
            return self.out(hidden), state

    builds = (
        lambda: Policy(torch.float32),
        lambda: Policy(torch.float64),
        lambda: Policy(torch.bfloat16),
        lambda: nn.GRU(5, 3, batch_first=True),
        lambda: nn.LSTM(5, 3, batch_first=True),
        lambda: nn.Linear(5, 3),
        lambda: made.Convolution(5, 3),
        lambda: heuristics.thompson_agent(BANDIT),
        lambda: heuristics.ucb1_agent(2, reward_scale=1.0),
        lambda: Agent(2, lambda n: np.zeros(n), lambda s, o, t: np.full((len(s), 2), 0.5), lambda s, *_: s),
    )
    return builds[case.random.integers(len(builds))]()


def run_one(index: int, folder: Path) -> str:
    """Return what came of a case: the function that planted the fault or built the learner; raise if that is wrong."""
    case = Case(index)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # users' own, such as those of torch on odd networks
        return _refused(case, index) if index < NUM_FAULTY else _accepted(case, index)


def _refused(case, index):
    planters = (*FAULTS, *FAULTS[:2], callables, agents, misread)
    planter = planters[index % len(planters)]
    if planter is misread:
        return misread(case)
    learner, reasons = planter(case)
    try:
        if planter is agents:
            checked_player(learner, BANDIT, length=max(3, case.length // 4))
        elif planter is callables:
            check_predictor(learner, COIN, case.observations(COIN))
        else:
            check_predictor(as_sequence_predictor(learner, case.family), case.family, case.observations())
    except (ValueError, TypeError) as error:
        assert "\n" not in str(error), str(error)
        assert any(reason in str(error) for reason in reasons), f"{planter.__name__}: {reasons} not in: {error}"
    else:
        raise AssertionError(f"{planter.__name__} is accepted, size {case.size:.2g}, length {case.length}")
    finally:
        torch.set_default_dtype(torch.float32)
    return planter.__name__


def _accepted(case, index):
    builder = (right_modules, right_modules, right_callables, right_players)[index % 4]
    learner = builder(case)
    if builder is right_players:
        checked_player(learner, BANDIT, length=max(3, case.length // 4))
    elif builder is right_callables:
        check_predictor(learner, COIN, case.observations(COIN))
    else:
        check_predictor(as_sequence_predictor(learner, case.family), case.family, case.observations())
    return builder.__name__
