"""Covariance between sources on the unit cube."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["matern"]

Array = NDArray[np.float64]


def matern(X: Array, Z: Array, length: float) -> Array:
    """Return Matérn-3/2 of the distances between X (n, d) and Z (k, d), shape (n, k).

    Args:
        X: some sources.
        Z: other sources.
        length: in unit lengths; times √d, so that it means the same share of any cube.
    """
    square = (X**2).sum(1)[:, None] + (Z**2).sum(1) - 2.0 * X @ Z.T
    r = np.sqrt(3.0 * np.maximum(square, 0.0) / X.shape[1]) / length
    return np.asarray((1.0 + r) * np.exp(-r))
