"""Toy transfer problems that know their own optimum; no selector may beat it.

Notation
    x, y     source, target; N contexts are both
    u        position of a context on the unit interval
    s(x)     set point J(π_x; x)
    V        coverage: mean_y max_{x trained} J(π_x; y)

References:
    Cho et al. 2024, MBTL (linear gap); Cho et al. 2023, arXiv 2312.09436 (evenly spaced sources
    are optimal for equal set points).
    Zhou, Cho and Wu 2026, SD-MBTL, arXiv 2601.08120 (the synthetic family).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextFeature, ContextSpace
from rltransfer.transfer import TransferMatrix

__all__ = ["LinearGapToy", "Optimum", "SyntheticFamily", "synthetic_transfer_matrix"]

Array = NDArray[np.float64]


class Optimum(NamedTuple):
    """The best that can be done, and one way to do it."""

    sources: tuple[int, ...]
    coverage: float


@dataclass(frozen=True)
class LinearGapToy:
    """J(π_x; y) = s(x) - slope · |u(x) - u(y)| on an even grid: MBTL's model is exactly right.

    Attributes:
        set_points: s(x), length N >= 2.
        slope: loss per unit length, >= 0.
    """

    set_points: tuple[float, ...]
    slope: float = 1.0

    @classmethod
    def flat(cls, size: int = 45, level: float = 1.0, slope: float = 1.0) -> LinearGapToy:
        """Every policy is equally good at home: only distances matter."""
        return cls((level,) * size, slope)

    @classmethod
    def wavy(cls, size: int = 45, level: float = 1.0, slope: float = 1.0) -> LinearGapToy:
        """Set points rise and fall by a fifth of the level along the range."""
        u = np.linspace(0.0, 1.0, size)
        return cls(tuple((level * (1.0 + 0.2 * np.sin(5.0 * u))).tolist()), slope)

    @cached_property
    def space(self) -> ContextSpace:
        """One feature, `position`, from 0 to 1."""
        return ContextSpace([ContextFeature("position", 0.5, 0.0, 1.0)])

    @cached_property
    def contexts(self) -> tuple[Context, ...]:
        """The N contexts, ascending; all are candidates and targets."""
        return self.space.grid(len(self.set_points))

    @cached_property
    def truth(self) -> Array:
        """J, shape (N, N)."""
        u = np.linspace(0.0, 1.0, len(self.set_points))
        return np.asarray(np.array(self.set_points)[:, None] - self.slope * np.abs(u[:, None] - u))

    def empty(self) -> TransferMatrix:
        """Return the matrix in which nothing is trained yet."""
        return TransferMatrix.empty(self.space, self.contexts, self.contexts)

    def coverage(self, sources: Sequence[int]) -> float:
        """Return V of some sources, in any order."""
        return float(self.truth[list(sources)].max(axis=0).mean())

    def optimum(self, k: int) -> Optimum:
        """Return the best k sources (1 <= k <= N) out of all sets of k, and their coverage.

        A source may be named twice, where fewer than k are as good.

        Of two sources the left one is better on a prefix of the targets (their difference never
        increases to the right), so each source of an optimal set serves one run of neighbours.
        Dynamic programming over the ends of these runs is therefore exact.
        """
        n = len(self.set_points)
        if not 1 <= k <= n:
            raise ValueError(f"k must lie between 1 and {n}, the number of contexts; got {k}.")
        served, server = runs(self.truth)
        best, cuts = served[0], []
        for _ in range(k - 1):
            options = np.concatenate([[-np.inf], best[:-1]])[:, None] + served  # run begins at a
            cuts.append(options.argmax(axis=0))
            best = options.max(axis=0)
        end, sources = n - 1, []
        for cut in reversed(cuts):
            sources.append(int(server[cut[end], end]))
            end = int(cut[end]) - 1
        sources.append(int(server[0, end]))
        return Optimum(tuple(reversed(sources)), float(best[-1]) / n)


def runs(truth: Array) -> tuple[Array, NDArray[np.intp]]:
    """Return what the best single source earns on the targets a to b, and which one it is.

    Both arrays have shape (N, N), index [a, b]; where b < a there is no run, and -inf.
    """
    n = len(truth)
    total = np.concatenate([np.zeros((n, 1)), np.cumsum(truth, axis=1)], axis=1)
    earned = total[:, None, 1:] - total[:, :-1, None]  # [x, a, b]
    a, b = np.indices((n, n))
    return np.where(a <= b, earned.max(axis=0), -np.inf), earned.argmax(axis=0)


@dataclass(frozen=True)
class SyntheticFamily:
    """The synthetic benchmark of SD-MBTL, on a grid of `size` points along each of d features.

        J(π_x; y) = 500 - Σ_j ( L_j min(δ_j, 0) + 3 max(δ_j, 0) ) + a Σ_j x_j + b Σ_j y_j + noise
        δ = x - y, in grid indices

    With L_j = -3 the loss is a distance; with L_j = 1 a target above its source gains.

    Attributes:
        below: L, length d, in return per index.
        size: grid points per feature; N = size^d.
        source_weight: a, how much better policies from high contexts are.
        target_weight: b, how much easier high contexts are.
        noise: standard deviation of the noise in every entry.
    """

    below: tuple[float, ...] = (-3.0, -3.0, -3.0)
    size: int = 8
    source_weight: float = 0.0
    target_weight: float = 0.0
    noise: float = 0.0

    @cached_property
    def space(self) -> ContextSpace:
        """Features c0, c1, … from 0 to size - 1."""
        top = float(self.size - 1)
        return ContextSpace(
            [ContextFeature(f"c{j}", 0.0, 0.0, top) for j in range(len(self.below))]
        )

    @cached_property
    def contexts(self) -> tuple[Context, ...]:
        """The N contexts, last feature fastest; all are candidates and targets."""
        return self.space.grid(self.size)

    @cached_property
    def _axes(self) -> list[Array]:
        """Each feature's part of J, shape (size, size): J without noise is their sum + 500."""
        x = np.arange(self.size, dtype=np.float64)
        delta = x[:, None] - x
        rest = self.source_weight * x[:, None] + self.target_weight * x - 3.0 * delta.clip(min=0.0)
        return [rest - slope * delta.clip(max=0.0) for slope in self.below]

    @cached_property
    def truth(self) -> Array:
        """J without noise, shape (N, N)."""
        return np.asarray(500.0 + reduce(outer_sum, self._axes))

    def draw(self, rng: np.random.Generator) -> Array:
        """Return one trial: J with fresh noise, shape (N, N)."""
        return self.truth + self.noise * rng.standard_normal(self.truth.shape)

    def empty(self) -> TransferMatrix:
        """Return the matrix in which nothing is trained yet."""
        return TransferMatrix.empty(self.space, self.contexts, self.contexts)

    def best_single(self) -> Optimum:
        """Return the best one source without noise: the features may be chosen one by one."""
        means = [axis.mean(axis=1) for axis in self._axes]
        index = np.ravel_multi_index(
            [int(m.argmax()) for m in means], [self.size] * len(self.below)
        )
        return Optimum((int(index),), 500.0 + float(sum(m.max() for m in means)))

    def ceiling(self) -> float:
        """Return the coverage without noise of all N sources, which no fewer can exceed."""
        return 500.0 + float(sum(axis.max(axis=0).mean() for axis in self._axes))


def synthetic_transfer_matrix(
    rng: np.random.Generator,
    below: tuple[float, ...] = (-3.0, -3.0, -3.0),
    size: int = 8,
    source_weight: float = 0.0,
    target_weight: float = 0.0,
    noise: float = 0.0,
) -> Array:
    """Return one trial of a `SyntheticFamily`, shape (N, N)."""
    return SyntheticFamily(below, size, source_weight, target_weight, noise).draw(rng)


def outer_sum(A: Array, B: Array) -> Array:
    """Return A[x1, y1] + B[x2, y2] with row (x1, x2) and column (y1, y2), the second fastest."""
    rows, columns = len(A) * len(B), A.shape[1] * B.shape[1]
    return np.asarray((A[:, None, :, None] + B[None, :, None, :]).reshape(rows, columns))
