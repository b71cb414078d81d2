"""Sums of positive margins over pairs of blocks: in NumPy, or in a loop that Numba compiles.

Notation: that of `acquisition`, but coordinates are multiplied by the slopes
    u, x    set points (s,) and positions (d, s) of one block of candidates
    V, Y    returns reached (B, t) and positions (B, d, t) of all targets, in blocks
    blocks  which blocks of targets are meant, (b,)
    side    (b, d): +1 where x_j lies above the block for every candidate, -1 below, 0 neither

On a known side, |x_j - y_j| = side · (x_j - y_j): its halves move into u and V before the pairs are
formed, so that only the open axes cost anything per pair.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module

import numpy as np
from numpy.typing import NDArray

__all__ = ["PairSums", "pair_sums", "sums_in_numpy"]

Array = NDArray[np.float64]
Indices = NDArray[np.intp]
Signs = NDArray[np.int8]
PairSums = Callable[[Array, Array, Array, Array, Indices, Signs], Array]
"""Returns Σ_y max(u - |x - y| - V, 0) over the targets in some blocks, (s,)."""

SWITCH = "RLTRANSFER_NUMBA"  # 0 leaves Numba out
HELD = 2**16  # pairs that NumPy holds at once: half a megabyte stays in the cache


def pair_sums() -> PairSums:
    """Return the compiled loop where Numba is installed (and not switched off), else NumPy's."""
    if os.environ.get(SWITCH) == "0":
        return sums_in_numpy
    try:
        compiled: PairSums = import_module(f"{__package__}.compiled_pairs").sums
    except ImportError:
        return sums_in_numpy
    return compiled


def sums_in_numpy(u: Array, x: Array, V: Array, Y: Array, blocks: Indices, side: Signs) -> Array:
    """Sum over the blocks that have the same sides at once, as many as are held."""
    total = np.zeros(len(u))
    step = max(1, HELD // (len(u) * V.shape[1]))
    for signs in np.unique(side, axis=0):
        alike = blocks[(side == signs).all(axis=1)]
        for start in range(0, len(alike), step):
            which = alike[start : start + step]
            total += sums_on_sides(u, x, V[which], Y[which], signs)
    return total


def sums_on_sides(u: Array, x: Array, V: Array, Y: Array, signs: Signs) -> Array:
    """Sum over blocks V (b, t) and Y (b, d, t) with the same signs (d,)."""
    moved = V - np.einsum("j,bjt->bt", signs, Y)
    margin = (u - signs @ x)[:, None] - moved.ravel()
    for j in np.flatnonzero(signs == 0):
        margin -= np.abs(x[j][:, None] - Y[:, j].ravel())
    sums: Array = np.maximum(margin, 0.0, out=margin).sum(axis=1)
    return sums
