"""Several multilayer perceptrons of one shape, trained at once as batches of matrices.

Notation
    K    networks in a stack
    B    rows in a minibatch
    W    weights (K, inputs, outputs) of a layer, b its biases (K, 1, outputs)

A step of K small networks costs little more than a step of one: `baddbmm` runs all of them, and
Adam updates one tensor per layer. Each network has its own gradient and its own norm to clip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from rltransfer.training.kept import Tree
from rltransfer.training.torch_state import OptimizerState

__all__ = ["MLPStack", "StackAdam", "activation_of"]

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "silu": nn.functional.silu,
}


def activation_of(name: str) -> Callable[[Tensor], Tensor]:
    """Return an activation by name: tanh, relu or silu."""
    return ACTIVATIONS[name]


class MLPStack(nn.Module):
    """K perceptrons with the same widths, each with its own weights.

    Args:
        weights: of each layer, (K, inputs, outputs).
        biases: of each layer, (K, outputs).
        activation: between layers; the last layer is linear.
    """

    def __init__(
        self, weights: Sequence[Tensor], biases: Sequence[Tensor], activation: str
    ) -> None:
        super().__init__()
        self.weights = nn.ParameterList([nn.Parameter(W.clone()) for W in weights])
        self.biases = nn.ParameterList([nn.Parameter(b[:, None, :].clone()) for b in biases])
        self.activation = activation
        self._phi = activation_of(activation)

    @classmethod
    def random(
        cls, K: int, widths: Sequence[int], activation: str, generator: torch.Generator
    ) -> MLPStack:
        """Return K networks with torch's own initial weights: uniform in ± 1/√inputs."""
        weights, biases = [], []
        for inputs, outputs in pairwise(widths):
            bound = inputs**-0.5
            weights.append(bound * (2 * torch.rand(K, inputs, outputs, generator=generator) - 1))
            biases.append(bound * (2 * torch.rand(K, outputs, generator=generator) - 1))
        return cls(weights, biases, activation)

    @property
    def size(self) -> int:
        """K."""
        return int(self.weights[0].shape[0])

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs, shape (K, B, out), for inputs of shape (K, B, in)."""
        last = len(self.weights) - 1
        for i, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(b, x, W)
            if i < last:
                x = self._phi(x)
        return x


class StackAdam:
    """Adam over the tensors of a stack, with the gradient of each network clipped by itself.

    Args:
        parameters: tensors whose first dimension is K.
        learning_rate: of Adam.
        clip: the largest gradient norm of a network; None for no clipping.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], learning_rate: float, clip: float | None = None
    ) -> None:
        self._parameters = list(parameters)
        self._clip = clip
        self._adam = torch.optim.Adam(self._parameters, lr=learning_rate, eps=1e-5, fused=True)

    def state(self) -> Tree:
        """Return what Adam remembers; see `kept.Kept`."""
        return OptimizerState(self._adam).state()

    def restore(self, state: Tree) -> None:
        """Remember it."""
        OptimizerState(self._adam).restore(state)

    def set_learning_rate(self, value: float) -> None:
        """Use another step size from now on."""
        for group in self._adam.param_groups:
            group["lr"] = value

    def step(self, loss: Tensor) -> None:
        """Go one step down the gradient of a loss that sums over the networks."""
        self._adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if self._clip is not None:
            self._clip_gradients(self._clip)
        self._adam.step()

    def _clip_gradients(self, clip: float) -> None:
        gradients = [p.grad for p in self._parameters if p.grad is not None]
        squares = sum(g.flatten(1).square().sum(dim=1) for g in gradients)
        factor = (clip / (torch.as_tensor(squares).sqrt() + 1e-6)).clamp(max=1.0)
        for gradient in gradients:
            gradient.mul_(factor.view(-1, *[1] * (gradient.dim() - 1)))
