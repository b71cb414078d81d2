"""M-MBTL: sources as centres of clusters, for matrices that fall off around every source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rltransfer.selection.base import Proposal, untrained
from rltransfer.selection.sd_mbtl.clusters import Clusters
from rltransfer.selection.sd_mbtl.grid import Grid
from rltransfer.transfer import TransferMatrix

__all__ = ["MMBTL"]


@dataclass(frozen=True)
class MMBTL:
    """Picks the source that shortens the targets' mean distance to their nearest source most.

    It looks at no return. The first pick is the middle of the targets; each later one is tried
    from every candidate (see `clusters`) and rounded to the grid. What the algorithm remembers
    from round to round is rebuilt from the order in which sources were trained: a round whose
    source it would not have chosen adds a centre and leaves the memory as it was, as in the
    published code when the other half of M/GP-MBTL chose. What is trained is not proposed again:
    the nearest untrained candidate is.
    """

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        candidates, grid = untrained(transfer), Grid.of(transfer)
        if not transfer.trained:
            index = grid.nearest(np.round(grid.Y.mean(axis=0)), candidates)
            return Proposal(index, transfer.sources[index], "the middle of the targets")
        index = grid.nearest(clusters(grid, transfer.trained).try_starts().centre(), candidates)
        return Proposal(
            index, transfer.sources[index], "centre of the cluster that shortens distances most"
        )


def clusters(grid: Grid, trained: tuple[int, ...]) -> Clusters:
    """Return the clusters after some sources, at least one, with the memory of their choice."""
    known = Clusters.around(grid.X, grid.Y, trained[0])
    for k, index in enumerate(trained[1:], start=1):
        tried = known.try_starts()
        candidates = np.setdiff1d(np.arange(len(grid.X)), trained[:k])
        own = grid.nearest(tried.centre(), candidates) == index
        known = tried.settle(index) if own else known.add(index)
    return known
