"""The transfer matrix: what is known about J(π_x; y) after training some of the sources.

Notation (MBTL, Cho et al. 2024)
    x, y          a source context, a target context
    J(π_x; y)     return of the policy trained on x, measured on y
    N, M, K, E    numbers of candidate sources, targets, trained sources (rounds), episodes
    set point     J(π_x; x), the return of a policy on its own context
    ΔJ(x, y)      J(π_x; x) - J(π_x; y), the generalization gap
    V             mean_y max_{i <= K} J(π_{x_i}; y), the coverage: every target is served by the
                  trained policy that does best on it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer.problem import TransferProblem, frozen
from rltransfer.transfer.rows import append, checked_own, checked_row, mean_of_episodes

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TransferMatrix"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TransferMatrix:
    """Returns of every trained source on every target; an immutable value.

    Examples:
        >>> from rltransfer.contexts import ContextFeature
        >>> space = ContextSpace([ContextFeature("length", 0.5, 0.1, 0.9, "m")])
        >>> empty = TransferMatrix.empty(space, space.grid(3), space.grid(3))
        >>> once = empty.learn(1, [[40.0, 60.0], [90.0, 110.0], [70.0, 80.0]])  # (M, E)
        >>> once.coverage, once.set_points[0], once.gaps()[0].tolist()
        (75.0, np.float64(100.0), [50.0, 0.0, 25.0])

    Attributes:
        problem: the space, candidate sources and targets.
        trained: indices into the sources, in the order trained, length K.
        returns: shape (K, M, E), read-only.
        own: returns of each policy on its own context, shape (K, E_own), read-only. Where the
            source is a target too, this is that entry of its row.
    """

    problem: TransferProblem
    trained: tuple[int, ...]
    returns: Array
    own: Array

    def __post_init__(self) -> None:
        shape = (len(self.trained), len(self.targets))
        if self.returns.ndim != 3 or self.returns.shape[:2] != shape:
            raise InvalidTransferMatrix(
                f"the returns must have shape (K, M, E) = ({shape[0]}, {shape[1]}, any); "
                f"got {self.returns.shape}."
            )
        if self.own.ndim != 2 or len(self.own) != len(self.trained):
            raise InvalidTransferMatrix(
                f"own returns must have shape (K, E) = ({shape[0]}, any); got {self.own.shape}."
            )
        frozen(self.returns)
        frozen(self.own)

    @classmethod
    def empty(
        cls, space: ContextSpace, sources: Sequence[Context], targets: Sequence[Context]
    ) -> TransferMatrix:
        """Return the matrix in which nothing is trained yet.

        Raises:
            InvalidTransferMatrix, InvalidContext: see `TransferProblem`.
        """
        problem = TransferProblem(space, tuple(sources), tuple(targets))
        return cls(problem, (), np.empty((0, len(problem.targets), 0)), np.empty((0, 0)))

    @property
    def space(self) -> ContextSpace:
        """The varied features."""
        return self.problem.space

    @property
    def sources(self) -> tuple[Context, ...]:
        """The N candidate sources."""
        return self.problem.sources

    @property
    def targets(self) -> tuple[Context, ...]:
        """The M targets."""
        return self.problem.targets

    @property
    def units_sources(self) -> Array:
        """The candidate sources on the unit cube, shape (N, d)."""
        return self.problem.units_sources

    @property
    def units_targets(self) -> Array:
        """The targets on the unit cube, shape (M, d)."""
        return self.problem.units_targets

    def learn(
        self, source: Context | int, returns: ArrayLike, own: ArrayLike | None = None
    ) -> TransferMatrix:
        """Return the matrix that also knows one more trained source.

        Args:
            source: the trained candidate, as a context or as its index.
            returns: its returns on the targets, shape (M, E); E is the same for all sources.
            own: its returns on its own context, shape (E_own,); needed only where the source
                is not a target.

        Raises:
            InvalidTransferMatrix: if the source is unknown or already trained, a shape is
                wrong, or a return is not finite (the sentence names the target).
        """
        index = self.problem.source_index(source)
        if index in self.trained:
            raise InvalidTransferMatrix(
                f"source {index}, {self.sources[index]}, is already trained "
                f"(round {self.trained.index(index) + 1})."
            )
        row = checked_row(self.problem, index, returns, self._episodes(self.returns))
        own_row = checked_own(self.problem, index, row, own, self._episodes(self.own))
        return replace(
            self,
            trained=(*self.trained, index),
            returns=append(self.returns, row),
            own=append(self.own, own_row),
        )

    def _episodes(self, rows: Array) -> int | None:
        return rows.shape[-1] if self.trained else None

    # -- what is known -------------------------------------------------------------------------

    @cached_property
    def mean(self) -> Array:
        """J(π_x; y) of the trained sources, shape (K, M): means over episodes."""
        return frozen(mean_of_episodes(self.returns))

    @cached_property
    def set_points(self) -> Array:
        """J(π_x; x) of the trained sources, shape (K,)."""
        return frozen(mean_of_episodes(self.own))

    @cached_property
    def best(self) -> Array:
        """The return reached on each target, shape (M,): max over trained; -inf before any."""
        return frozen(self.mean.max(axis=0, initial=-np.inf))

    @property
    def covering(self) -> NDArray[np.intp]:
        """Which trained source (0 to K - 1) does best on each target, shape (M,); ties: first.

        Raises:
            InvalidTransferMatrix: if nothing is trained yet.
        """
        if not self.trained:
            raise InvalidTransferMatrix("no source is trained yet, so none covers a target.")
        return np.asarray(self.mean.argmax(axis=0))

    @property
    def coverage(self) -> float:
        """V, the mean over targets of the best return; -inf before any source is trained."""
        return float(self.best.mean())

    def coverage_curve(self) -> Array:
        """V after each round, shape (K,)."""
        return np.asarray(np.maximum.accumulate(self.mean, axis=0).mean(axis=1))

    def gaps(self) -> Array:
        """ΔJ(x, y) = J(π_x; x) - J(π_x; y) of the trained sources, shape (K, M)."""
        return np.asarray(self.set_points[:, None] - self.mean)

    def after(self, k: int) -> TransferMatrix:
        """Return the matrix as it was after the first k rounds, 0 <= k <= K.

        Raises:
            InvalidTransferMatrix: if there have not been k rounds.
        """
        if not 0 <= k <= len(self.trained):
            raise InvalidTransferMatrix(f"there have been {len(self.trained)} rounds, not {k}.")
        if k == 0:
            return TransferMatrix.empty(self.space, self.sources, self.targets)
        return replace(self, trained=self.trained[:k], returns=self.returns[:k], own=self.own[:k])

    def scaled(self, low: float, high: float) -> TransferMatrix:
        """Return the matrix with returns mapped linearly so that low becomes 0 and high 1.

        Raises:
            InvalidTransferMatrix: if low is not below high.
        """
        if not low < high:
            raise InvalidTransferMatrix(
                f"a score needs two different bounds, low < high; got {low} and {high}."
            )
        span = high - low
        return replace(self, returns=(self.returns - low) / span, own=(self.own - low) / span)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TransferMatrix):
            return NotImplemented
        return (
            self.problem == other.problem
            and self.trained == other.trained
            and np.array_equal(self.returns, other.returns)
            and np.array_equal(self.own, other.own)
        )

    def __repr__(self) -> str:
        return (
            f"<TransferMatrix {', '.join(self.space.names)}: {len(self.trained)} of "
            f"{len(self.sources)} sources trained, {len(self.targets)} targets>"
        )

    # -- tables and files ----------------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """Return a long table: round, source.<feature>, target.<feature>, episode, return."""
        from rltransfer.transfer import tables

        return tables.to_frame(self)

    def to_parquet(self, path: str | PathLike[str]) -> None:
        """Write the matrix to one Parquet file that `from_parquet` reads back exactly."""
        from rltransfer.transfer import tables

        tables.to_parquet(self, path)

    @classmethod
    def from_parquet(cls, path: str | PathLike[str]) -> TransferMatrix:
        """Read what `to_parquet` wrote.

        Raises:
            InvalidTransferMatrix: if the file was not written by `to_parquet`, or was changed.
        """
        from rltransfer.transfer import tables

        return cls(*tables.read_parquet(path))
