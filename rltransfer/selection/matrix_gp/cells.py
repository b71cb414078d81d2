"""The measured entries of rows, target by target: linear algebra on those rows alone.

Notation
    k, M    rows, targets
    O_y     rows that were measured on target y; s is the most of any target
    Ω       covariance between rows, (k, k)
    W_y     inverse Cholesky factor of Ω on O_y
    P_y     W_yᵀ W_y, the inverse of Ω on O_y, and 0 elsewhere, (k, k)

Targets have unlike numbers of rows, so each is filled up to s with rows that count as nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cells", "Whitened"]

Array = NDArray[np.float64]

BLOCK = 2**22
"""Numbers held in memory at once, about."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Which rows were measured on each target.

    Attributes:
        rows: O_y, and others behind them, (M, s).
        there: which of them belong to O_y, (M, s).
    """

    rows: NDArray[np.intp]
    there: NDArray[np.bool_]

    @classmethod
    def of(cls, measured: NDArray[np.bool_]) -> Cells:
        """Read a mask (k, M)."""
        s = max(1, int(measured.sum(axis=0).max()))
        rows = np.argsort(~measured.T, axis=1, kind="stable")[:, :s]
        return cls(rows, np.take_along_axis(measured.T, rows, axis=1))

    def gathered(self, values: Array) -> Array:
        """Return values of pairs, (k, M, …), of the measured ones only, (M, s, …); else 0."""
        found = values[self.rows, np.arange(len(self.rows))[:, None]]
        return np.where(self.there.reshape(*self.there.shape, *[1] * (found.ndim - 2)), found, 0.0)

    def scattered(self, values: Array, k: int) -> Array:
        """Return values of measured pairs, (M, s), in their rows, (k, M), and 0 elsewhere."""
        table = np.zeros((k, len(self.rows)))
        table[self.rows, np.arange(len(self.rows))[:, None]] = np.where(self.there, values, 0.0)
        return table

    def whitened(self, omega: Array) -> Whitened:
        """Factor Ω on the rows of each target."""
        both = self.there[:, :, None] & self.there[:, None]
        inside = omega[self.rows[:, :, None], self.rows[:, None]]
        L = np.linalg.cholesky(np.where(both, inside, np.eye(self.rows.shape[1])))
        return Whitened(self, np.where(both, np.linalg.inv(L), 0.0), len(omega))


@dataclass(frozen=True, eq=False)
class Whitened:
    """Cells under a covariance of the rows.

    Attributes:
        cells: which rows were measured where.
        roots: W_y, (M, s, s), 0 where a row counts as nothing.
        k: number of rows.
    """

    cells: Cells
    roots: Array
    k: int

    def __call__(self, values: Array) -> Array:
        """Return W_y times the measured part of values (k, M) or (k, M, P), one after another."""
        found = self.cells.gathered(values.reshape(*values.shape[:2], -1))
        return np.asarray((self.roots @ found).reshape(-1, *values.shape[2:]))

    def indicators(self) -> Array:
        """Return W_y times which row an entry belongs to, (M s, k)."""
        ones = np.broadcast_to(np.eye(self.k)[:, None], (self.k, len(self.roots), self.k))
        return self(ones)

    def log_volume(self) -> float:
        """Return half the log determinant of the covariance of all measured entries."""
        diagonal = np.diagonal(self.roots, axis1=1, axis2=2)
        return -float(np.log(diagonal[self.cells.there]).sum())

    def solved(self, values: Array) -> Array:
        """Return P_y times values (k, M), target by target, (k, M)."""
        inside = (self.roots @ self.cells.gathered(values)[:, :, None])[:, :, 0]
        back = np.einsum("mts,mt->ms", self.roots, inside)
        return self.cells.scattered(back, self.k)

    def explained(self, C: Array, targets: NDArray[np.intp] | slice) -> Array:
        """Return c·P_y·c of covariances C (n, k) with all rows, on some targets, (n, m)."""
        roots, rows = self.roots[targets], self.cells.rows[targets]
        step = max(1, BLOCK // (rows.shape[1] * max(1, len(C))))
        parts = [
            ((roots[b : b + step] @ C.T[rows[b : b + step]]) ** 2).sum(axis=1)
            for b in range(0, len(rows), step)
        ]
        return np.asarray(np.concatenate(parts).T)
