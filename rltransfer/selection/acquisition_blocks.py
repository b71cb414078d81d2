"""The acquisition of very many candidates on very many targets: exact, block by block.

Candidates and targets are cut into blocks of neighbours, and a block of candidates meets a block
of targets in one of three ways. Notation as in `acquisition`, but with coordinates multiplied by
the slopes, and t targets in a block:

    nothing   the largest possible margin, max U - min |x - y| - min V, is not positive: skipped
    all       no margin can be negative, and the boxes do not overlap along any axis: every
              |x_j - y_j| is s_j (x_j - y_j) with the same signs s for the whole block, so that
              the sum is t U(x) - Σ V - s · (t x - Σ y), from sums known beforehand
    some      pair by pair

No array is larger than the candidates, the targets, or 64 candidates times 1,000 or so targets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.blocks import Blocks
from rltransfer.selection.pairs import PairSums

__all__ = ["gain_sums"]

Array = NDArray[np.float64]
CANDIDATES, TARGETS = 64, 128  # in a block, at most


def gain_sums(U: Array, X: Array, V: Array, Y: Array, pair_sums: PairSums) -> Array:
    """Return Σ_y max(U(x) - |x - y| - V(y), 0) of every candidate, (N,).

    Args:
        U: set points (N,), finite.
        X: candidates (N, d), in units of the return.
        V: returns reached (M,), maybe infinite.
        Y: targets (M, d), in units of the return.
        pair_sums: computes pairs.
    """
    candidates, targets = Blocks.of(X, U, CANDIDATES), Targets.of(V, Y)
    total = np.empty(len(U))
    for n, order in enumerate(candidates.order):
        u, x = candidates.height[n], candidates.points[n]
        side, some, every = targets.meet(candidates, n)
        total[order] = targets.sums(u, x, side * every[:, None], every) + pair_sums(
            u, x, targets.blocks.height, targets.blocks.points, some, side[some]
        )
    return total


@dataclass(frozen=True, eq=False)
class Targets:
    """The targets in B blocks, and what is known of each block as a whole.

    Attributes:
        blocks: the targets, with V as their height.
        V: sums of V, (B,); +inf counts as 0 here, since such a block is never summed whole.
        Y: sums of the positions, (B, d).
    """

    blocks: Blocks
    V: Array
    Y: Array

    @classmethod
    def of(cls, V: Array, Y: Array) -> Targets:
        """Cut the targets into blocks; what fills them up is a target that nobody can gain on."""
        blocks = Blocks.of(np.concatenate([Y, Y[-1:]]), np.append(V, np.inf), TARGETS)
        heights = np.where(blocks.height == np.inf, 0.0, blocks.height)
        return cls(blocks, heights.sum(axis=1), blocks.points.sum(axis=2))

    def meet(
        self, candidates: Blocks, n: int
    ) -> tuple[NDArray[np.int8], NDArray[np.intp], NDArray[np.bool_]]:
        """Return how the n-th block of candidates meets all targets.

        Returns:
            side: (B, d), +1 where the candidates lie above the block, -1 below, 0 neither.
            some: the blocks to be computed pair by pair.
            every: whether a block is summed as a whole, (B,).
        """
        low, high, boxes = candidates.low[n], candidates.high[n], self.blocks
        above, below = low - boxes.high, boxes.low - high  # (B, d)
        side = (above >= 0.0).astype(np.int8) - (below >= 0.0)
        nearest = np.maximum(np.maximum(above, below), 0.0).sum(axis=1)
        farthest = np.maximum(high - boxes.low, boxes.high - low).sum(axis=1)
        possible = candidates.top[n] - nearest - boxes.bottom > 0.0
        certain = candidates.bottom[n] - farthest - boxes.top >= 0.0
        every = certain & (side != 0).all(axis=1)
        return side, np.flatnonzero(possible & ~every), every

    def sums(self, u: Array, x: Array, side: NDArray[np.int8], every: NDArray[np.bool_]) -> Array:
        """Return Σ_y U(x) - |x - y| - V(y) over whole blocks, (s,); side is 0 elsewhere."""
        t = self.blocks.height.shape[1]
        constant = (side * self.Y).sum() - self.V[every].sum()
        sums: Array = t * (every.sum() * u - side.sum(axis=0, dtype=np.float64) @ x) + constant
        return sums
