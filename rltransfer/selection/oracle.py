"""Selectors that know the truth, and the selection loop on a table.

Notation
    T      trials (independently trained repetitions)
    N, M   numbers of candidate sources and targets
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.errors import InvalidExperiment
from rltransfer.selection.base import Proposal, SourceTaskSelector, first_best, untrained
from rltransfer.transfer import TransferMatrix

__all__ = ["MyopicOracle", "SequentialOracle", "replay"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MyopicOracle:
    """One greedy sequence for all trials: each pick wins the most coverage, averaged over trials.

    The strongest baseline of SD-MBTL (Zhou et al. 2026). It looks one step ahead, and its
    sequence is common to the trials, so it is no upper bound for a selector that adapts.

    Attributes:
        truths: the true mean returns, shape (T, N, M).
    """

    truths: Array

    def __post_init__(self) -> None:
        truths = np.array(self.truths, dtype=np.float64)
        if truths.ndim != 3:
            raise InvalidExperiment(
                f"truths must have shape (trials, sources, targets); got {truths.shape}."
            )
        object.__setattr__(self, "truths", truths)

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        candidates = untrained(transfer)
        require_shape(self.truths.shape[1:], transfer)
        coverages = np.zeros(len(transfer.sources))
        for truth in self.truths:
            best = truth[list(transfer.trained)].max(axis=0, initial=-np.inf)
            coverages += np.maximum(truth, best).mean(axis=1) / len(self.truths)
        index = first_best(coverages, candidates)
        return Proposal(
            index=index,
            context=transfer.sources[index],
            reason=f"the true coverage would become {coverages[index]:.3g}, the most of all",
            acquisition=coverages,
        )


@dataclass(frozen=True, eq=False)
class SequentialOracle:
    """Greedy on the true matrix of one trial: the sequential oracle of MBTL (Cho et al. 2024).

    Attributes:
        truth: the true mean returns, shape (N, M).
    """

    truth: Array

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        return MyopicOracle(np.asarray(self.truth)[None]).propose(transfer)


def replay(
    selector: SourceTaskSelector,
    truth: ArrayLike,
    space: ContextSpace,
    sources: Sequence[Context],
    targets: Sequence[Context],
    rounds: int,
    own: ArrayLike | None = None,
) -> TransferMatrix:
    """Run the selection loop on a table of returns instead of a lab.

    Args:
        selector: what proposes the sources.
        truth: returns, shape (N, M), or (N, M, E) with episodes.
        space: the varied features.
        sources: the N candidates.
        targets: the M targets.
        rounds: how many sources to train, at most N.
        own: returns of every source on its own context, (N,) or (N, E); needed only where a
            source is not a target.

    Returns:
        the matrix after the last round.

    Raises:
        InvalidExperiment: if the shapes do not fit, or there are more rounds than candidates.
    """
    transfer = TransferMatrix.empty(space, sources, targets)
    table = np.asarray(truth, dtype=np.float64)
    table = table[:, :, None] if table.ndim == 2 else table
    require_shape(table.shape[:2], transfer)
    for _ in range(rounds):
        index = selector.propose(transfer).index
        is_target = transfer.problem.target_index(transfer.sources[index]) is not None
        at_home = None if own is None or is_target else np.atleast_1d(np.asarray(own)[index])
        transfer = transfer.learn(index, table[index], at_home)
    return transfer


def require_shape(shape: tuple[int, ...], transfer: TransferMatrix) -> None:
    """Raise unless a true matrix has a row per candidate and a column per target."""
    expected = (len(transfer.sources), len(transfer.targets))
    if tuple(shape) != expected:
        raise InvalidExperiment(
            f"the true matrix must have shape (sources, targets) = {expected}; got {tuple(shape)}."
        )
