"""Between torch's parameters, with what Adam remembers of them, and one vector for the kernels.

Parameters lie side by side in the order given, each weight matrix as (in, out): the transpose of
torch's. They are copied in before a rollout or an update and copied out after it, some tens of
microseconds each, so that everything else of torch and Stable-Baselines3 finds its own objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rltransfer.training.kernels.adam import Adam
from rltransfer.training.kernels.network import RELU, TANH, Shape

__all__ = ["ACTIVATIONS", "Parameters", "linear_layers", "shape_of"]

Vector = NDArray[np.float32]
Of = Callable[[torch.nn.Parameter], torch.Tensor]

ACTIVATIONS: dict[type[torch.nn.Module], int] = {torch.nn.Tanh: TANH, torch.nn.ReLU: RELU}


@dataclass(frozen=True)
class Parameters:
    """Where each parameter lies in the vector.

    Attributes:
        parts: each parameter and its part of the vector, in order.
    """

    parts: tuple[tuple[torch.nn.Parameter, slice], ...]

    @classmethod
    def of(cls, ordered: Sequence[torch.nn.Parameter]) -> Parameters:
        """Lay parameters side by side."""
        return cls(tuple(zip(ordered, slices(ordered), strict=True)))

    def __len__(self) -> int:
        return int(self.parts[-1][1].stop)

    def values(self) -> Vector:
        """Return the parameters as one vector."""
        return self.read(lambda parameter: parameter)

    def assign(self, vector: Vector) -> None:
        """Give the parameters the values of a vector."""
        self.write(vector, lambda parameter: parameter)

    def read(self, of: Of) -> Vector:
        """Return what `of` knows of every parameter as one vector."""
        vector = np.empty(len(self), np.float32)
        for parameter, part in self.parts:
            tensor = of(parameter).detach()
            vector[part] = (tensor.T if tensor.ndim == 2 else tensor).numpy().ravel()
        return vector

    def write(self, vector: Vector, of: Of) -> None:
        """Copy a vector into the tensors that `of` returns for every parameter."""
        with torch.no_grad():
            for parameter, part in self.parts:
                tensor = of(parameter)
                turned = tensor.T if tensor.ndim == 2 else tensor
                turned.copy_(torch.from_numpy(vector[part]).view(turned.shape))

    def bounds(self, parameters: Sequence[torch.nn.Parameter]) -> tuple[int, int] | None:
        """Return where some parameters lie if they lie side by side, else None."""
        wanted = {id(parameter) for parameter in parameters}
        found = [part for parameter, part in self.parts if id(parameter) in wanted]
        begin, end = found[0].start, found[-1].stop
        together = sum(part.stop - part.start for part in found) == end - begin
        return (begin, end) if together and len(found) == len(parameters) else None

    def moments(self, optimizer: torch.optim.Optimizer) -> tuple[Adam, int]:
        """Return Adam's averages and the steps behind them; zeros before the first."""
        state, first = optimizer.state, optimizer.param_groups[0]
        beta1, beta2 = first["betas"]

        def known(name: str) -> Vector:
            if not state:
                return np.zeros(len(self), np.float32)
            return self.read(lambda parameter: state[parameter][name])

        steps = int(next(iter(state.values()))["step"]) if state else 0
        return Adam(known("exp_avg"), known("exp_avg_sq"), beta1, beta2, first["eps"]), steps

    def keep_moments(self, optimizer: torch.optim.Optimizer, adam: Adam, steps: int) -> None:
        """Write Adam's averages back to where torch keeps them."""
        state: Any = optimizer.state
        for parameter, _ in self.parts:
            kept = state[parameter]
            for name in ("exp_avg", "exp_avg_sq"):
                kept.setdefault(name, torch.zeros_like(parameter))
            kept["step"] = torch.tensor(float(steps))
        self.write(adam.m, lambda parameter: state[parameter]["exp_avg"])
        self.write(adam.v, lambda parameter: state[parameter]["exp_avg_sq"])


def slices(parameters: Sequence[torch.nn.Parameter]) -> Iterator[slice]:
    """Yield the part of each parameter, side by side."""
    begin = 0
    for parameter in parameters:
        yield slice(begin, begin + parameter.numel())
        begin += parameter.numel()


def linear_layers(*modules: torch.nn.Module) -> list[torch.nn.Linear]:
    """Return the linear layers of some modules, in order."""
    inside = (part for module in modules for part in module.modules())
    return [part for part in inside if isinstance(part, torch.nn.Linear)]


def shape_of(layers: Sequence[torch.nn.Linear], activation: type[torch.nn.Module]) -> Shape:
    """Return the widths, inputs first, and the activation."""
    widths = [layers[0].in_features, *(layer.out_features for layer in layers)]
    return Shape(np.array(widths, np.int64), ACTIVATIONS[activation])
