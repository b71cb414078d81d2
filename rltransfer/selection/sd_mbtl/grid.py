"""Contexts as SD-MBTL sees them: whole numbers, the place of each value on its feature's grid.

Notation
    X, Y   grid indices of the candidates (N, d) and the targets (M, d)

The index of a value is its rank among the values that candidates and targets take in that
feature. Spacing and scale are lost, which is the published choice. Distances are L1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.base import first_best
from rltransfer.transfer import TransferMatrix

__all__ = ["Grid"]

Array = NDArray[np.float64]
DIGITS = 12  # values of the unit cube that agree to so many decimals are one value


@dataclass(frozen=True, eq=False)
class Grid:
    """Grid indices of a selection problem.

    Attributes:
        X: of the candidates, (N, d).
        Y: of the targets, (M, d).
    """

    X: Array
    Y: Array

    @classmethod
    def of(cls, transfer: TransferMatrix) -> Grid:
        """Return the indices of a matrix's candidates and targets."""
        n = len(transfer.sources)
        units = np.concatenate([transfer.units_sources, transfer.units_targets]).round(DIGITS)
        columns = [np.unique(column, return_inverse=True)[1] for column in units.T]
        indices = np.stack(columns, axis=1).astype(np.float64)
        return cls(indices[:n], indices[n:])

    def homes(self, transfer: TransferMatrix, sources: Iterable[int]) -> NDArray[np.intp]:
        """Return the target of some candidates' own context, or else the nearest one."""
        return np.array([self._home(transfer, index) for index in sources], dtype=np.intp)

    def _home(self, transfer: TransferMatrix, index: int) -> int:
        own = transfer.problem.target_index(transfer.sources[index])
        return int(np.abs(self.Y - self.X[index]).sum(axis=1).argmin()) if own is None else own

    def nearest(self, point: Array, candidates: NDArray[np.intp]) -> int:
        """Return the candidate nearest to a point (d,); ties go to the lowest index."""
        return first_best(-np.abs(self.X - point).sum(axis=1), candidates)
