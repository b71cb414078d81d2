"""Trainings that failed: rows that say how likely failures are, and nothing else.

A policy that learnt nothing does badly everywhere, and equally so. Such a row has no gap and no
level of its kind: counted like the others it would flatten the gap and pull the levels of a whole
region down. So it is set aside, and its neighbours become a little less attractive.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["chance_of_success", "failed"]

Array = NDArray[np.float64]

FLAT = 0.12
"""A failed row varies by less than this share of what good rows vary by."""

REACH = 0.1
"""In unit lengths: how far a failure is held against the neighbours."""


def failed(R: Array) -> NDArray[np.bool_]:
    """Say which rows (k, M) are of failed trainings, shape (k,).

    Such a row is flat, and reaches nowhere what the median target has. One row by itself is
    never judged.
    """
    reached = R.max(axis=1) >= np.median(R.max(axis=0))
    if len(R) < 2 or not reached.any():
        return np.zeros(len(R), dtype=bool)
    spread = R.std(axis=1)
    return np.asarray(~reached & (spread < FLAT * np.median(spread[reached])))


def chance_of_success(X: Array, trained: Array, bad: NDArray[np.bool_]) -> Array:
    """Return how likely each source (n, d) trains, shape (n,), up to a common factor."""
    if not bad.any():
        return np.ones(len(X))

    def nearby(sources: Array) -> Array:
        square = ((X[:, None] - sources) ** 2).sum(axis=-1)
        return np.asarray(np.exp(-square / (2.0 * REACH**2)).sum(axis=1))

    return np.asarray(1.0 - nearby(trained[bad]) / (nearby(trained) + 1.0))
