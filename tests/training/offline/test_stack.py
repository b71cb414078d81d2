"""K networks as one batch of matrices do what K networks do one after another."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from rltransfer.training.offline.stack import MLPStack, StackAdam, activation_of

WIDTHS = (3, 7, 5, 2)
MODULES = {"tanh": nn.Tanh, "relu": nn.ReLU, "silu": nn.SiLU}


def stack_of(K=3, activation="tanh", seed=0, widths=WIDTHS):
    generator = torch.Generator().manual_seed(seed)
    return MLPStack.random(K, widths, activation, generator)


def alone(stack, k):
    """Network k as torch's own modules."""
    layers = []
    for W, b in zip(stack.weights, stack.biases, strict=True):
        linear = nn.Linear(*W.shape[1:])
        linear.weight.data, linear.bias.data = W[k].T.detach().clone(), b[k, 0].detach().clone()
        layers += [linear, MODULES[stack.activation]()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("activation", MODULES)
def test_outputs_are_those_of_the_networks_alone(activation):
    stack, x = stack_of(activation=activation), torch.randn(3, 10, 3)
    expected = torch.stack([alone(stack, k)(x[k]) for k in range(3)])
    torch.testing.assert_close(stack(x), expected, atol=1e-6, rtol=1e-5)
    assert stack.size == 3


def test_gradients_are_those_of_the_networks_alone():
    stack, x = stack_of(), torch.randn(3, 10, 3)
    stack(x).square().mean(dim=(1, 2)).sum().backward()
    for k in range(3):
        net = alone(stack, k)
        net(x[k]).square().mean().backward()
        for i, W in enumerate(stack.weights):
            torch.testing.assert_close(W.grad[k].T, net[2 * i].weight.grad, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("clip", [None, 0.3])
def test_training_a_stack_is_training_each_network_alone(clip):
    """Losses of very unequal size, so that clipping the joint norm would show."""
    torch.manual_seed(1)
    stack, scales = stack_of(), torch.tensor([1e-2, 1.0, 1e3])
    nets = [alone(stack, k) for k in range(3)]
    adam = StackAdam(stack.parameters(), 1e-2, clip=clip)
    singles = [torch.optim.Adam(net.parameters(), lr=1e-2, eps=1e-5) for net in nets]
    for step in range(30):
        x, y = torch.randn(3, 16, 3), torch.randn(3, 16, 2)
        rate = 1e-2 * (1.0 - step / 30)
        adam.set_learning_rate(rate)
        adam.step((scales * (stack(x) - y).square().mean(dim=(1, 2))).sum())
        for k, (net, single) in enumerate(zip(nets, singles, strict=True)):
            single.param_groups[0]["lr"] = rate
            single.zero_grad()
            (scales[k] * (net(x[k]) - y[k]).square().mean()).backward()
            if clip is not None:
                nn.utils.clip_grad_norm_(net.parameters(), clip)
            single.step()
    for k, net in enumerate(nets):
        for i, (W, b) in enumerate(zip(stack.weights, stack.biases, strict=True)):
            torch.testing.assert_close(W[k].T, net[2 * i].weight, atol=1e-5, rtol=0)
            torch.testing.assert_close(b[k, 0], net[2 * i].bias, atol=1e-5, rtol=0)


def test_a_network_without_a_gradient_stays():
    stack = stack_of()
    before = [W.detach().clone() for W in stack.weights]
    adam = StackAdam(stack.parameters(), 1e-2, clip=0.5)
    adam.step(stack(torch.randn(3, 4, 3))[1].square().sum())
    for W, old in zip(stack.weights, before, strict=True):
        assert torch.equal(W[0], old[0])
        assert torch.equal(W[2], old[2])
        assert not torch.equal(W[1], old[1])


def test_random_weights_have_torchs_own_bounds_and_follow_the_generator():
    stack = stack_of(K=8, widths=(100, 50))
    bound = 100**-0.5
    for values in (*stack.weights, *stack.biases):
        assert values.abs().max() <= bound
        assert values.abs().max() > 0.95 * bound
    drawn, theirs = stack.weights[0].detach(), nn.Linear(100, 50).weight.detach()
    assert float(drawn.std()) == pytest.approx(float(theirs.std()), rel=0.05)
    assert torch.equal(stack.weights[0], stack_of(K=8, widths=(100, 50)).weights[0])
    assert not torch.equal(stack.weights[0], stack_of(K=8, seed=1, widths=(100, 50)).weights[0])


def test_the_given_weights_are_copied():
    W, b = torch.ones(2, 3, 1), torch.zeros(2, 1)
    stack = MLPStack([W], [b], "relu")
    W.zero_()
    assert stack(torch.ones(2, 1, 3)).flatten().tolist() == [3.0, 3.0]


def test_an_activation_is_known_by_name():
    x = torch.linspace(-2, 2, 9)
    for name, module in MODULES.items():
        torch.testing.assert_close(activation_of(name)(x), module()(x))
