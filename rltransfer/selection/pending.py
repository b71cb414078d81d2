"""What to believe of sources that are being trained while the next one is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.selection.base import SourceTaskSelector
from rltransfer.selection.gap import FittedSlope, spread
from rltransfer.selection.surrogate import SetPointGP
from rltransfer.transfer import TransferMatrix

__all__ = ["Forecaster", "believe"]

Array = NDArray[np.float64]


@runtime_checkable
class Forecaster(Protocol):
    """A selector whose model says what the policies of sources will return."""

    def expect(self, transfer: TransferMatrix, sources: NDArray[np.intp]) -> Array:
        """Return the expected returns of candidates on all targets, shape (n, M).

        Args:
            transfer: what is known, at least one source.
            sources: indices of candidates that are not trained, (n,).
        """
        ...


def believe(
    transfer: TransferMatrix,
    pending: Sequence[Context],
    selector: SourceTaskSelector | None = None,
) -> TransferMatrix:
    """Return the matrix as if the pending sources had ended as expected.

    This is the Kriging believer (Ginsbourger, Le Riche and Carraro 2010): a selector neither
    proposes a pending source again, nor places the next one beside it. What is expected is told
    by the selector's own model, where it has one of whole rows; else by MBTL's, see `by_gap`.

    Args:
        transfer: what is known.
        pending: candidates in training, in the order in which they were proposed; what is
            trained already is passed over.
        selector: who proposes next.
    """
    indices = dict.fromkeys(transfer.problem.source_index(context) for context in pending)
    sources = np.array([i for i in indices if i not in transfer.trained], dtype=np.intp)
    if isinstance(selector, Forecaster) and transfer.trained and len(sources):
        rows = selector.expect(transfer, sources)
        set_points = rows[np.arange(len(sources)), homes(transfer, sources)]
    else:
        rows, set_points = by_gap(transfer, sources)
    known = transfer
    for index, row, set_point in zip(sources.tolist(), rows, set_points, strict=True):
        known = learn_belief(known, index, row, float(set_point))
    return known


def by_gap(transfer: TransferMatrix, sources: NDArray[np.intp]) -> tuple[Array, Array]:
    """Return expected rows (n, M) and set points (n,) by MBTL's model.

    A set point is its posterior mean, a row that minus the fitted gap. Before anything is trained
    the belief is a set point of 0 and a slope of 1.
    """
    units, set_points = transfer.units_sources[sources], np.zeros(len(sources))
    if transfer.trained and len(sources):
        seen = transfer.units_sources[list(transfer.trained)]
        set_points, _ = SetPointGP().posterior(seen, transfer.set_points, units, spread(transfer))
    distances = np.abs(transfer.units_targets - units[:, None])
    return set_points[:, None] - distances @ FittedSlope().slopes(transfer), set_points


def homes(transfer: TransferMatrix, sources: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return for each source the target that it is, or the nearest one, (n,)."""
    distances = np.abs(transfer.units_sources[sources][:, None] - transfer.units_targets)
    return np.asarray(distances.sum(axis=2).argmin(axis=1))


def learn_belief(transfer: TransferMatrix, index: int, row: Array, own: float) -> TransferMatrix:
    """Learn expected means as if every episode had returned them."""
    episodes = transfer.returns.shape[2] or 1
    is_target = transfer.problem.target_index(transfer.sources[index]) is not None
    at_home = None if is_target else np.full(transfer.own.shape[1] or 1, own)
    return transfer.learn(index, np.repeat(row[:, None], episodes, axis=1), at_home)
