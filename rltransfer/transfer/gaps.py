"""Generalization gaps: what is lost when policies meet contexts they were not trained on.

Notation
    y         a target context
    x(y)      the trained source that does best on y, its covering source
    set point J(π_x(y); x(y)), what that policy reaches on its own context
    reached   J(π_x(y); y)
    gap       ΔJ(x(y), y) = set point - reached                     (MBTL, Cho et al. 2024)
    regret    best return known for y - reached

A target that no policy was measured on has no covering source, and all its numbers are NaN; means
and extremes are over the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer.known import KnownPolicy
from rltransfer.transfer.matrix import TransferMatrix
from rltransfer.transfer.rows import mean_of_episodes
from rltransfer.transfer.statistics import bootstrap_means, interval

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GapReport", "gap_report", "generalization_gap"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GapReport:
    """The gap of every target after a round; all arrays have shape (M,).

    Attributes:
        space: the varied features.
        round: how many sources were trained.
        targets: the target contexts.
        sources: the covering source of each target; None where no policy was measured, or the
            context of the one that serves it is not known.
        known: the name of the policy from elsewhere that serves the target; None where a source
            of the study does.
        set_point, reached, gap, regret: see the notation above, in units of the return.
        low, high: ends of the gap's bootstrap interval over episodes.
    """

    space: ContextSpace
    round: int
    targets: tuple[Context, ...]
    sources: tuple[Context | None, ...]
    known: tuple[str | None, ...]
    set_point: Array
    reached: Array
    gap: Array
    regret: Array
    low: Array
    high: Array

    @property
    def mean_gap(self) -> float:
        """The gap averaged over targets."""
        return float(np.nanmean(self.gap))

    @property
    def mean_regret(self) -> float:
        """The regret averaged over targets."""
        return float(np.nanmean(self.regret))

    @property
    def worst_gap(self) -> float:
        """The largest gap."""
        return float(np.nanmax(self.gap))

    @property
    def worst_target(self) -> Context:
        """The target with the largest gap; ties: the first."""
        return self.targets[int(np.nanargmax(self.gap))]

    def to_frame(self) -> pd.DataFrame:
        """Return a table with one row per target."""
        import pandas as pd

        from rltransfer.transfer.tables import context_columns

        columns = ("set_point", "reached", "gap", "low", "high", "regret")
        return pd.DataFrame(
            {
                "round": np.full(len(self.targets), self.round),
                **context_columns("source", self.space, self.sources),
                **context_columns("target", self.space, self.targets),
                **{name: getattr(self, name) for name in columns},
                "known": [name or "" for name in self.known],
            }
        )


def gap_report(
    matrix: TransferMatrix,
    rng: np.random.Generator,
    best_known: ArrayLike | None = None,
    confidence: float = 0.95,
    resamples: int = 2000,
) -> GapReport:
    """Report the gap of every target as the matrix now knows it.

    The interval resamples the episodes of the set point and of the target, independently. It
    speaks about the episodes of these policies, not about other training seeds. It is a point
    with one episode, and where a source serves itself, whose gap is 0 by definition.

    Args:
        matrix: at least one source is trained.
        rng: source of randomness of the bootstrap.
        best_known: the best return known for each target, shape (M,); the matrix's own best
            where nothing else is known, so that the regret is 0.
        confidence: of the interval.
        resamples: number of bootstrap resamples.

    Raises:
        InvalidTransferMatrix: if nothing is trained, or `best_known` does not fit the targets.
    """
    seen = matrix.seen
    set_point = np.where(seen, mean_of_episodes(matrix.covering_returns[1]), np.nan)
    reached = np.where(seen, matrix.best, np.nan)
    low, high = interval(gap_replicates(matrix, rng, resamples), confidence)
    return GapReport(
        space=matrix.space,
        round=len(matrix.trained),
        targets=matrix.targets,
        sources=tuple(home_of(policy) for policy in matrix.served_by),
        known=tuple(name_of(policy) for policy in matrix.served_by),
        set_point=set_point,
        reached=reached,
        gap=set_point - reached,
        regret=known_returns(matrix, best_known) - reached,
        low=low,
        high=high,
    )


def home_of(policy: Context | KnownPolicy | None) -> Context | None:
    """Return where a policy was trained; None where that is not known, or there is no policy."""
    return policy.context if isinstance(policy, KnownPolicy) else policy


def name_of(policy: Context | KnownPolicy | None) -> str | None:
    """Return the name of a policy from elsewhere; None for all others."""
    return policy.name if isinstance(policy, KnownPolicy) else None


def gap_replicates(matrix: TransferMatrix, rng: np.random.Generator, resamples: int) -> Array:
    """Return bootstrap replicates of every target's gap, shape (resamples, M)."""
    there, home = matrix.covering_returns
    replicates = np.asarray(
        bootstrap_means(home, rng, resamples) - bootstrap_means(there, rng, resamples)
    )
    serves_itself = [home_of(x) == y for x, y in zip(matrix.served_by, matrix.targets, strict=True)]
    replicates[:, serves_itself] = 0.0
    return replicates


def known_returns(matrix: TransferMatrix, best_known: ArrayLike | None) -> Array:
    """Return the best return known for each target, shape (M,)."""
    known = matrix.best if best_known is None else np.asarray(best_known, dtype=np.float64)
    if known.shape != matrix.best.shape:
        raise InvalidTransferMatrix(
            f"best_known needs one return for each of the {len(matrix.targets)} targets; "
            f"got shape {known.shape}."
        )
    return known


def generalization_gap(train_returns: ArrayLike, heldout_returns: ArrayLike) -> float:
    """Train/held-out gap: mean return on training contexts minus mean return on held-out ones.

    The definition of Mediratta et al. 2024 (ICLR), for one policy; positive means that the
    policy does worse where it was not trained.

    Args:
        train_returns: returns on training contexts, shape (contexts, episodes) or flat.
        heldout_returns: returns on held-out contexts, likewise.
    """
    return float(np.mean(np.asarray(train_returns)) - np.mean(np.asarray(heldout_returns)))
