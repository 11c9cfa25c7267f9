"""Networks, callables and agents that people may hand in: 500 with one planted fault each, 200 of odd but right build.

A faulty one must be refused for the right reason, in one line; a right one must be accepted. The index of a case
chooses the fault or the build; everything else, such as family, length, size and place of a fault, is drawn from it.
"""

import contextlib
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
from bayesopt.families import BernoulliBandit, BetaBernoulli, DirichletCategorical, GammaExponential, NormalNormal
from bayesopt.planning import heuristics
from comparisons.seams.contestants import check_predictor, module_outputs
from comparisons.seams.heads import better_reading, with_named_head
from comparisons.seams.players import checked_player
from comparisons.seams.predictions import as_sequence_predictor, natural_encoding, natural_head
from comparisons.seeding import key_for
from comparisons.user_code import UserCodeError
from tests.campaigns import _networks as made

NUM_FAULTY = 500
COUNT = 700
SMALL = list(range(0, COUNT, 18))
FAMILIES = (BetaBernoulli(), DirichletCategorical((1.0, 1.0, 1.0)), NormalNormal(), GammaExponential())
COIN, READINGS, BANDIT = BetaBernoulli(), NormalNormal(), BernoulliBandit()


class Case:
    """What the index of a case draws."""

    def __init__(self, index):
        self.random = np.random.default_rng(index)
        torch.manual_seed(index)
        self.family = FAMILIES[self.random.integers(len(FAMILIES))]
        self.length = int(self.random.choice([2, 3, 5, 8, 13, 24, 40]))
        self.size = float(10 ** self.random.uniform(-4, 0))
        self.num_inputs = natural_encoding(self.family).size
        self.num_outputs = natural_head(self.family).num_outputs

    def network(self):
        build = made.ORDINARY[self.random.integers(len(made.ORDINARY))]
        return build(self.num_inputs, self.num_outputs)

    def with_change(self, change):
        return made.With(self.network(), change)

    def observations(self, family=None):
        family = family or self.family
        return bayesopt.sample_sequences(family, key_for(0, "campaign"), num_tasks=64, length=self.length).observations


def _added(case, what):
    """A network to whose outputs some function of its inputs (`batch time`) is added, times the size of the fault."""
    return case.with_change(lambda inputs, outputs: outputs + case.size * what(inputs)[..., None])


def _channel(inputs):
    return inputs[..., 0]


def _only_row(row, values):
    mask = torch.zeros(len(values), 1)
    mask[row] = 1.0
    return values * mask


def leaks(case):
    shift = int(case.random.integers(1, 40))
    width = case.num_inputs, case.num_outputs
    builds = (
        lambda: _added(case, lambda x: _channel(x).mean(0).expand(len(x), -1)),
        lambda: _added(case, lambda x: _channel(x).roll(shift, 0)),
        lambda: _added(case, lambda x: _channel(x)[:1].expand(len(x), -1)),
        lambda: _added(case, lambda x: _channel(x)[-1:].expand(len(x), -1)),
        lambda: _added(case, lambda x: _only_row(0, _channel(x).sum(0).expand(len(x), -1))),
        lambda: _added(case, lambda x: _only_row(len(x) - 1, _channel(x)[:1].expand(len(x), -1))),
        lambda: _added(case, lambda x: _channel(x).std(0, correction=0).expand(len(x), -1)),
        lambda: _added(case, lambda x: _channel(x).cumsum(0) - _channel(x)),
        lambda: _added(case, lambda x: torch.full(x.shape[:2], float(len(x)))),
        lambda: _added(case, lambda x: torch.arange(len(x)).float()[:, None].expand(x.shape[:2])),
        lambda: made.Recurrent(nn.GRU, *width, batch_first=False),
        lambda: made.Recurrent(nn.LSTM, *width, batch_first=False),
    )
    return builds[case.random.integers(len(builds))](), ("leaks between tasks",)


