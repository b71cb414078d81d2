"""One step of Adam (Kingma & Ba 2015, algorithm 1) after the gradient's norm is clipped.

Notation
    g       gradient
    m, v    moving averages of g and g²
    β       their decays; t steps so far; α step size, ε a small number
"""

from __future__ import annotations

from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rltransfer.compiling import compiled_into_callers

__all__ = ["Adam", "Groups", "clip_norm", "descend"]

Array = NDArray[np.floating[Any]]

ONE, SMALL = np.float32(1), np.float32(1e-6)


class Adam(NamedTuple):
    """What the optimiser remembers of each parameter, and its settings."""

    m: Array
    v: Array
    beta1: float
    beta2: float
    epsilon: float


class Groups(NamedTuple):
    """Parts of the parameters with a step size and a largest gradient norm each."""

    bounds: NDArray[np.int64]  # (g, 2)
    rates: NDArray[np.float64]  # (g,)
    norms: NDArray[np.float64]  # (g,)


@compiled_into_callers
def clip_norm(gradient: Array, largest: float) -> None:
    """Scale a gradient whose norm is larger than allowed."""
    total = gradient.dtype.type(0)
    for i in range(len(gradient)):
        total += gradient[i] * gradient[i]
    factor = gradient.dtype.type(largest) / (sqrt(total) + SMALL)
    if factor < ONE:
        for i in range(len(gradient)):
            gradient[i] *= factor


@compiled_into_callers
def descend(
    parameters: Array, gradient: Array, adam: Adam, groups: Groups, largest: float, t: int
) -> None:
    """Go the t-th step, t >= 1, in place; `largest` is the norm allowed to the whole gradient."""
    clip_norm(gradient, largest)
    for g in range(len(groups.rates)):
        begin, end = groups.bounds[g]
        clip_norm(gradient[begin:end], groups.norms[g])
        one_step(
            parameters[begin:end], gradient[begin:end], adam.m[begin:end], adam.v[begin:end],
            adam, groups.rates[g], t,
        )  # fmt: skip


@compiled_into_callers
def one_step(
    parameters: Array, g: Array, m: Array, v: Array, adam: Adam, rate: float, t: int
) -> None:
    """Go one step with one group of parameters."""
    number = parameters.dtype.type
    step = number(rate / (1.0 - adam.beta1**t))
    root = number(sqrt(1.0 - adam.beta2**t))
    keep2, take1, take2 = number(adam.beta2), number(1 - adam.beta1), number(1 - adam.beta2)
    epsilon = number(adam.epsilon)
    for i in range(len(parameters)):
        m[i] += take1 * (g[i] - m[i])
        v[i] = keep2 * v[i] + take2 * g[i] * g[i]
        parameters[i] -= step * (m[i] / (sqrt(v[i]) / root + epsilon))
