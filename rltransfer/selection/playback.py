"""Selectors on a transfer matrix that is wholly known: who would have picked what?

Notation
    N, M, K   numbers of sources, targets, picks (the budget)
    J         returns, shape (N, M)
    V_k       coverage of the first k picks: mean_y max_{i <= k} J(π_{x_i}; y)
    S_k       what targets return when each is served by the policy of which most is measured or
              forecast: V_k where policies are measured on all targets, and at most that
    score     (mean_k V - random) / (oracle - random), where `random` and `oracle` are mean_k V of
              random selection and of the sequential oracle
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.errors import InvalidExperiment, RLTransferError
from rltransfer.selection.base import Proposal, SourceTaskSelector
from rltransfer.selection.measuring import Measuring
from rltransfer.selection.oracle import SequentialOracle
from rltransfer.selection.registry import make_selector
from rltransfer.selection.serving import serve
from rltransfer.transfer import TransferMatrix
from rltransfer.transfer.files import CompleteMatrix

__all__ = ["RANDOM_SEEDS", "Contest", "Decision", "Playback", "play_back", "random_coverage"]

Array = NDArray[np.float64]
Heard = Callable[[], object]
"""Called after every decision."""

RANDOM_SEEDS = 100
"""Permutations over which random selection is averaged."""


@dataclass(frozen=True)
class Decision:
    """One pick.

    Attributes:
        proposal: what was picked, and why.
        seconds: how long the selector took.
    """

    proposal: Proposal
    seconds: float


@dataclass(frozen=True, eq=False)
class Playback:
    """The picks of one selector.

    Attributes:
        decisions: in order, length K.
        V: coverage after each, shape (K,).
        served: S_k after each, shape (K,).
        cells: how many returns were measured, over all picks.
    """

    decisions: tuple[Decision, ...]
    V: Array
    served: Array
    cells: int

    @property
    def picks(self) -> tuple[int, ...]:
        """Indices of the sources, in the order picked."""
        return tuple(decision.proposal.index for decision in self.decisions)

    @property
    def seconds_per_decision(self) -> float:
        """The mean over the K decisions."""
        return float(np.mean([decision.seconds for decision in self.decisions]))


def play_back(
    selector: SourceTaskSelector,
    truth: CompleteMatrix,
    budget: int,
    heard: Heard = lambda: None,
    measuring: Measuring | None = None,
) -> Playback:
    """Let a selector pick `budget` sources, and show it each row only after it picked that.

    Args:
        selector: picks the sources.
        truth: the matrix.
        budget: K.
        heard: called after every decision.
        measuring: which part of a row is shown; all of it if None.
    """
    transfer, served = truth.untrained, []
    decisions: list[Decision] = []
    for _ in range(budget):
        started = perf_counter()
        proposal = selector.propose(transfer)
        decisions.append(Decision(proposal, perf_counter() - started))
        shown = None if measuring is None else measuring.choose(transfer, proposal.index)
        transfer = truth.reveal(transfer, proposal.index, shown)
        served.append(served_truly(truth, transfer))
        heard()
    V = np.maximum.accumulate(truth.J[list(transfer.trained)], axis=0).mean(axis=1)
    return Playback(tuple(decisions), V, np.array(served), int(transfer.measured.sum()))


def served_truly(truth: CompleteMatrix, transfer: TransferMatrix) -> float:
    """Return S_k: the true return of the policies that are thought to serve the targets best."""
    rows = np.array(transfer.trained)[serve(transfer).rows]
    return float(truth.J[rows, np.arange(len(rows))].mean())


def warm_up(selector: SourceTaskSelector) -> None:
    """Have the selector load its libraries, so that its first decision is not charged for them."""
    space = ContextSpace([ContextFeature("x", 0.0, 0.0, 1.0)])
    contexts = space.grid(3)
    transfer = TransferMatrix.empty(space, contexts, contexts).learn(1, [[0.0], [1.0], [0.5]])
    with suppress(RLTransferError):  # it may want something else, and load nothing
        selector.propose(transfer)


def random_coverage(J: Array, budget: int, seeds: int = RANDOM_SEEDS) -> Array:
    """Return V_k of `RandomSelector`, averaged over the seeds 0 … seeds - 1, shape (K,)."""
    order = np.stack(
        [np.random.default_rng(seed).permutation(len(J))[:budget] for seed in range(seeds)]
    )
    best = np.full((seeds, J.shape[1]), -np.inf)
    V = np.empty(budget)
    for k in range(budget):
        np.maximum(best, J[order[:, k]], out=best)
        V[k] = best.mean()
    return V


@dataclass(frozen=True, eq=False)
class Contest:
    """Any selectors on the same matrix, under the same conditions.

    Attributes:
        truth: the matrix.
        budget: K.
        seed: for the selectors that draw at random.
        score: raw returns that count as 0 and 1 for selectors that normalise.
        measuring: which part of a row a selector is shown; all of it if None.
    """

    truth: CompleteMatrix
    budget: int
    seed: int
    score: tuple[float, float]
    measuring: Measuring | None = None

    def __post_init__(self) -> None:
        N = len(self.truth.J)
        if not 1 <= self.budget <= N:
            raise InvalidExperiment(
                f"the budget must lie between 1 and {N}, the number of sources; got {self.budget}."
            )
        if not np.isfinite(self.score).all():
            raise InvalidExperiment(f"the score bounds must be finite; got {self.score}.")

    def play(self, name: str, heard: Heard = lambda: None) -> Playback:
        """Run one selector.

        Raises:
            UnknownName: if there is none of that name.
            InvalidExperiment: if it cannot work on this matrix.
        """
        selector = make_selector(name, seed=self.seed, budget=self.budget, score=self.score)
        warm_up(selector)
        return play_back(selector, self.truth, self.budget, heard, self.measuring)

    @cached_property
    def random(self) -> Array:
        """V_k of random selection, shape (K,)."""
        return random_coverage(self.truth.J, self.budget)

    @cached_property
    def oracle(self) -> Playback:
        """What greedy selection on the true returns does."""
        return play_back(SequentialOracle(self.truth.J), self.truth, self.budget)

    def score_of(self, V: Array) -> float | None:
        """Return 0 for a curve as good as random selection, 1 for the oracle's.

        None where the two are equal, so that there is nothing to gain.
        """
        lead = float(self.oracle.V.mean() - self.random.mean())
        return float(V.mean() - self.random.mean()) / lead if lead > 0.0 else None