def looks_ahead(case):
    distance = int(case.random.integers(1, case.length))
    place = int(case.random.integers(0, case.length - distance))

    def later(x):
        moved = _channel(x).roll(-distance, 1)
        moved[:, case.length - distance :] = 0.0
        return moved

    def once(x):
        alone = torch.zeros(x.shape[:2])
        alone[:, place] = _channel(x)[:, place + distance]
        return alone

    builds = (
        lambda: _added(case, later),
        lambda: _added(case, once),
        lambda: _added(case, lambda x: _channel(x).mean(1, keepdim=True).expand(x.shape[:2])),
        lambda: _added(case, lambda x: _channel(x).flip(1).cumsum(1).flip(1)),
        lambda: _added(case, lambda x: _channel(x)[:, -1:].expand(x.shape[:2])),
        lambda: made.With(case.network(), lambda x, y: y - case.size * y.mean(1, keepdim=True)),
    )
    return builds[case.random.integers(len(builds))](), ("not causal",)


def is_random(case):
    place = int(case.random.integers(case.length))

    def at_one_time(inputs):
        noise = torch.zeros(inputs.shape[:2])
        noise[:, place] = torch.randn(len(inputs))
        return noise

    builds = (
        lambda: _added(case, lambda x: torch.randn(x.shape[:2])),
        lambda: _added(case, at_one_time),
        lambda: _added(case, lambda x: torch.from_numpy(np.random.standard_normal(x.shape[:2])).float()),  # noqa: NPY002
        lambda: case.with_change(lambda x, y: y + case.size * nn.functional.dropout(torch.ones_like(y), 0.5)),
    )
    return builds[case.random.integers(len(builds))](), ("is random",)


def keeps_state(case):
    width = case.num_inputs, case.num_outputs
    builds = (
        lambda: made.CarriesState(*width),
        lambda: made.Counts(case.network(), case.size),
        lambda: made.Adapts(case.network(), case.num_inputs, case.size, is_parameter=False),
        lambda: made.Adapts(case.network(), case.num_inputs, case.size, is_parameter=True),
        lambda: made.Adapts(case.network(), case.num_inputs, 0.0, is_parameter=True),
    )
    return builds[case.random.integers(len(builds))](), ("keeps a state", "changes its own parameters")


def is_not_finite(case):
    first = torch.from_numpy(np.array(case.observations()))
    inputs = natural_encoding(case.family)(first)
    total = inputs[..., -1].cumsum(1) if inputs.shape[-1] != 2 else inputs[..., 0].cumsum(1)
    highest = float(total.max())
    threshold = highest - 1e-3 - float(case.random.uniform(0, 0.3)) * abs(highest)
    return case.with_change(made.rare(threshold)), ("not finite",)


def fails(case):
    errors = (
        ValueError("first\nsecond"),
        SystemExit(3),
        RecursionError(),
        MemoryError("big"),
        KeyError("x"),
        OSError(2),
    )
    error = errors[case.random.integers(len(errors))]

    def change(inputs, outputs):
        raise error

    return case.with_change(change), (f"{type(error).__name__}", "fails on inputs of shape")


def returns_nonsense(case):
    builds = (
        (lambda x, y: y[..., :0], "needs"),
        (lambda x, y: torch.cat([y, y], -1), "needs"),
        (lambda x, y: y[:, -1], "needs"),
        (lambda x, y: None, "without a tensor"),
        (lambda x, y: y.numpy(), "without a tensor"),
        (lambda x, y: (y, y), "not clear"),
        (lambda x, y: {"a": y, "b": y + 1}, "not clear"),
    )
    change, reason = builds[case.random.integers(len(builds))]
    return case.with_change(change), (reason,)


def changes_settings(case):
    def change(inputs, outputs):
        torch.set_default_dtype(torch.float64)
        return outputs

    return case.with_change(change), ("changes global settings (default dtype)",)


