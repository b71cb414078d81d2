"""Selectors that look only at where the candidates lie, never at returns.

Notation
    u(x)   position of a context on the unit cube [0, 1]^d; distances are L1
    K      budget: how many sources will be trained
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.selection.base import Proposal, first_best, middle, untrained
from rltransfer.selection.oracle import replay
from rltransfer.selection.plans import (
    DIGITS,
    follow,
    nearest_source,
    nearest_to,
    require_budget,
)
from rltransfer.transfer import TransferMatrix

__all__ = ["Equidistant", "GreedyBisection", "RandomSelector", "equidistant_curve"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RandomSelector:
    """Uniform without replacement: the first untrained candidate of a seeded permutation.

    Attributes:
        seed: of the permutation.
    """

    seed: int

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        candidates = untrained(transfer)
        order = np.random.default_rng(self.seed).permutation(len(transfer.sources))
        index = int(order[np.isin(order, candidates)][0])
        return Proposal(index, transfer.sources[index], f"drawn at random with seed {self.seed}")


@dataclass(frozen=True)
class Equidistant:
    """Evenly spaced sources for a known budget, ordered so that every prefix is useful.

    One feature: the candidates nearest to the midpoints (2i + 1) / (2K) of their range, i = 0 …
    K - 1, which is optimal for equal set points and a linear gap (Cho et al. 2023, arXiv
    2312.09436). More features: those nearest to K points of a seeded, scrambled Sobol sequence.

    Of this plan, the next pick is always the one that shortens the targets' mean distance to
    their nearest source most, which starts in the middle. (MBTL's published baseline sweeps from
    one end, so that its curve is unfair to every k < K.) After K picks the same rule chooses
    among all candidates.

    Attributes:
        budget: K.
        seed: of the Sobol sequence; unused with one feature.
    """

    budget: int
    seed: int = 0

    def __post_init__(self) -> None:
        require_budget("equidistant", self.budget)

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        return follow(self.plan(transfer), transfer, f"{self.budget} evenly spaced sources")

    def plan(self, transfer: TransferMatrix) -> list[int]:
        """Return the indices of the K candidates, or of all if there are fewer."""
        return nearest_to(self._design(transfer.space), transfer)

    def _design(self, space: ContextSpace) -> Array:
        """Return K points of the unit cube, shape (K, d)."""
        if len(space) == 1:
            midpoints = (2.0 * np.arange(self.budget) + 1.0) / (2.0 * self.budget)
            return np.asarray(midpoints[:, None])
        return space.to_unit(space.sobol(self.budget, np.random.default_rng(self.seed)))


@dataclass(frozen=True)
class GreedyBisection:
    """The middle first, then always the largest hole.

    One feature: the longest interval between neighbouring sources is halved; the two outer ones
    are cut a third from the end of the range, since only one side serves them (the "greedy"
    baseline of MBTL, Cho et al. 2024). More features: the candidate farthest from its nearest
    source.
    """

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        candidates = untrained(transfer)
        if not transfer.trained:
            index, reason = middle(transfer), "nothing is trained yet: the middle"
        elif len(transfer.space) == 1:
            index, reason = split_longest(transfer), "splits the longest interval without a source"
        else:
            distance = nearest_source(transfer, transfer.units_sources)
            index, reason = first_best(distance, candidates), "farthest from the trained sources"
        return Proposal(index, transfer.sources[index], reason)


def equidistant_curve(
    truth: ArrayLike,
    space: ContextSpace,
    sources: Sequence[Context],
    targets: Sequence[Context],
    rounds: int,
    seed: int = 0,
) -> Array:
    """Return the coverage of `Equidistant` when it is planned anew for each budget 1 … rounds.

    Its entries belong to different plans, so that it is what even spacing can do at each k, not
    the curve of one study. Arguments as for `replay`; shape (rounds,).
    """
    finals = [
        replay(Equidistant(k, seed), truth, space, sources, targets, k).coverage
        for k in range(1, rounds + 1)
    ]
    return np.array(finals)


def split_longest(transfer: TransferMatrix) -> int:
    """Return the candidate that best splits the longest interval; ties: the lowest interval."""
    u, candidates = transfer.units_sources[:, 0], untrained(transfer)
    trained = np.sort(u[list(transfer.trained)])
    edges = np.concatenate([[u.min()], trained, [u.max()]])
    cuts = (edges[:-1] + edges[1:]) / 2.0
    cuts[0] = edges[0] + (edges[1] - edges[0]) / 3.0
    cuts[-1] = edges[-1] - (edges[-1] - edges[-2]) / 3.0
    interval = np.searchsorted(trained, u[candidates])  # of each candidate
    longest = first_best(np.diff(edges).round(DIGITS), np.unique(interval))
    distance = np.abs(u - cuts[longest]).round(DIGITS)
    return first_best(-distance, candidates[interval == longest])
