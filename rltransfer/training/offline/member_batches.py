"""Minibatches for the members of ensembles.

Notation
    G, E, B    problems; members of each problem's ensemble; rows
"""

from __future__ import annotations

from rltransfer.training.offline.samples import Batch

__all__ = ["dealt", "shown"]


def dealt(batch: Batch, members: int) -> Batch:
    """Deal the rows of a batch (G, E · B, …) to the members, each its own: (G, E, B, …)."""
    each = batch.rows.shape[1] // members
    return Batch(*(x.reshape(len(x), members, each, *x.shape[2:]) for x in vars(batch).values()))


def shown(batch: Batch, members: int) -> Batch:
    """Show all rows of a batch (G, B, …) to every member: (G, E, B, …)."""
    return Batch(*(x[:, None].expand(-1, members, *x.shape[1:]) for x in vars(batch).values()))
