"""Stacked LSTMs: each is torch's own LSTM with a read-out, in value and gradient, and none knows of the others."""

import math

import pytest
import torch
from torch import nn

from metalearners.configs import StackedLSTMConfig
from metalearners.stacked_lstm import StackedLSTM, build_stack, member, stack_of

INPUTS, HIDDEN, OUTPUTS, ROWS, TIME = 4, 5, 3, 2, 6
LEARNED = StackedLSTMConfig(hidden_size=HIDDEN, is_initial_state_learned=True)


def fresh_stack(num_networks=3, config=LEARNED):
    """In float64, from initial states that are not zero."""
    stack = build_stack(config, input_size=INPUTS, output_size=OUTPUTS, num_networks=num_networks, seed=0).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        stack.initial_hidden.copy_(torch.randn(stack.initial_hidden.shape, generator=generator))
        stack.initial_cell.copy_(torch.randn(stack.initial_cell.shape, generator=generator))
    return stack


def fed(num_networks=3, time=TIME, seed=2):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(num_networks * ROWS, time, INPUTS, generator=generator, dtype=torch.float64)


def one_by_one(stack, inputs):
    """Outputs and last state, without gradients."""
    outputs, state = [], None
    with torch.no_grad():
        for trial in inputs.split(1, dim=1):
            output, state = stack(trial, state)
            outputs.append(output)
    return torch.cat(outputs, dim=1), state


def as_torch(stack, network):
    """Torch's own LSTM and read-out with the weights of one network, and its initial state for `ROWS` rows."""
    entering, forgetting, leaving, candidate = (part * HIDDEN + torch.arange(HIDDEN) for part in range(4))
    order = torch.cat([entering, forgetting, candidate, leaving])
    core = nn.LSTM(INPUTS, HIDDEN, batch_first=True).double()
    readout = nn.Linear(HIDDEN, OUTPUTS).double()
    weights = {name: tensor[network].detach() for name, tensor in stack.named_parameters()}
    with torch.no_grad():
        core.weight_ih_l0.copy_(weights["input_weight"].T[order])
        core.weight_hh_l0.copy_(weights["hidden_weight"].T[order])
        core.bias_ih_l0.copy_(weights["bias"][0, order])
        core.bias_hh_l0.zero_()
        readout.weight.copy_(weights["readout_weight"].T)
        readout.bias.copy_(weights["readout_bias"][0])
    initial = [weights[name].clone().requires_grad_() for name in ("initial_hidden", "initial_cell")]
    return core, readout, initial, order


@pytest.mark.parametrize("is_at_once", [True, False])
def test_every_network_is_torchs_lstm(is_at_once):
    """Fed all trials at once, and one by one."""
    stack, inputs = fresh_stack(), fed()
    outputs, state = stack(inputs) if is_at_once else one_by_one(stack, inputs)
    for network in range(3):
        rows = slice(network * ROWS, (network + 1) * ROWS)
        core, readout, initial, _ = as_torch(stack, network)
        start = tuple(part.expand(ROWS, -1)[None].contiguous() for part in initial)
        hiddens, last = core(inputs[rows], start)
        torch.testing.assert_close(outputs[rows], readout(hiddens), atol=1e-13, rtol=1e-13)
        for part, other in zip(state, last, strict=True):
            torch.testing.assert_close(part[:, rows], other, atol=1e-13, rtol=1e-13)


