"""Is the matrix a mountain range? The two tests of M/GP-MBTL.

Notation
    k, M   trained sources, targets
    J̄      returns (k, M) minus each target's mean over the trained sources
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.sd_mbtl.grid import Grid
from rltransfer.selection.sd_mbtl.slopes import SidedSlopes
from rltransfer.transfer import TransferMatrix

__all__ = ["is_mountain", "set_points_are_alike", "slopes_fall_on_both_sides"]

Array = NDArray[np.float64]


def is_mountain(grid: Grid, transfer: TransferMatrix) -> bool:
    """Say whether all sources are about as good, and returns fall with distance from each."""
    centred = transfer.mean - transfer.mean.mean(axis=0)
    homes, at = grid.homes(transfer, transfer.trained), grid.X[list(transfer.trained)]
    return set_points_are_alike(centred, homes) and slopes_fall_on_both_sides(at, grid.Y, centred)


def set_points_are_alike(centred: Array, homes: NDArray[np.intp]) -> bool:
    """Say whether J̄ varies less from set point to set point than along its rows.

    Args:
        centred: J̄, (k, M).
        homes: the target of each source's own context, (k,).
    """
    set_points = centred[np.arange(len(homes)), homes]
    return bool(set_points.std() < centred.std(axis=1).mean())


def slopes_fall_on_both_sides(x: Array, Y: Array, centred: Array) -> bool:
    """Say whether J̄ falls on both sides of a source in more than half of the features.

    As published, only the signs are compared, so that rising on both sides would do as well.
    """
    return bool(SidedSlopes.fit(x, Y, centred).falls_on_both_sides.mean() > 0.5)
