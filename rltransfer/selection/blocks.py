"""Points cut into blocks of neighbours, each with its bounding box.

A k-d tree of which only the leaves are kept (Bentley 1975): all blocks are cut in half at the
median of their longest side, level by level, until they are small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Blocks"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Blocks:
    """B blocks of s points each, with a height on every point.

    Attributes:
        order: which point stands where, (B, s).
        points: positions, (B, d, s), C-contiguous.
        height: (B, s).
        low, high: the corners of the boxes, (B, d).
        bottom, top: the least and greatest height in each, (B,).
    """

    order: NDArray[np.intp]
    points: Array
    height: Array
    low: Array
    high: Array
    bottom: Array
    top: Array

    @classmethod
    def of(cls, points: Array, height: Array, size: int) -> Blocks:
        """Cut points (n, d) with heights (n,) into blocks of about `size`.

        The last point is repeated until all blocks are equally long. Sides are compared as they
        are, the height's too, so that all should be in one unit.
        """
        order = neighbours(np.column_stack([points, height]), size)
        at = np.ascontiguousarray(points[order].transpose(0, 2, 1))
        up = height[order]
        return cls(order, at, up, at.min(2), at.max(2), up.min(1), up.max(1))


def neighbours(Z: Array, size: int) -> NDArray[np.intp]:
    """Return the indices of the points Z (n, q), a row per block, at most `size` in each."""
    levels = max(0, int(np.ceil(np.log2(len(Z) / size))))
    short = -len(Z) % 2**levels
    order = np.append(np.arange(len(Z)), np.full(short, len(Z) - 1))[None]
    sides = np.ascontiguousarray(Z.T)
    for _ in range(levels):
        half = order.shape[1] // 2
        at = sides[:, order]  # (q, B, s)
        with np.errstate(invalid="ignore"):  # heights may be infinite: such a side is the longest
            longest = (at.max(axis=2) - at.min(axis=2)).argmax(axis=0)
        keys = at[longest, np.arange(len(order))]
        cut = np.argpartition(keys, half, axis=1)
        order = np.take_along_axis(order, cut, axis=1).reshape(-1, half)
    return order
