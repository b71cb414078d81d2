"""Which policy serves each target, as far as is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.transfer import TransferMatrix

__all__ = ["Served"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Served:
    """The best policy on each target by its measured return, or by what is forecast of it.

    Attributes:
        returns: measured or forecast, (M,).
        rows: which policy it is, as `TransferMatrix.covering` numbers them, (M,).
        measured: whether it was measured there, (M,).
    """

    returns: Array
    rows: NDArray[np.intp]
    measured: NDArray[np.bool_]

    @classmethod
    def of_complete(cls, transfer: TransferMatrix) -> Served:
        """Choose where every policy was measured on every target."""
        return cls(transfer.best, transfer.covering, np.ones(len(transfer.targets), dtype=bool))

    @classmethod
    def of(cls, transfer: TransferMatrix, forecast: Array) -> Served:
        """Choose, given what is forecast of every trained policy, (K, M)."""
        if transfer.complete:
            return cls(transfer.best, transfer.covering, transfer.seen)
        hoped = np.where(transfer.measured, -np.inf, forecast)
        best, measured = transfer.best, transfer.best >= hoped.max(axis=0)
        return cls(
            returns=np.where(measured, best, hoped.max(axis=0)),
            rows=np.where(measured, transfer.covering, hoped.argmax(axis=0)),
            measured=measured,
        )

    @property
    def coverage(self) -> float:
        """V over all targets: what they are expected to return when they are served so."""
        return float(self.returns.mean())