def test_gradients_are_those_of_torchs_lstm():
    """Of an objective of all outputs and the last state, with respect to weights, inputs and initial states."""
    stack, inputs = fresh_stack(), fed().requires_grad_()
    generator = torch.Generator().manual_seed(3)
    wanted = torch.randn(3 * ROWS, TIME, OUTPUTS, generator=generator, dtype=torch.float64)
    kept = torch.randn(2, 1, 3 * ROWS, HIDDEN, generator=generator, dtype=torch.float64)
    outputs, state = stack(inputs)
    ((outputs * wanted).sum() + sum((part * weight).sum() for part, weight in zip(state, kept, strict=True))).backward()
    for network in range(3):
        rows = slice(network * ROWS, (network + 1) * ROWS)
        core, readout, initial, order = as_torch(stack, network)
        start = tuple(part.expand(ROWS, -1)[None] for part in initial)
        theirs = inputs.detach()[rows].requires_grad_()
        hiddens, last = core(theirs, start)
        objective = (readout(hiddens) * wanted[rows]).sum()
        (objective + sum((part * weight[:, rows]).sum() for part, weight in zip(last, kept, strict=True))).backward()
        for ours, other in (
            (inputs.grad[rows], theirs.grad),
            (stack.input_weight.grad[network][:, order], core.weight_ih_l0.grad.T),
            (stack.hidden_weight.grad[network][:, order], core.weight_hh_l0.grad.T),
            (stack.bias.grad[network, 0, order], core.bias_ih_l0.grad),
            (stack.readout_weight.grad[network], readout.weight.grad.T),
            (stack.readout_bias.grad[network, 0], readout.bias.grad),
            (stack.initial_hidden.grad[network], initial[0].grad),
            (stack.initial_cell.grad[network], initial[1].grad),
        ):
            assert other.abs().max() > 1e-3
            torch.testing.assert_close(ours, other, atol=1e-11, rtol=1e-11)


