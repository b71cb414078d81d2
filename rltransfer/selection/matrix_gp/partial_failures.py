"""Trainings that failed, told from rows of which only some entries were measured.

As in `failures`: a failed row is flat, and reaches nowhere what the median target has.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.matrix_gp.failures import FLAT

__all__ = ["failed_in_part"]

Array = NDArray[np.float64]

LEAST = 4
"""A row that was measured on fewer targets is never said to have failed."""


def failed_in_part(R: Array) -> NDArray[np.bool_]:
    """Say which rows (k, M), NaN where not measured, are of failed trainings, shape (k,)."""
    best = np.fmax.reduce(R, axis=0)
    middle = np.median(best[~np.isnan(best)])
    reached = np.fmax.reduce(R, axis=1) >= middle
    enough = np.count_nonzero(~np.isnan(R), axis=1) >= LEAST
    if not (reached & enough).any():
        return np.zeros(len(R), dtype=bool)
    spread = np.nanstd(R, axis=1)
    return np.asarray(enough & ~reached & (spread < FLAT * np.median(spread[reached & enough])))
