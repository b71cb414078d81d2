"""What to believe of sources that are being trained while the next one is chosen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rltransfer.contexts import Context
from rltransfer.selection.gap import FittedSlope, spread
from rltransfer.selection.surrogate import SetPointGP
from rltransfer.transfer import TransferMatrix

__all__ = ["believe"]


def believe(transfer: TransferMatrix, pending: Sequence[Context]) -> TransferMatrix:
    """Return the matrix as if the pending sources had ended as expected.

    This is the Kriging believer (Ginsbourger, Le Riche and Carraro 2010): each pending source
    gets the posterior mean of its set point, and on the targets that minus the fitted gap. So a
    selector neither proposes it again, nor places the next source beside it. Before anything is
    trained the belief is a set point of 0 and a slope of 1.

    Args:
        transfer: what is known.
        pending: candidates in training, in the order in which they were proposed; what is
            trained already is passed over.
    """
    indices = dict.fromkeys(transfer.problem.source_index(context) for context in pending)
    sources = [index for index in indices if index not in transfer.trained]
    units = transfer.units_sources[sources]
    set_points, slopes = np.zeros(len(sources)), FittedSlope().slopes(transfer)
    if transfer.trained and sources:
        seen = transfer.units_sources[list(transfer.trained)]
        set_points, _ = SetPointGP().posterior(seen, transfer.set_points, units, spread(transfer))
    known = transfer
    for index, at, set_point in zip(sources, units, set_points, strict=True):
        row = set_point - np.abs(transfer.units_targets - at) @ slopes
        known = learn_belief(known, index, row, float(set_point))
    return known


def learn_belief(
    transfer: TransferMatrix, index: int, row: np.ndarray, own: float
) -> TransferMatrix:
    """Learn expected means as if every episode had returned them."""
    episodes = transfer.returns.shape[2] or 1
    is_target = transfer.problem.target_index(transfer.sources[index]) is not None
    at_home = None if is_target else np.full(transfer.own.shape[1] or 1, own)
    return transfer.learn(index, np.repeat(row[:, None], episodes, axis=1), at_home)
