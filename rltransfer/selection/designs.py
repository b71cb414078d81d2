"""Plans for a known budget, from where candidates and targets lie, never from returns.

Notation
    u(x)   position of a context on the unit cube [0, 1]^d; distances are L1
    K      budget: how many sources will be trained
    D      distances (N, M) from candidates to targets

Like `Equidistant`, a plan is followed in the order in which its sources shorten the targets' mean
distance to their nearest source, so that every prefix is useful; after K picks the same rule
chooses among all candidates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.base import Proposal
from rltransfer.selection.plans import DIGITS, follow, nearest_to, require_budget
from rltransfer.transfer import TransferMatrix

__all__ = ["KMedoids", "SobolDesign"]

Array = NDArray[np.float64]
SWAPS = 200  # at most; each shortens the distance


@dataclass(frozen=True)
class KMedoids:
    """The K candidates with the smallest mean distance from each target to the nearest of them.

    Found by partitioning around medoids (Kaufman and Rousseeuw 1990): greedy at first, then the
    best swap of a medoid for another candidate as long as one helps, all swaps of a round being
    valued at once (Schubert and Rousseeuw 2019). Needs memory for a few arrays (N, M).

    Attributes:
        budget: K.
    """

    budget: int

    def __post_init__(self) -> None:
        require_budget("k-medoids", self.budget)

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        return follow(self.plan(transfer), transfer, f"{self.budget} medoids")

    def plan(self, transfer: TransferMatrix) -> list[int]:
        """Return the indices of the K medoids, or of all candidates if there are fewer."""
        X, Y = transfer.units_sources, transfer.units_targets
        D = np.zeros((len(X), len(Y)))
        for x, y in zip(X.T, Y.T, strict=True):
            D += np.abs(x[:, None] - y)
        return swapped(D, greedy(D, min(self.budget, len(D))))


@dataclass(frozen=True)
class SobolDesign:
    """The candidates nearest to K points of a seeded, scrambled Sobol sequence.

    Attributes:
        budget: K.
        seed: of the scrambling.
    """

    budget: int
    seed: int = 0

    def __post_init__(self) -> None:
        require_budget("sobol", self.budget)

    def propose(self, transfer: TransferMatrix) -> Proposal:
        """Return the next source; see `SourceTaskSelector`."""
        return follow(self.plan(transfer), transfer, f"{self.budget} Sobol points")

    def plan(self, transfer: TransferMatrix) -> list[int]:
        """Return the indices of the K candidates, or of all if there are fewer."""
        space = transfer.space
        rng = np.random.default_rng(self.seed)
        return nearest_to(space.to_unit(space.sobol(self.budget, rng)), transfer)


def greedy(D: Array, k: int) -> list[int]:
    """Return k candidates, each the one that shortens Σ_y min D most after those before it."""
    nearest, medoids = np.full(D.shape[1], np.inf), list[int]()
    for _ in range(k):
        totals = np.minimum(D, nearest).sum(axis=1).round(DIGITS)
        totals[medoids] = np.inf
        medoids.append(int(totals.argmin()))
        nearest = np.minimum(nearest, D[medoids[-1]])
    return medoids


def swapped(D: Array, medoids: list[int]) -> list[int]:
    """Return the medoids after the best swap has been made until none shortens Σ_y min D."""
    medoids = list(medoids)
    for _ in range(SWAPS):
        change = swap_changes(D, medoids).round(DIGITS)
        candidate, place = np.unravel_index(int(change.argmin()), change.shape)
        if change[candidate, place] >= 0.0:
            break
        medoids[place] = int(candidate)
    return medoids


def swap_changes(D: Array, medoids: list[int]) -> Array:
    """Return by how much Σ_y min D changes if a candidate takes a medoid's place, shape (N, K).

    A target gains from the candidate wherever it is nearer; only a target that loses its own
    medoid has to fall back, on the candidate or on its second nearest medoid.
    """
    ordered = np.sort(D[medoids], axis=0)
    first = ordered[0]
    second = ordered[1] if len(medoids) > 1 else np.full_like(first, D.max())
    own = np.eye(len(medoids))[D[medoids].argmin(axis=0)]  # (M, K)
    gained = np.minimum(D - first, 0.0)
    fallen = np.minimum(D, second) - first - gained
    return np.asarray(gained.sum(axis=1)[:, None] + fallen @ own)
