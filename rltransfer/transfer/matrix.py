"""The transfer matrix: what is known about J(π_x; y) after training some of the sources.

Notation (MBTL, Cho et al. 2024)
    x, y          a source context, a target context
    J(π_x; y)     return of the policy trained on x, measured on y
    N, M, K, E    numbers of candidate sources, targets, trained sources (rounds), episodes
    set point     J(π_x; x), the return of a policy on its own context
    ΔJ(x, y)      J(π_x; x) - J(π_x; y), the generalization gap
    V             mean_y max_{i <= K} J(π_{x_i}; y), the coverage: every target is served by the
                  trained policy that does best on it

A row may be partial: a policy need not be measured on every target. What was not measured is NaN
in every array, and nothing is put in its place: maxima and means are over what was measured, and V
is over the targets that some policy was measured on.

Policies from elsewhere may be known before the first round (see `known`). They are neither sources
nor rounds, but V and what covers a target count them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer.known import KnownPolicy, KnownRows, stacked
from rltransfer.transfer.problem import TransferProblem, frozen
from rltransfer.transfer.rows import (
    append,
    checked_own,
    checked_row,
    episodes_of,
    mean_of_episodes,
    require_whole_cells,
)

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
        returns: shape (K, M, E), read-only; NaN in all episodes of a target that the policy was
            not measured on.
        own: returns of each policy on its own context, shape (K, E_own), read-only. Where the
            source is a target too, this is that entry of its row.
        known: rows of policies from elsewhere.
        failed: indices of sources whose training has failed: they have no row, and are not to be
            proposed again.
    """

    problem: TransferProblem
    trained: tuple[int, ...]
    returns: Array
    own: Array
    known: KnownRows = field(default_factory=KnownRows)
    failed: tuple[int, ...] = ()

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
        require_whole_cells(self.returns)
        self.known.require_targets(shape[1])
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
        self,
        source: Context | int,
        returns: ArrayLike,
        own: ArrayLike | None = None,
        measured: ArrayLike | None = None,
    ) -> TransferMatrix:
        """Return the matrix that also knows one more trained source.

        Args:
            source: the trained candidate, as a context or as its index.
            returns: its returns on the targets, shape (M, E), or (n, E) of those that are
                `measured`; E is the same for all sources.
            own: its returns on its own context, shape (E_own,); needed only where the source
                is not a target.
            measured: indices of the n targets that the policy was measured on, its own context
                among them if that is a target; all targets if None.

        Raises:
            InvalidTransferMatrix: if the source is unknown or already trained, a shape is
                wrong, a return is not finite (the sentence names the target), or `measured` is
                not a choice of targets.
        """
        index = self.problem.source_index(source)
        if index in self.trained:
            raise InvalidTransferMatrix(
                f"source {index}, {self.sources[index]}, is already trained "
                f"(round {self.trained.index(index) + 1})."
            )
        here = episodes_of(self.returns, self.known.returns)
        at_home = episodes_of(self.own, self.known.own)
        row = checked_row(self.problem, index, returns, here, measured)
        own_row = checked_own(self.problem, index, row, own, at_home)
        return replace(
            self,
            trained=(*self.trained, index),
            returns=append(self.returns, row),
            own=append(self.own, own_row),
        )

    def fail(self, source: Context | int) -> TransferMatrix:
        """Return the matrix that also knows that the training of one more source has failed.

        Raises:
            InvalidTransferMatrix: if the source is unknown.
        """
        return replace(self, failed=(*self.failed, self.problem.source_index(source)))

    # -- what is known -------------------------------------------------------------------------

    @property
    def tried(self) -> tuple[int, ...]:
        """Indices of the sources that are trained, or whose training has failed."""
        return (*self.trained, *self.failed)

    @cached_property
    def measured(self) -> NDArray[np.bool_]:
        """Which trained source was measured on which target, shape (K, M)."""
        return np.asarray(~np.isnan(self.returns).any(axis=-1))

    @cached_property
    def complete(self) -> bool:
        """Whether every trained source was measured on every target."""
        return bool(self.measured.all())

    @cached_property
    def seen(self) -> NDArray[np.bool_]:
        """Which targets some policy was measured on, shape (M,)."""
        everywhere = np.full((1, len(self.targets)), bool(self.known))
        return np.asarray(np.concatenate([everywhere, self.measured]).any(axis=0))

    @cached_property
    def mean(self) -> Array:
        """J(π_x; y) of the trained sources, shape (K, M): means over episodes, or NaN."""
        return frozen(mean_of_episodes(self.returns))

    @cached_property
    def set_points(self) -> Array:
        """J(π_x; x) of the trained sources, shape (K,)."""
        return frozen(mean_of_episodes(self.own))

    @cached_property
    def best(self) -> Array:
        """The return reached on each target, shape (M,): max over what was measured there.

        -inf on targets that no policy was measured on, as on all before anything is trained.
        """
        return frozen(self.known.raised(np.fmax.reduce(self.mean, axis=0, initial=-np.inf)))

    @property
    def covering(self) -> NDArray[np.intp]:
        """Which policy does best on each target, shape (M,); ties: first.

        0 to K - 1 are the trained sources, K and above the known policies, which come before
        them in time; -1 for a target that no policy was measured on.

        Raises:
            InvalidTransferMatrix: if nothing is trained yet, and no policy known.
        """
        K, Q = len(self.trained), len(self.known)
        if not K + Q:
            raise InvalidTransferMatrix("no source is trained yet, so none covers a target.")
        J = stacked(self.known.mean, np.where(self.measured, self.mean, -np.inf))
        return np.where(self.seen, (J.argmax(axis=0) - Q) % (K + Q), -1)

    @property
    def covering_returns(self) -> tuple[Array, Array]:
        """Returns of the covering policy of each target: there (M, E), at home (M, E_own).

        NaN there, and no number of any meaning at home, where no policy was measured.
        """
        place = (self.covering + len(self.known)) % (len(self.trained) + len(self.known))
        targets = np.arange(len(self.targets))
        there = stacked(self.known.returns, self.returns)[place, targets]
        return there, stacked(self.known.own, self.own)[place]

    @property
    def served_by(self) -> tuple[Context | KnownPolicy | None, ...]:
        """What `covering` stands for: a source's context, a known policy, or None; length M."""
        everyone = [*(self.sources[index] for index in self.trained), *self.known.policies]
        return tuple(None if k < 0 else everyone[k] for k in self.covering)

    @cached_property
    def placed(self) -> tuple[Array, Array]:
        """The policies whose context is known: where on the unit cube (n, d), and J, (n, M).

        Known policies come first, those that have a place; then the K trained sources.
        """
        X = np.concatenate([self.known.units(self.space), self.units_sources[list(self.trained)]])
        return X, stacked(self.known.mean[self.known.placed], self.mean)

    @property
    def coverage(self) -> float:
        """V, the mean of the best return over the targets seen; -inf before any is.

        A target that no policy was measured on does not count: what is reached there is not
        known. `seen` says which those are.
        """
        return float(self.best[self.seen].mean()) if self.seen.any() else -np.inf

    def coverage_curve(self) -> Array:
        """V after each round, shape (K,): over the targets seen by then.

        It never falls where rows are complete; it may where a round brings hard targets into it.
        """
        return np.asarray(
            np.nanmean(self.known.raised(np.fmax.accumulate(self.mean, axis=0)), axis=1)
        )

    def gaps(self) -> Array:
        """ΔJ(x, y) = J(π_x; x) - J(π_x; y) of the trained sources, shape (K, M), or NaN."""
        return np.asarray(self.set_points[:, None] - self.mean)

    def after(self, k: int) -> TransferMatrix:
        """Return the matrix as it was after the first k rounds, 0 <= k <= K; what failed stays.

        Raises:
            InvalidTransferMatrix: if there have not been k rounds.
        """
        if not 0 <= k <= len(self.trained):
            raise InvalidTransferMatrix(f"there have been {len(self.trained)} rounds, not {k}.")
        if k == 0:
            empty = TransferMatrix.empty(self.space, self.sources, self.targets)
            return replace(empty, known=self.known, failed=self.failed)
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
        known = self.known.scaled(low, span)
        return replace(
            self, returns=(self.returns - low) / span, own=(self.own - low) / span, known=known
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TransferMatrix):
            return NotImplemented
        return (
            self.problem == other.problem
            and self.trained == other.trained
            and np.array_equal(self.returns, other.returns, equal_nan=True)
            and np.array_equal(self.own, other.own)
            and self.known == other.known
            and self.failed == other.failed
        )

    def __repr__(self) -> str:
        share = "" if self.complete else f", {self.measured.mean():.0%} measured"
        return (
            f"<TransferMatrix {', '.join(self.space.names)}: {len(self.trained)} of "
            f"{len(self.sources)} sources trained, {len(self.targets)} targets{share}>"
        )

    # -- tables and files ----------------------------------------------------------------------

    def to_frame(self) -> pd.DataFrame:
        """Return a long table: round, source.<feature>, target.<feature>, episode, return.

        It has no rows for what was not measured.
        """
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
