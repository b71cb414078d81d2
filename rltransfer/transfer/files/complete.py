"""A transfer matrix of which everything is known, to try selectors on.

Notation
    N, M    numbers of sources and targets
    J       returns, shape (N, M)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Scale
from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer.files.columns import LARGEST, FeatureColumn, labels
from rltransfer.transfer.files.features import axes_of, contexts_on, space_of
from rltransfer.transfer.matrix import TransferMatrix
from rltransfer.transfer.problem import frozen

__all__ = ["CompleteMatrix"]

Array = NDArray[np.float64]
DIGITS = 12  # distances that agree to so many decimals are equal


@dataclass(frozen=True, eq=False)
class CompleteMatrix:
    """What every source returns on every target.

    Attributes:
        untrained: the space, sources and targets; the matrix as a selector first sees it.
        J: returns, shape (N, M), read-only.
        labels: the sources in words, as the file names their features, length N.
        notes: sentences on what the file holds and was left out.
    """

    untrained: TransferMatrix
    J: Array
    labels: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, J: Array, columns: Sequence[FeatureColumn], scales: Mapping[str, Scale]
    ) -> CompleteMatrix:
        """Derive the space from the contexts.

        Args:
            J: returns, shape (N, M).
            columns: the features of the N sources and M targets.
            scales: of some features, by hand; see `axes_of` for the others.

        Raises:
            InvalidTransferMatrix: if a return is missing or infinite, or contexts repeat.
            InvalidContext, UnknownName: see `axes_of`.
        """
        named = {role: labels(columns, role) for role in ("sources", "targets")}
        for role, contexts in named.items():
            require_different(role, columns, contexts)
        require_finite(J, named["sources"], named["targets"])
        axes = axes_of(columns, scales)
        places = (contexts_on(axes, role) for role in named)
        return cls(
            untrained=TransferMatrix.empty(space_of(axes), *places),
            J=frozen(np.array(J, dtype=np.float64)),
            labels=named["sources"],
            notes=tuple(
                f"feature {column.name!r} is {column.values[0]} everywhere, so it is left out."
                for column in columns
                if len(column.values) == 1
            ),
        )

    def own(self, source: int) -> float:
        """Return J(π_x; x) of a source.

        Of a source that is no target it is not known; the return on the nearest target stands in
        for it: L1 on the unit cube, ties to the lowest index.
        """
        problem = self.untrained.problem
        at = problem.target_index(problem.sources[source])
        if at is None:
            apart = np.abs(problem.units_targets - problem.units_sources[source]).sum(axis=1)
            at = int(apart.round(DIGITS).argmin())
        return float(self.J[source, at])

    @property
    def score(self) -> tuple[float, float]:
        """The lowest and the highest return; where all are equal, one more than that."""
        low, high = float(self.J.min()), float(self.J.max())
        return low, high if low < high else low + max(1.0, abs(low))

    def reveal(
        self, transfer: TransferMatrix, index: int, measured: Sequence[int] | None = None
    ) -> TransferMatrix:
        """Return what a selector knows after it has picked one more source.

        Args:
            transfer: what it knew before.
            index: the source.
            measured: the targets on which its policy is measured; all if None.
        """
        is_target = transfer.problem.target_index(transfer.sources[index]) is not None
        own = None if is_target else [self.own(index)]
        row = self.J[index] if measured is None else self.J[index, list(measured)]
        return transfer.learn(index, row[:, None], own, measured)


def require_different(role: str, columns: Sequence[FeatureColumn], contexts: Sequence[str]) -> None:
    """Raise if two of the sources, or of the targets, are the same context."""
    first: dict[tuple[object, ...], int] = {}
    values = zip(*(getattr(column, role).tolist() for column in columns), strict=True)
    for index, context in enumerate(values):
        if context in first:
            raise InvalidTransferMatrix(
                f"the {role} must differ: rows {first[context]} and {index} of `{role}` are both "
                f"{contexts[index]}. Average them, or name what tells them apart."
            )
        first[context] = index


def require_finite(J: Array, sources: Sequence[str], targets: Sequence[str]) -> None:
    """Raise at the first return that is missing, infinite or beyond all measure."""
    if float(J.min()) >= -LARGEST and float(J.max()) <= LARGEST:  # false where one is missing
        return
    source, target = (int(index) for index in np.argwhere(~(np.abs(J) <= LARGEST))[0])
    what = "missing" if np.isnan(J[source, target]) else f"{J[source, target]:g}"
    raise InvalidTransferMatrix(
        f"the return of source {source} ({sources[source]}) on target {target} "
        f"({targets[target]}) is {what}; every source needs a finite return on every target. "
        "Evaluate it there, leave the source out, or write the lowest score for a failure."
    )
