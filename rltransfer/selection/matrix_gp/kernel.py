"""Covariance between sources on the unit cube."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["distances", "matern"]

Array = NDArray[np.float64]


def distances(X: Array, Z: Array) -> Array:
    """Return the distances between X (n, d) and Z (k, d), shape (n, k).

    In unit lengths times √d, so that they mean the same share of any cube.
    """
    square = (X**2).sum(1)[:, None] + (Z**2).sum(1) - 2.0 * X @ Z.T
    return np.asarray(np.sqrt(np.maximum(square, 0.0) / X.shape[1]))


def matern(distance: Array, length: float) -> Array:
    """Return Matérn-3/2 at some distances, of a length in their unit."""
    r = np.sqrt(3.0) / length * distance
    kernel = np.exp(-r)
    kernel *= 1.0 + r
    return np.asarray(kernel)
