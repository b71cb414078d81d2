"""The generalization gap with a slope for each side of each feature.

Notation
    δ(x, y)   x - y in grid indices, for a source x and a target y
    l, r      slopes (d,) where the source lies below its target, and above it
    c         intercept

    J(π_x; y) ≈ c + l · min(δ, 0) + r · max(δ, 0)

by ordinary least squares over all observed returns. A slope of either sign is possible: the gap,
- l · min(δ, 0) - r · max(δ, 0), may be negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["SidedSlopes"]

Array = NDArray[np.float64]
CHUNK = 2**16  # pairs of candidate and target held at once


@dataclass(frozen=True, eq=False)
class SidedSlopes:
    """How returns change with δ.

    Attributes:
        left: l, (d,), in return per index.
        right: r, (d,), likewise.
    """

    left: Array
    right: Array

    @classmethod
    def fit(cls, x: Array, Y: Array, J: Array) -> SidedSlopes:
        """Return the least-squares slopes, with the pseudo-inverse of the normal equations.

        Args:
            x: trained sources (k, d).
            Y: targets (M, d).
            J: their returns (k, M).
        """
        d = x.shape[1]
        gram, moment = np.zeros((2 * d + 1, 2 * d + 1)), np.zeros(2 * d + 1)
        for source, row in zip(x, J, strict=True):
            delta = source - Y
            B = np.concatenate(
                [np.ones((len(Y), 1)), np.minimum(delta, 0.0), np.maximum(delta, 0.0)], axis=1
            )
            gram += B.T @ B
            moment += B.T @ row
        weights = np.linalg.pinv(gram) @ moment
        return cls(weights[1 : d + 1], weights[d + 1 :])

    @property
    def falls_on_both_sides(self) -> NDArray[np.bool_]:
        """For each feature, whether the slopes of its two sides have different signs, (d,)."""
        return np.asarray((self.left > 0.0) != (self.right > 0.0))

    def expected_gain(self, U: Array, X: Array, Y: Array, V: Array) -> Array:
        """Return mean_y max( U(x) - gap(x, y) - V(y), 0 ) of every candidate, shape (N,).

        Since min(δ, 0) = (δ - |δ|) / 2 and max(δ, 0) = (δ + |δ|) / 2, the part of the gap that is
        linear in δ joins U and V, and only |δ| is left for the pairs.

        Args:
            U: optimistic set points (N,).
            X: candidates (N, d).
            Y: targets (M, d).
            V: returns reached (M,).
        """
        tilt, bend = (self.left + self.right) / 2.0, (self.right - self.left) / 2.0
        here, there = U + X @ tilt, V + Y @ tilt
        step = max(1, CHUNK // len(Y))
        gains = []
        for start in range(0, len(X), step):
            rows = slice(start, start + step)
            margin = here[rows, None] - there
            for x, y, slope in zip(X[rows].T, Y.T, bend, strict=True):
                margin += slope * np.abs(x[:, None] - y)
            gains.append(np.maximum(margin, 0.0, out=margin).mean(axis=1))
        return np.concatenate(gains)
