"""Aggregates of scores over trainings and contexts, each with an interval.

Notation
    S, M, E    trainings (seeds), contexts, episodes
    z          returns or scores of episodes, shape (S, M, E)
    x          scores of trainings: means of z over its episodes, shape (..., S, M)
    γ          the score that counts as solved
    τ          levels of a performance profile, shape (L,)

    IQM               mean of the middle half of x
    optimality gap    γ - mean min(x, γ)
    CVaR              mean over trainings of the mean over the worst share of contexts
    profile F(τ)      share of x above τ
    P(X > Y)          over pairs of trainings, averaged over contexts; ties count half

An aggregate reduces the last two axes. A training plays all contexts, so what is redrawn for an
interval is a training as a whole, and then its episodes in each context. (rliable redraws the runs
of each task by themselves: its runs on different games are different trainings.)

References:
    Agarwal et al. 2021, Deep RL at the Edge of the Statistical Precipice (all but CVaR).
    Rockafellar and Uryasev 2002, Conditional value-at-risk for general loss distributions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.transfer.statistics import Interval, cvar, interval, iqm, resampled

__all__ = [
    "Redrawn",
    "average",
    "improvement",
    "middle_half",
    "optimality_gap",
    "performance_profile",
    "worst_share",
]

Array = NDArray[np.float64]
Aggregate = Callable[[Array], Array]
RESAMPLES = 2000

MOST = 2**25
"""Scores of redrawn trainings that are held; of very many contexts, fewer are redrawn."""


# -- aggregates ----------------------------------------------------------------------------------


def average(x: Array) -> Array:
    """Return the mean."""
    return np.asarray(x.mean(axis=(-2, -1)))


def middle_half(x: Array) -> Array:
    """Return the IQM."""
    return iqm(x.reshape(*x.shape[:-2], -1), axis=-1)


def optimality_gap(x: Array, solved: float = 1.0) -> Array:
    """Return by how much x misses γ, `solved`, where what is above γ counts as γ."""
    return np.asarray(solved - np.minimum(x, solved).mean(axis=(-2, -1)))


def worst_share(x: Array, share: float) -> Array:
    """Return the mean over each training's worst contexts, `share` (0, 1] of them, over trainings.

    Raises:
        ValueError: if the share is not in (0, 1].
    """
    return np.asarray(np.apply_along_axis(cvar, -1, x, 1.0 - share).mean(axis=-1))


def performance_profile(x: Array, levels: ArrayLike) -> Array:
    """Return F at the levels τ (L,), shape (..., L): the run-score distribution of rliable."""
    shares = [(x > level).mean(axis=(-2, -1)) for level in np.asarray(levels)]
    return np.stack(shares, axis=-1)


# -- intervals -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Redrawn:
    """Scores of trainings, and of trainings redrawn as wholes, then their episodes.

    With one training, intervals are over episodes only and say nothing of other trainings.

    Attributes:
        scores: x, shape (S, M).
        replicates: B redrawings of it, shape (B, S, M).
    """

    scores: Array
    replicates: Array

    @classmethod
    def of(cls, z: ArrayLike, rng: np.random.Generator, resamples: int = RESAMPLES) -> Redrawn:
        """Redraw the trainings and episodes of z, shape (S, M, E)."""
        values = np.asarray(z, dtype=np.float64)
        scores = values.mean(axis=-1)
        count = min(resamples, max(100, MOST // scores.size))
        drawn = [piece.mean(axis=-1) for piece in resampled(values, rng, count)]
        return cls(scores, np.concatenate(drawn))

    def scaled(self, low: float, high: float) -> Redrawn:
        """Return the same on the scale on which `low` is 0 and `high` is 1."""
        return Redrawn(*((x - low) / (high - low) for x in (self.scores, self.replicates)))

    def band(self, aggregate: Aggregate) -> Array:
        """Return low, estimate and high, 95 %, of an aggregate that is an array: (3, ...)."""
        low, high = interval(aggregate(self.replicates))
        return np.stack([low, aggregate(self.scores), high])

    def interval(self, aggregate: Aggregate) -> Interval:
        """Return an aggregate that is a number with its 95 % interval."""
        return Interval(*map(float, self.band(aggregate)))


def improvement(x: Redrawn, y: Redrawn) -> Interval:
    """Return P(X > Y) of two methods on the same contexts, redrawn as often, and its interval."""
    low, high = interval(better(x.replicates, y.replicates))
    return Interval(float(low), float(better(x.scores, y.scores)), float(high))


def better(x: Array, y: Array) -> Array:
    """Return P(X > Y) of scores of trainings, (..., S, M) and (..., S', M)."""
    signs = [np.sign(x[..., s, None, :] - y).mean(axis=(-2, -1)) for s in range(x.shape[-2])]
    return np.asarray((1.0 + np.mean(signs, axis=0)) / 2.0)
