"""Trainings that failed: rows that say how likely failures are, and nothing else.

A policy that learnt nothing does badly everywhere, and equally so. Such a row has no gap and no
level of its kind: counted like the others it would flatten the gap and pull the levels of a whole
region down. So it is set aside, and its neighbours become a little less attractive. So do those of
a source without a row, whose training ended in an error.

Where gaps are weak, noise alone makes a failed row vary by up to a third of what good rows vary by.
But a weak row of a policy that has learnt falls off from its source. So rows that are nearly flat
are asked for their structure: the share R² of their variance that the profile's functions explain.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.matrix_gp.contrasts import centred, non_negative, spread_out
from rltransfer.selection.matrix_gp.profile import basis

__all__ = ["chance_of_success", "failed", "failed_trainings"]

Array = NDArray[np.float64]

FLAT = 0.12
"""A failed row varies by less than this share of what good rows vary by."""

NEARLY_FLAT = 0.35
"""A row of this share is a failed one only if it has no structure."""

STRUCTURE = 0.3
"""R² of a row with structure; noise on 30 targets along one feature has 0.08 on average."""

JUDGED = 500
"""Targets by which structure is judged, at most."""

REACH = 0.1
"""In unit lengths: how far a failure is held against the neighbours."""


def failed_trainings(X: Array, Y: Array, R: Array) -> NDArray[np.bool_]:
    """Say which rows R (k, M) of sources X (k, d) on targets Y (M, d) failed, shape (k,).

    They are flat, or nearly flat without structure.
    """
    bad = failed(R)
    doubtful = np.flatnonzero(failed(R, NEARLY_FLAT) & ~bad)
    for i in doubtful:
        bad[i] = structure(X[[i]], Y, R[i]) < STRUCTURE
    return bad


def failed(R: Array, flat: float = FLAT) -> NDArray[np.bool_]:
    """Say which rows (k, M) are flat, and reach nowhere what the median target has, shape (k,).

    One row by itself is never judged.

    Args:
        R: the rows.
        flat: a flat row varies by less than this share of what good rows vary by.
    """
    reached = R.max(axis=1) >= np.median(R.max(axis=0))
    if len(R) < 2 or not reached.any():
        return np.zeros(len(R), dtype=bool)
    spread = R.std(axis=1)
    return np.asarray(~reached & (spread < flat * np.median(spread[reached])))


def structure(x: Array, Y: Array, row: Array) -> float:
    """Return R² of a row (M,) of the source x (1, d): what gaps and tilts explain of it, 0 to 1."""
    some = spread_out(Y, JUDGED)
    A, b = centred(basis(x, Y[some]))[0], row[some] - row[some].mean()
    total = float(b @ b)
    if total == 0.0:
        return 0.0
    c = non_negative(A.T @ A, A.T @ b)
    return 1.0 - float(np.sum((b - A @ c) ** 2)) / total


def chance_of_success(X: Array, trained: Array, bad: NDArray[np.bool_]) -> Array:
    """Return how likely each source (n, d) trains, shape (n,), up to a common factor."""
    if not bad.any():
        return np.ones(len(X))

    def nearby(sources: Array) -> Array:
        square = ((X[:, None] - sources) ** 2).sum(axis=-1)
        return np.asarray(np.exp(-square / (2.0 * REACH**2)).sum(axis=1))

    return np.asarray(1.0 - nearby(trained[bad]) / (nearby(trained) + 1.0))
