"""M/GP-MBTL: which of the two algorithms fits the matrix is asked after every pick."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rltransfer.selection.base import (
    Proposal,
    require_complete,
    require_nothing_known,
    untrained,
)
from rltransfer.selection.sd_mbtl.gp_mbtl import GPMBTL
from rltransfer.selection.sd_mbtl.grid import Grid
from rltransfer.selection.sd_mbtl.m_mbtl import MMBTL
from rltransfer.selection.sd_mbtl.structure import is_mountain
from rltransfer.transfer import TransferMatrix

__all__ = ["MGPMBTL"]

UNTESTED = 5
"""Up to so many sources are too few to test."""


@dataclass(frozen=True)
class MGPMBTL:
    """The published method of SD-MBTL: M-MBTL on mountains, GP-MBTL elsewhere.

    The tests are first made with six sources, so that six picks are M-MBTL's. Either answer can
    be taken back later.

    Attributes:
        score: the raw returns that GP-MBTL normalises to 0 and 1.
    """

    score: tuple[float, float] = (0.0, 1.0)

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        untrained(transfer)
        require_complete(transfer, "m-gp-mbtl")
        require_nothing_known(transfer, "m-gp-mbtl")
        if len(transfer.trained) <= UNTESTED:
            return because("too early for tests", MMBTL().propose(transfer))
        if is_mountain(Grid.of(transfer), transfer):
            return because("a mountain", MMBTL().propose(transfer))
        return because("no mountain", GPMBTL(self.score).propose(transfer))


def because(structure: str, proposal: Proposal) -> Proposal:
    """Return a proposal whose reason begins with what the tests said."""
    return replace(proposal, reason=f"{structure}: {proposal.reason}")