def callables(case):
    """Return a callable for coin flips with one fault."""
    calls = [0]

    def prob(flips):
        past = np.concatenate([np.zeros((len(flips), 1)), flips.cumsum(1)[:, :-1]], axis=1)
        return (past + 1) / (np.arange(flips.shape[1]) + 2)

    def moved(flips, by):
        return dist.Bernoulli(jnp.asarray(np.clip(prob(flips) + 0.3 * case.size * by, 0, 1)))

    def counted(flips):
        calls[0] += 1
        return moved(flips, np.full(flips.shape, calls[0]))

    def failing(flips):
        raise ZeroDivisionError

    faults = (
        (lambda y: moved(y, y), "not causal"),
        (lambda y: moved(y, y.mean(1, keepdims=True)), "not causal"),
        (lambda y: moved(y, y.mean(0)), "leaks between tasks"),
        (lambda y: moved(y, np.roll(y, 1, 0)), "leaks between tasks"),
        (lambda y: moved(y, np.random.random(y.shape)), "is random"),  # noqa: NPY002
        (counted, "keeps a state"),
        (lambda y: prob(y), "must return a NumPyro distribution"),
        (lambda y: dist.Bernoulli(0.5), "batch shape"),
        (lambda y: dist.Normal(jnp.asarray(prob(y)), 1.0), "must predict one of 2 outcomes"),
        (lambda y: dist.Categorical(jnp.full((*y.shape, 3), 1 / 3)), "must predict one of 2 outcomes"),
        (lambda y: dist.Bernoulli(jnp.full(y.shape, jnp.nan)), ""),
        (failing, "ZeroDivisionError"),
    )
    chosen, reason = faults[case.random.integers(len(faults))]
    return chosen, (reason,)


def agents(case):
    """Return a player of a bandit with one fault."""
    calls, size = [0], max(case.size, 1e-3)  # of probabilities, which are of order 1
    thompson = heuristics.thompson_agent(BANDIT)

    def mixed(probs, other):
        part = 0.3 * size
        return (1 - part) * probs + part * other / other.sum(1, keepdims=True)

    def by(change):
        return thompson._replace(
            action_probs=lambda state, seen, time: change(np.asarray(thompson.action_probs(state, seen, time)))
        )

    def counted(probs):
        calls[0] += 1
        return mixed(probs, np.array([[calls[0], 1.0]] * len(probs)))

    def failing(probs):
        raise ZeroDivisionError

    faults = (
        (by(lambda p: mixed(p, np.broadcast_to(p.mean(0), p.shape))), "leaks between tasks"),
        (by(lambda p: mixed(p, np.roll(p, 1, 0))), "leaks between tasks"),
        (by(lambda p: mixed(p, np.random.random(p.shape))), "is random"),  # noqa: NPY002
        (by(counted), "keeps a state"),
        (by(lambda p: p + case.size), "add up to 1"),
        (by(lambda p: p[:, :1]), "shape"),
        (by(failing), "ZeroDivisionError"),
        (made.With(nn.Linear(5, 3), lambda x, y: y - size * y.mean(0, keepdim=True)), "leaks between tasks"),
        (made.With(nn.Linear(5, 3), lambda x, y: y + size * torch.randn_like(y)), "is random"),
    )
    chosen, reason = faults[case.random.integers(len(faults))]
    return chosen, (reason,)


def misread(case):
    """Read exact outputs by another convention, and return whether the right one is named."""
    is_coin = bool(case.random.integers(2))
    family, build = (COIN, made.exact_coin) if is_coin else (READINGS, made.exact_normal)
    conventions = (
        ("bernoulli_logit", "bernoulli_prob")
        if is_coin
        else ("normal_softplus_scale", "normal_scale", "normal_log_scale")
    )
    case.length = max(case.length, 8)
    right, declared = (conventions[i] for i in case.random.permutation(len(conventions))[:2])
    observations = bayesopt.sample_sequences(family, key_for(0, "campaign"), num_tasks=500, length=case.length)
    values = observations.observations
    network = with_named_head(build(right), family, declared)
    bayes = -np.asarray(bayesopt.predict_sequence(family, values).log_prob(values), float)
    with np.errstate(all="ignore"):
        parameters = network.head.parameters(torch.from_numpy(module_outputs(network, values)).double())
    if any(bool(part.isnan().any()) for part in parameters.values()):
        with contextlib.suppress(UserCodeError):
            check_predictor(network, family, values)
            raise AssertionError(f"{right} read as {declared} is out of range, and accepted")
        return "out_of_range"
    warning = better_reading(network.head, module_outputs(network, values), values, bayes)
    assert warning is not None and f"read as {right} (" in warning, (right, declared, warning)
    return "named"


FAULTS = (leaks, looks_ahead, is_random, keeps_state, is_not_finite, fails, returns_nonsense, changes_settings)
"""What a module can have."""


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
