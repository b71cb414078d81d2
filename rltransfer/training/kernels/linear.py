"""Products of small matrices, faster here than a call of BLAS.

For 64 x 64 matrices BLAS spends half its time on packing, and for the eight rows of a rollout
nearly all. These loops keep four rows and four columns in registers and leave the lanes to the
compiler. They also give the same bits whatever BLAS is installed and however many threads it has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.compiling import compiled_into_callers

__all__ = ["copy", "multiply", "sum_columns", "transpose"]

Array = NDArray[np.floating[Any]]
STRIP = 16


@compiled_into_callers
def multiply(x: Array, w: Array, out: Array) -> None:
    """Write x w, of shapes (n, k) and (k, m), into out, (n, m).

    One function, for a call per block of rows would cost a sixth of the time.
    """
    clear(out)
    rows, terms = len(x) - len(x) % 4, len(w) - len(w) % 4
    for r in range(0, rows, 4):
        for k in range(0, terms, 4):
            a0, a1, a2, a3 = x[r, k], x[r, k + 1], x[r, k + 2], x[r, k + 3]
            b0, b1, b2, b3 = x[r + 1, k], x[r + 1, k + 1], x[r + 1, k + 2], x[r + 1, k + 3]
            c0, c1, c2, c3 = x[r + 2, k], x[r + 2, k + 1], x[r + 2, k + 2], x[r + 2, k + 3]
            d0, d1, d2, d3 = x[r + 3, k], x[r + 3, k + 1], x[r + 3, k + 2], x[r + 3, k + 3]
            for i in range(out.shape[1]):
                v0, v1, v2, v3 = w[k, i], w[k + 1, i], w[k + 2, i], w[k + 3, i]
                out[r, i] += a0 * v0 + a1 * v1 + a2 * v2 + a3 * v3
                out[r + 1, i] += b0 * v0 + b1 * v1 + b2 * v2 + b3 * v3
                out[r + 2, i] += c0 * v0 + c1 * v1 + c2 * v2 + c3 * v3
                out[r + 3, i] += d0 * v0 + d1 * v1 + d2 * v2 + d3 * v3
        for k in range(terms, len(w)):
            for row in range(r, r + 4):
                a0 = x[row, k]
                for i in range(out.shape[1]):
                    out[row, i] += a0 * w[k, i]
    add_rows(x, w, out, rows)


@compiled_into_callers
def clear(out: Array) -> None:
    """Write zeros."""
    for r in range(out.shape[0]):
        for i in range(out.shape[1]):
            out[r, i] = 0


@compiled_into_callers
def add_rows(x: Array, w: Array, out: Array, begin: int) -> None:
    """Add the rows of x w from `begin` on, one by one."""
    terms = len(w) - len(w) % 4
    for r in range(begin, len(x)):
        for k in range(0, terms, 4):
            a0, a1, a2, a3 = x[r, k], x[r, k + 1], x[r, k + 2], x[r, k + 3]
            for i in range(out.shape[1]):
                out[r, i] += a0 * w[k, i] + a1 * w[k + 1, i] + a2 * w[k + 2, i] + a3 * w[k + 3, i]
        for k in range(terms, len(w)):
            a0 = x[r, k]
            for i in range(out.shape[1]):
                out[r, i] += a0 * w[k, i]


@compiled_into_callers
def copy(x: Array, out: Array) -> None:
    """Write x, (n, m), into out, (n, m)."""
    for r in range(x.shape[0]):
        for i in range(x.shape[1]):
            out[r, i] = x[r, i]


@compiled_into_callers
def transpose(x: Array, out: Array) -> None:
    """Write x, (n, m), into out, (m, n), in strips, whose cache lines are there for every row."""
    for left in range(0, x.shape[1], STRIP):
        right = min(left + STRIP, x.shape[1])
        for r in range(x.shape[0]):
            for i in range(left, right):
                out[i, r] = x[r, i]


@compiled_into_callers
def sum_columns(x: Array, out: Array) -> None:
    """Write the sums of the columns of x, (n, m), into out, (m,)."""
    for i in range(len(out)):
        out[i] = 0
    for r in range(len(x)):
        for i in range(len(out)):
            out[i] += x[r, i]
