"""Behaviour cloning without disagreement, compiled: the arithmetic of `Cloning.fit` in torch.

A step of several small policies in torch is some fifty calls around little arithmetic. Here a few
hundred steps of all of them are one call.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from rltransfer.training.offline.actors import ActorStack
from rltransfer.training.offline.samples import Samples
from rltransfer.training.offline.strides import Strides
from rltransfer.training.torch_state import ArrayState

if TYPE_CHECKING:
    from rltransfer.training.kernels.cloning import Members

__all__ = ["can_compile", "fit_compiled"]

WIDEST = 512
"""Above, torch's products of matrices are as fast."""


def can_compile(actors: ActorStack) -> bool:
    """Say whether the kernels are there, and right for these networks."""
    widest = max(max(W.shape[1:]) for W in actors.body.weights)
    return (
        find_spec("numba") is not None
        and actors.body.activation in ("tanh", "relu")
        and widest <= WIDEST
    )


def fit_compiled(
    actors: ActorStack,
    samples: Samples,
    strides: Strides,
    batch: int,
    rates: NDArray[np.float64],
    clip: float,
    tell: Callable[[int], None],
    lengths: tuple[int, int],
) -> torch.Tensor:
    """Clone in place; return the running mean of -log π of each policy, shape (K,), from 0.

    Args:
        actors: K policies, those of one problem side by side.
        samples: the data.
        strides: the steps, and a generator per problem.
        batch: rows of a minibatch.
        rates: the step size of every step.
        clip: the largest norm of a policy's gradient.
        tell: hears after how many steps it is called.
        lengths: steps from one call of `tell` to the next, and of a stride.
    """
    from rltransfer.training.kernels.cloning import Examples, clone

    members = members_of(actors)
    actions = samples.actions.numpy()
    wide = actions[:, None] if samples.discrete else actions
    examples = Examples(samples.z.numpy(), np.ascontiguousarray(wide, np.float32))
    recent = np.zeros(actors.size, np.float32)
    between, length = lengths
    kept = ArrayState(w=members.parameters, m=members.m, v=members.v, recent=recent)
    for stride in strides.of(len(rates), length, members=kept):
        for done in stride[::between]:
            tell(done)
            part = rates[done : min(done + between, stride.stop)]
            drawn = samples.draw(len(part) * batch, strides.rngs)
            rows = drawn.numpy().reshape(-1, len(part), batch)
            clone(members, examples, rows, part, clip, done, recent)
    tell(len(rates))
    write_back(members.parameters, actors)
    return torch.from_numpy(recent)


def tensors_of(actors: ActorStack) -> list[torch.nn.Parameter]:
    """Return weights and biases layer by layer, then log σ, (K, ...) each."""
    layers = zip(actors.body.weights, actors.body.biases, strict=True)
    log_std = [] if actors.discrete else [actors.log_std]
    return [*(tensor for layer in layers for tensor in layer), *log_std]


def members_of(actors: ActorStack) -> Members:
    """Return the policies as the kernel wants them."""
    from rltransfer.training.kernels.cloning import Members
    from rltransfer.training.kernels.network import RELU, TANH, Shape

    weights = actors.body.weights
    widths = [weights[0].shape[1], *(W.shape[2] for W in weights)]
    activation = RELU if actors.body.activation == "relu" else TANH
    flat = [tensor.detach().reshape(actors.size, -1).numpy() for tensor in tensors_of(actors)]
    parameters = np.ascontiguousarray(np.concatenate(flat, axis=1))
    floor = np.empty(0, np.float32) if actors.discrete else actors.floor.numpy()
    return Members(
        Shape(np.array(widths, np.int64), activation),
        parameters,
        np.zeros_like(parameters),
        np.zeros_like(parameters),
        floor,
    )


def write_back(parameters: NDArray[np.float32], actors: ActorStack) -> None:
    """Copy the kernel's weights into the stack."""
    begin = 0
    with torch.no_grad():
        for tensor in tensors_of(actors):
            end = begin + tensor[0].numel()
            tensor.copy_(torch.from_numpy(parameters[:, begin:end]).reshape(tensor.shape))
            begin = end
