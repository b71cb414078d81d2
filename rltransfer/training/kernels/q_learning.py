"""One step of Q-learning with a target network (Mnih et al. 2015, algorithm 1), Huber's loss.

    L = mean h(Q(s, a) - y),  y = r + γ max_a' Q'(s', a') where the episode goes on

Notation
    Q, Q'    the network, and the target network
    h(e)     e²/2 where |e| < 1, and |e| - 1/2 beyond
    B, A     rows of a minibatch, actions
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rltransfer.compiling import compiled_into_callers, compiled_loosely
from rltransfer.training.kernels.adam import Adam, clip_norm, one_step
from rltransfer.training.kernels.linear import copy
from rltransfer.training.kernels.network import (
    Shape,
    backward,
    forward,
    inputs_of,
    size_of_memory,
)

__all__ = ["Memories", "q_step"]

Array = NDArray[np.floating[Any]]

ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)


class Memories(NamedTuple):
    """A minibatch: (B, o) twice, (B, 1) each of the others."""

    observations: Array
    next_observations: Array
    actions: NDArray[np.int64]
    rewards: Array
    discounts: Array  # γ, or 0 where the episode has ended


@compiled_loosely
def q_step(
    parameters: Array,
    target: Array,
    shape: Shape,
    seen: Memories,
    adam: Adam,
    rate: float,
    norm: float,
    t: int,
) -> Any:
    """Go Adam's t-th step in place; return L before it.

    Args:
        parameters: of Q, changed.
        target: of Q'.
        shape: of both.
        seen: the minibatch.
        adam: its memory, changed.
        rate: the step size.
        norm: the largest of the gradient.
        t: counted from 1.
    """
    B, widest, dtype = len(seen.rewards), shape.widths.max(), parameters.dtype
    memory = np.empty(size_of_memory(shape, B), dtype)
    spare = np.empty(2 * B * widest + widest * widest, dtype)
    copy(seen.next_observations, inputs_of(memory, shape, B))
    ahead = largest_of_rows(forward(target, shape, memory, B))
    copy(seen.observations, inputs_of(memory, shape, B))
    values = forward(parameters, shape, memory, B)
    loss = huber(values, ahead, seen)
    gradient = np.empty_like(parameters)
    backward(parameters, shape, memory, values, gradient, spare)
    clip_norm(gradient, norm)
    one_step(parameters, gradient, adam.m, adam.v, adam, rate, t)
    return loss


@compiled_into_callers
def largest_of_rows(values: Array) -> Array:
    """Return max_a of each row of (B, A), (B,)."""
    best = values[:, 0].copy()
    for r in range(values.shape[0]):
        for i in range(1, values.shape[1]):
            best[r] = max(best[r], values[r, i])
    return best


@compiled_into_callers
def huber(values: Array, ahead: Array, seen: Memories) -> Any:
    """Return L, and replace the values, (B, A), by its derivatives."""
    B = values.dtype.type(len(values))
    total = ZERO
    for r in range(values.shape[0]):
        action = seen.actions[r, 0]
        target = seen.rewards[r, 0] + seen.discounts[r, 0] * ahead[r]
        error = values[r, action] - target
        far = abs(error)
        total += HALF * error * error if far < ONE else far - HALF
        for i in range(values.shape[1]):
            values[r, i] = ZERO
        values[r, action] = min(max(error, -ONE), ONE) / B
    return total / B
