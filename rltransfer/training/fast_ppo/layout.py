"""Between Stable-Baselines3's policies and the vector that the kernels work on.

The vector holds the actor, log σ and the critic, layer by layer, each weight matrix as (in, out):
the transpose of torch's. Weights and Adam's moments are copied in before a rollout or an update
and copied out after it, some tens of microseconds each, so that everything else of torch and
Stable-Baselines3 finds its own objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.policies import ActorCriticPolicy

from rltransfer.training.kernels.network import RELU, TANH, Shape
from rltransfer.training.kernels.objective import Networks

__all__ = ["ACTIVATIONS", "Layout"]

Vector = NDArray[np.float32]
Of = Callable[[torch.nn.Parameter], torch.Tensor]

ACTIVATIONS: dict[type[torch.nn.Module], int] = {torch.nn.Tanh: TANH, torch.nn.ReLU: RELU}


@dataclass(frozen=True)
class Layout:
    """Where each parameter of a policy lies in the vector.

    Attributes:
        networks: shapes of actor and critic, and where the vector is cut.
        parts: each parameter and its part of the vector, in order.
    """

    networks: Networks
    parts: tuple[tuple[torch.nn.Parameter, slice], ...]

    @classmethod
    def of(cls, policy: ActorCriticPolicy) -> Layout:
        """Lay out a policy that `support.obstacle` lets pass."""
        actor = linear_layers(policy.mlp_extractor.policy_net, policy.action_net)
        critic = linear_layers(policy.mlp_extractor.value_net, policy.value_net)
        log_std = [policy.log_std] if hasattr(policy, "log_std") else []
        actor_end = size(parameters_of(actor))
        networks = Networks(
            shape_of(actor, policy),
            shape_of(critic, policy),
            actor_end,
            actor_end + size(log_std),
        )
        ordered = [*parameters_of(actor), *log_std, *parameters_of(critic)]
        return cls(networks, tuple(zip(ordered, slices(ordered), strict=True)))

    def __len__(self) -> int:
        return int(self.parts[-1][1].stop)

    def read(self, of: Of) -> Vector:
        """Return what `of` knows of every parameter, such as its values, as one vector."""
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

    def bounds(self, parameters: list[torch.nn.Parameter]) -> tuple[int, int] | None:
        """Return where some parameters lie if they lie side by side, else None."""
        wanted = {id(parameter) for parameter in parameters}
        found = [part for parameter, part in self.parts if id(parameter) in wanted]
        begin, end = found[0].start, found[-1].stop
        together = sum(part.stop - part.start for part in found) == end - begin
        return (begin, end) if together and len(found) == len(parameters) else None


def linear_layers(hidden: torch.nn.Module, head: torch.nn.Module) -> list[torch.nn.Linear]:
    """Return the linear layers of a network, the head last."""
    return [m for m in (*hidden.children(), head) if isinstance(m, torch.nn.Linear)]


def parameters_of(layers: list[torch.nn.Linear]) -> list[torch.nn.Parameter]:
    """Return weights and biases, layer by layer."""
    return [parameter for layer in layers for parameter in layer.parameters()]


def shape_of(layers: list[torch.nn.Linear], policy: ActorCriticPolicy) -> Shape:
    """Return the widths, inputs first, and the activation."""
    widths = [layers[0].in_features, *(layer.out_features for layer in layers)]
    return Shape(np.array(widths, np.int64), ACTIVATIONS[policy.activation_fn])


def size(parameters: list[torch.nn.Parameter]) -> int:
    """Return how many numbers there are in all."""
    return sum(parameter.numel() for parameter in parameters)


def slices(parameters: list[torch.nn.Parameter]) -> Iterator[slice]:
    """Yield the part of each parameter, side by side."""
    begin = 0
    for parameter in parameters:
        yield slice(begin, begin + parameter.numel())
        begin += parameter.numel()