@pytest.mark.parametrize("is_given", [False, True], ids=["learned state", "given state"])
def test_gradients_are_those_of_finite_differences(is_given):
    config = StackedLSTMConfig(hidden_size=2, is_initial_state_learned=True)
    stack = build_stack(config, input_size=2, output_size=2, num_networks=2, seed=0).double()
    names = [name for name, _ in stack.named_parameters()]
    inputs = torch.randn(4, 3, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    state = torch.randn(2, 1, 4, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def run(inputs, hidden, cell, *parameters):
        given = (hidden, cell) if is_given else None
        outputs, last = torch.func.functional_call(stack, dict(zip(names, parameters, strict=True)), (inputs, given))
        return outputs, *last

    arguments = [part.clone().requires_grad_() for part in (inputs, *state, *stack.parameters())]
    assert torch.autograd.gradcheck(run, arguments, atol=1e-8, rtol=1e-6)


def test_a_sequence_in_two_pieces_is_one():
    stack, inputs = fresh_stack(), fed()
    whole, last = stack(inputs)
    (whole.square().sum() + last[1].sum()).backward()
    expected = {name: parameter.grad.clone() for name, parameter in stack.named_parameters()}
    stack.zero_grad()
    first, state = stack(inputs[:, :2])
    second, after = stack(inputs[:, 2:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole, atol=1e-13, rtol=1e-13)
    for part, other in zip(after, last, strict=True):
        torch.testing.assert_close(part, other, atol=1e-13, rtol=1e-13)
    (first.square().sum() + second.square().sum() + after[1].sum()).backward()
    for name, parameter in stack.named_parameters():
        torch.testing.assert_close(parameter.grad, expected[name], atol=1e-11, rtol=1e-11)


def test_nothing_of_one_network_reaches_another():
    stack, inputs = fresh_stack(), fed()
    outputs, state = (value for value in stack(inputs))
    others = slice(ROWS, None)
    changed = inputs.clone()
    changed[:ROWS] += 1.0
    elsewhere, elsewhere_state = stack(changed)
    assert (elsewhere[:ROWS] != outputs[:ROWS]).all()
    assert torch.equal(elsewhere[others], outputs[others])
    for part, other in zip(elsewhere_state, state, strict=True):
        assert torch.equal(part[:, others], other[:, others])
    elsewhere[ROWS : 2 * ROWS].sum().backward()  # of the second network alone
    for name, parameter in stack.named_parameters():
        assert parameter.grad[1].any(), name
        assert not parameter.grad[[0, 2]].any(), name
    for fill in (3.0, math.nan):
        with torch.no_grad():
            for parameter in stack.parameters():
                parameter[0] = fill
        spoiled, _ = stack(inputs)
        assert torch.equal(spoiled[others], outputs[others])


def test_members_are_taken_out_and_put_together_again():
    stack, inputs = fresh_stack().eval(), fed()
    outputs, _ = stack(inputs)
    members = [member(stack, index).double() for index in range(3)]
    for index, alone in enumerate(members):
        rows = slice(index * ROWS, (index + 1) * ROWS)
        assert (alone.num_networks, alone.training) == (1, False)
        torch.testing.assert_close(alone(inputs[rows])[0], outputs[rows], atol=1e-6, rtol=1e-6)
    again = stack_of([alone.state_dict() for alone in members], LEARNED)
    pair = stack_of([members[0].state_dict(), members[1].state_dict()], LEARNED)
    mixed = stack_of([pair.state_dict(), members[2].state_dict()], LEARNED)
    for name, weights in stack.float().state_dict().items():
        assert torch.equal(again.state_dict()[name], weights)
        assert torch.equal(mixed.state_dict()[name], weights)
    with torch.no_grad():
        members[0].bias.fill_(7.0)
    assert not (stack.bias == 7.0).any()


# Initial weights


def test_orthogonal_weights():
    config = StackedLSTMConfig(hidden_size=HIDDEN, is_orthogonal=True)
    stack = build_stack(config, input_size=INPUTS, output_size=OUTPUTS, num_networks=2, seed=0)
    for network in range(2):
        for weights in (stack.input_weight, stack.hidden_weight):
            for gate in weights[network].split(HIDDEN, dim=1):
                torch.testing.assert_close(gate @ gate.T, torch.eye(len(gate)), atol=1e-6, rtol=0)
        readout = stack.readout_weight[network]
        torch.testing.assert_close(readout.T @ readout, torch.eye(OUTPUTS), atol=1e-6, rtol=0)
    entering, forgetting, *others = stack.bias.split(HIDDEN, dim=2)
    assert (forgetting == 1).all()
    assert not torch.cat([entering, *others, stack.readout_bias], dim=2).any()


def test_chrono_biases():
    """Forget gates hold for 1 to 49 trials, log-biases of which are within [0, log 49]; input gates mirror them."""
    config = StackedLSTMConfig(hidden_size=64, longest_memory=50)
    stack = build_stack(config, input_size=INPUTS, output_size=OUTPUTS, num_networks=3, seed=0)
    entering, forgetting, leaving, candidate = stack.bias.split(64, dim=2)
    assert torch.equal(entering, -forgetting)
    assert not torch.cat([leaving, candidate], dim=2).any()
    scales = forgetting.exp()
    assert scales.min() >= 1
    assert scales.max() <= 49 + 1e-4
    # Uniform on [1, 49]: mean 25, standard deviation 48 / sqrt(12); four standard errors of 192 units.
    assert abs(scales.mean() - 25) < 4 * 48 / 12**0.5 / 192**0.5
    for weights in (stack.input_weight, stack.hidden_weight, stack.readout_weight):
        assert 0.9 / 8 < weights.abs().max() <= 1 / 8
    assert 0 < stack.readout_bias.abs().max() <= 1 / 8


@pytest.mark.parametrize("is_orthogonal", [False, True])
def test_seeds_draw_weights_and_leave_torchs_generator_alone(is_orthogonal):
    config = StackedLSTMConfig(hidden_size=HIDDEN, is_orthogonal=is_orthogonal)
    before = torch.random.get_rng_state()
    first, again, other = (
        build_stack(config, input_size=INPUTS, output_size=OUTPUTS, num_networks=2, seed=seed) for seed in (4, 4, 5)
    )
    assert torch.equal(torch.random.get_rng_state(), before)
    for name in ("input_weight", "hidden_weight", "readout_weight"):
        weights = first.get_parameter(name)
        assert torch.equal(weights, again.get_parameter(name))
        assert not torch.equal(weights, other.get_parameter(name))
        assert not torch.equal(weights[0], weights[1])


@pytest.mark.parametrize("is_learned", [False, True])
def test_initial_states_start_at_zero_and_are_trained_where_that_is_asked_for(is_learned):
    config = StackedLSTMConfig(hidden_size=HIDDEN, is_initial_state_learned=is_learned)
    stack = StackedLSTM(INPUTS, OUTPUTS, num_networks=2, config=config)
    for part in (stack.initial_hidden, stack.initial_cell):
        assert not part.any()
        assert part.requires_grad == is_learned
    stack(fed(2).float())[0].sum().backward()
    assert (stack.initial_hidden.grad is not None) == is_learned
