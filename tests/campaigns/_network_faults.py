"""Faults that the campaign on networks plants: in modules, callables and agents, and in how outputs are read.

A function takes a case, whose random numbers decide size and place, and returns what is handed in and the words of
which the refusal must have one.
"""

import contextlib

import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import torch
from torch import nn

import bayesopt
from bayesopt.families import BernoulliBandit, BetaBernoulli, DirichletCategorical, GammaExponential, NormalNormal
from bayesopt.planning import heuristics
from comparisons.seams.contestants import check_predictor, module_outputs
from comparisons.seams.heads import better_reading, with_named_head
from comparisons.seams.predictions import natural_encoding, natural_head
from comparisons.seeding import key_for
from comparisons.user_code import UserCodeError
from tests.campaigns import _networks as made

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
