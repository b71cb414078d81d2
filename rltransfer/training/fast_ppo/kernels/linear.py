"""Products of small matrices, faster here than a call of BLAS.

For 64 x 64 matrices BLAS spends half its time on packing, and for the eight rows of a rollout
nearly all. These loops keep four rows and four columns in registers and leave the lanes to the
compiler. They also give the same bits whatever BLAS is installed and however many threads it has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.compiling import compiled_loosely

__all__ = ["multiply", "sum_columns", "transpose"]

Array = NDArray[np.floating[Any]]
TILE = 8


@compiled_loosely
def multiply(x: Array, w: Array, out: Array) -> None:
    """Write x w, of shapes (n, k) and (k, m), into out, (n, m)."""
    for r in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[r, i] = 0
    whole = len(x) - len(x) % 4
    for r in range(0, whole, 4):
        four_rows(x, w, out, r)
    for r in range(whole, len(x)):
        for k in range(len(w)):
            add_multiple(x[r, k], w[k], out[r])


@compiled_loosely
def four_rows(x: Array, w: Array, out: Array, r: int) -> None:
    """Add rows r to r + 3 of the product, four terms of the sums at a time."""
    out0, out1, out2, out3 = out[r], out[r + 1], out[r + 2], out[r + 3]
    whole = len(w) - len(w) % 4
    for k in range(0, whole, 4):
        w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
        a0, a1, a2, a3 = x[r, k], x[r, k + 1], x[r, k + 2], x[r, k + 3]
        b0, b1, b2, b3 = x[r + 1, k], x[r + 1, k + 1], x[r + 1, k + 2], x[r + 1, k + 3]
        c0, c1, c2, c3 = x[r + 2, k], x[r + 2, k + 1], x[r + 2, k + 2], x[r + 2, k + 3]
        d0, d1, d2, d3 = x[r + 3, k], x[r + 3, k + 1], x[r + 3, k + 2], x[r + 3, k + 3]
        for i in range(out.shape[1]):
            v0, v1, v2, v3 = w0[i], w1[i], w2[i], w3[i]
            out0[i] += a0 * v0 + a1 * v1 + a2 * v2 + a3 * v3
            out1[i] += b0 * v0 + b1 * v1 + b2 * v2 + b3 * v3
            out2[i] += c0 * v0 + c1 * v1 + c2 * v2 + c3 * v3
            out3[i] += d0 * v0 + d1 * v1 + d2 * v2 + d3 * v3
    for k in range(whole, len(w)):
        for row in range(r, r + 4):
            add_multiple(x[row, k], w[k], out[row])


@compiled_loosely
def add_multiple(factor: float, vector: Array, out: Array) -> None:
    """Add a multiple of a vector, shape (m,)."""
    for i in range(len(out)):
        out[i] += factor * vector[i]


@compiled_loosely
def transpose(x: Array, out: Array) -> None:
    """Write x, (n, m), into out, (m, n), in tiles, so that no cache line is fetched twice."""
    n, m = x.shape
    for top in range(0, n, TILE):
        for left in range(0, m, TILE):
            for r in range(top, min(top + TILE, n)):
                for i in range(left, min(left + TILE, m)):
                    out[i, r] = x[r, i]


@compiled_loosely
def sum_columns(x: Array, out: Array) -> None:
    """Write the sums of the columns of x, (n, m), into out, (m,)."""
    for i in range(len(out)):
        out[i] = 0
    for r in range(len(x)):
        for i in range(len(out)):
            out[i] += x[r, i]
