"""Steps of maximum likelihood for many policies, one after another, each on its own minibatch.

Notation
    K, G    policies, problems; the K / G members of a problem see the same minibatches
    S, B    steps, rows of a minibatch
    N       transitions
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rltransfer.compiling import compiled_into_callers, compiled_loosely
from rltransfer.training.kernels.adam import Adam, clip_norm, one_step
from rltransfer.training.kernels.heads import describe, slope
from rltransfer.training.kernels.network import (
    Shape,
    backward,
    forward,
    inputs_of,
    size_of_memory,
)

__all__ = ["Examples", "Members", "clone"]

Array = NDArray[np.floating[Any]]

ZERO, ONE = np.float32(0), np.float32(1)
KEPT = np.float32(0.99)


class Members(NamedTuple):
    """K policies of one shape, and what Adam remembers of them, (K, P) each."""

    shape: Shape
    parameters: Array  # networks, then log σ
    m: Array
    v: Array
    floor: Array  # of log σ, (a,)


class Examples(NamedTuple):
    """What the policies shall do: states (N, o) and actions (N, 1) or (N, a)."""

    states: Array
    actions: Array


@compiled_loosely
def clone(
    members: Members,
    examples: Examples,
    rows: NDArray[np.int64],
    rates: NDArray[np.float64],
    norm: float,
    done: int,
    recent: Array,
) -> None:
    """Go S steps with every policy, in place.

    Args:
        members: changed.
        examples: of all problems.
        rows: of the minibatches, (G, S, B).
        rates: step sizes, (S,).
        norm: the largest of a policy's gradient.
        done: steps before these.
        recent: running means of -log π(a|s), (K,), from 0; changed.
    """
    G, S, B = rows.shape
    K, P = members.parameters.shape
    widest = members.shape.widths.max()
    memory = np.empty(size_of_memory(members.shape, B), recent.dtype)
    spare = np.empty(2 * B * widest + widest * widest, recent.dtype)
    actions = np.empty((B, examples.actions.shape[1]), recent.dtype)
    gradient = np.empty(P, recent.dtype)
    for k in range(K):
        adam = Adam(members.m[k], members.v[k], 0.9, 0.999, 1e-5)
        for s in range(S):
            chosen = rows[k * G // K, s]
            gather(examples, chosen, inputs_of(memory, members.shape, B), actions)
            loss = slopes_of_likelihood(members, k, actions, memory, gradient, spare)
            recent[k] = KEPT * recent[k] + (ONE - KEPT) * loss
            clip_norm(gradient, norm)
            one_step(
                members.parameters[k], gradient, adam.m, adam.v, adam, rates[s], done + s + 1
            )  # fmt: skip
            keep_above(members.parameters[k], members.floor)


@compiled_into_callers
def gather(examples: Examples, chosen: NDArray[np.int64], states: Array, actions: Array) -> None:
    """Copy a minibatch to where the network reads it."""
    for r in range(len(chosen)):
        for i in range(states.shape[1]):
            states[r, i] = examples.states[chosen[r], i]
        for i in range(actions.shape[1]):
            actions[r, i] = examples.actions[chosen[r], i]


@compiled_into_callers
def slopes_of_likelihood(
    members: Members, k: int, actions: Array, memory: Array, gradient: Array, spare: Array
) -> Any:
    """Return the mean of -log π over a minibatch, and write its gradient."""
    B, number = len(actions), actions.dtype.type
    end = len(gradient) - len(members.floor)
    weights, log_std = members.parameters[k, :end], members.parameters[k, end:]
    outputs = forward(weights, members.shape, memory, B)
    log_probs, entropies = np.empty(B, gradient.dtype), np.empty(B, gradient.dtype)
    describe(outputs, log_std, actions, log_probs, entropies)
    each = np.full(B, number(-1.0) / number(B), gradient.dtype)
    slope(outputs, log_std, actions, each, ZERO, gradient[end:])
    backward(weights, members.shape, memory, outputs, gradient[:end], spare)
    total = ZERO
    for value in log_probs:
        total -= value
    return total / number(B)


@compiled_into_callers
def keep_above(parameters: Array, floor: Array) -> None:
    """Raise log σ, at the end of the parameters, to its floor."""
    begin = len(parameters) - len(floor)
    for i in range(len(floor)):
        parameters[begin + i] = max(parameters[begin + i], floor[i])
