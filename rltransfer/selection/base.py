"""Which source next: the question every selector answers.

A selector is a frozen value and a pure function of the transfer matrix (and of its own seed):
it keeps no state, so that resuming a study is replaying it. It never sees an environment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.errors import InvalidExperiment
from rltransfer.transfer import TransferMatrix

__all__ = [
    "Proposal",
    "SourceTaskSelector",
    "first_best",
    "middle",
    "require_complete",
    "require_nothing_known",
    "untrained",
]


@dataclass(frozen=True)
class Proposal:
    """The next source, and why.

    Attributes:
        index: which candidate.
        context: the same as a context.
        reason: one sentence for people.
        predicted_set_point: J(π_x; x) as the selector expects it, in units of the return; None
            where the selector predicts nothing.
        predicted_gain: how much coverage it expects to win, in units of the return, or None.
        predicted_error: the standard error of that expectation, or None.
        acquisition: the selector's score of every candidate, shape (N,), or None.
    """

    index: int
    context: Context
    reason: str
    predicted_set_point: float | None = None
    predicted_gain: float | None = None
    predicted_error: float | None = None
    acquisition: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)


@runtime_checkable
class SourceTaskSelector(Protocol):
    """Proposes the next source context from what the transfer matrix shows.

    `rltransfer.testing.selector_contract.SelectorContract` checks an implementation.
    """

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source to train, one that has not been tried yet.

        Raises:
            InvalidExperiment: if every candidate has been tried.
        """
        ...


def untrained(transfer: TransferMatrix) -> NDArray[np.intp]:
    """Return the indices of the candidates still to be trained, ascending; not those that failed.

    Raises:
        InvalidExperiment: if there are none.
    """
    open_candidates = np.ones(len(transfer.sources), dtype=bool)
    open_candidates[list(transfer.tried)] = False
    if not open_candidates.any():
        raise InvalidExperiment(
            f"all {len(transfer.sources)} candidate sources are trained, so there is no next "
            "one: ask for fewer rounds, or give more candidates."
        )
    return np.flatnonzero(open_candidates)


def require_complete(transfer: TransferMatrix, name: str) -> None:
    """Raise if a policy was not measured on every target.

    Raises:
        InvalidExperiment: naming the selector and others that can go on.
    """
    if not transfer.complete:
        raise InvalidExperiment(
            f"selector {name!r} needs every policy measured on every target, and here they are "
            "measured on some. Leave out `measure`, or use 'matrix-gp', 'mbtl', or a plan such as "
            "'equidistant'."
        )


def require_nothing_known(transfer: TransferMatrix, name: str) -> None:
    """Raise if policies from elsewhere are known.

    Raises:
        InvalidExperiment: naming the selector and others that can take them.
    """
    if transfer.known:
        raise InvalidExperiment(
            f"selector {name!r} can learn from sources of its own choice only, and here policies "
            "from elsewhere are known. Leave out `known`, or use 'matrix-gp', or a plan such as "
            "'equidistant'."
        )


def first_best(scores: NDArray[np.float64], candidates: NDArray[np.intp]) -> int:
    """Return the candidate with the highest score (N,); ties go to the lowest index."""
    return int(candidates[scores[candidates].argmax()])


def middle(transfer: TransferMatrix) -> int:
    """Return the untrained candidate nearest to the middle of all; ties: the lowest index.

    The middle is that of the candidates' range on the unit cube, the distance L1, rounded so
    that candidates at equal distance on paper are equal here.
    """
    units = transfer.units_sources
    centre = (units.min(axis=0) + units.max(axis=0)) / 2.0
    distance = np.abs(units - centre).sum(axis=1).round(12)
    return first_best(-distance, untrained(transfer))
