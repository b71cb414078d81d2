"""Who serves each target where not every policy was measured everywhere."""

from __future__ import annotations

import numpy as np

from rltransfer.selection.matrix_gp.outlook import Outlook
from rltransfer.selection.matrix_gp.served import Served
from rltransfer.transfer import TransferMatrix

__all__ = ["Served", "serve"]


def serve(transfer: TransferMatrix) -> Served:
    """Choose for each target the policy that is measured or forecast to do best on it.

    Forecasts are those of `matrix-gp`, whoever picked the sources. Where rows are complete there
    is nothing to forecast.

    Args:
        transfer: what is known, at least one source.
    """
    M = len(transfer.targets)
    if transfer.complete:
        return Served.of_complete(transfer)
    return Outlook.of(transfer, np.full(M, 1.0 / M)).served
