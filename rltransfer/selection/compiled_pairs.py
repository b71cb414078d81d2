"""Sums of positive margins over pairs of blocks, compiled by Numba; notation as in `pairs`.

Sums may be reordered, so that eight pairs are worked on at once. Nothing else is relaxed:
infinite heights stay legal.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from rltransfer.compiling import kept_on_disk

__all__ = ["sums"]

Array = NDArray[np.float64]
compiled = partial(kept_on_disk, error_model="numpy", fastmath={"reassoc", "nsz"}, nogil=True)


@compiled
def sums(
    u: Array,
    x: Array,
    V: Array,
    Y: Array,
    blocks: NDArray[np.intp],
    side: NDArray[np.int8],
) -> Array:
    """Return Σ_y max(u - |x - y| - V, 0) over the targets in the blocks, (s,)."""
    total = np.zeros(len(u))
    d, width = len(x), V.shape[1]
    a, p = np.empty(len(u)), np.empty((d, len(u)))  # what is left of u and x,
    b, q = np.empty(width), np.empty((d, width))  # and of V and Y, once the sides are moved
    for n in range(len(blocks)):
        block = blocks[n]
        move(u, a)
        move(V[block], b)
        open_sides = 0
        for j in range(d):
            if side[n, j] == 0:
                move(x[j], p[open_sides])
                move(Y[block, j], q[open_sides])
                open_sides += 1
            else:
                subtract(side[n, j], x[j], a)
                subtract(side[n, j], Y[block, j], b)
        if open_sides == 0:
            add_0(a, b, total)
        elif open_sides == 1:
            add_1(a, p[0], b, q[0], total)
        elif open_sides == 2:
            add_2(a, p[0], p[1], b, q[0], q[1], total)
        elif open_sides == 3:
            add_3(a, p[0], p[1], p[2], b, q[0], q[1], q[2], total)
        else:
            add_many(a, p[:open_sides], b, q[:open_sides], total)
    return total


@compiled
def move(values: Array, to: Array) -> None:
    for k in range(len(values)):
        to[k] = values[k]


@compiled
def subtract(sign: float, values: Array, of: Array) -> None:
    for k in range(len(values)):
        of[k] -= sign * values[k]


@compiled
def add_0(a: Array, b: Array, total: Array) -> None:
    for i in range(len(a)):
        gain = 0.0
        for k in range(len(b)):
            margin = a[i] - b[k]
            gain += margin if margin > 0.0 else 0.0
        total[i] += gain


@compiled
def add_1(a: Array, p: Array, b: Array, q: Array, total: Array) -> None:
    for i in range(len(a)):
        gain = 0.0
        for k in range(len(b)):
            margin = a[i] - b[k] - abs(p[i] - q[k])
            gain += margin if margin > 0.0 else 0.0
        total[i] += gain


@compiled
def add_2(a: Array, p0: Array, p1: Array, b: Array, q0: Array, q1: Array, total: Array) -> None:
    for i in range(len(a)):
        gain = 0.0
        for k in range(len(b)):
            margin = a[i] - b[k] - abs(p0[i] - q0[k]) - abs(p1[i] - q1[k])
            gain += margin if margin > 0.0 else 0.0
        total[i] += gain


@compiled
def add_3(
    a: Array, p0: Array, p1: Array, p2: Array, b: Array, q0: Array, q1: Array, q2: Array,
    total: Array,
) -> None:  # fmt: skip
    for i in range(len(a)):
        gain = 0.0
        for k in range(len(b)):
            gap = abs(p0[i] - q0[k]) + abs(p1[i] - q1[k]) + abs(p2[i] - q2[k])
            margin = a[i] - b[k] - gap
            gain += margin if margin > 0.0 else 0.0
        total[i] += gain


@compiled
def add_many(a: Array, p: Array, b: Array, q: Array, total: Array) -> None:
    margins = np.empty(len(b))
    for i in range(len(a)):
        margins[:] = a[i] - b
        for j in range(len(p)):
            for k in range(len(b)):
                margins[k] -= abs(p[j, i] - q[j, k])
        gain = 0.0
        for k in range(len(b)):
            gain += margins[k] if margins[k] > 0.0 else 0.0
        total[i] += gain
