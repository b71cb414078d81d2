"""What a gap study finds out about one method.

Notation
    S, M, E, L     trainings, contexts, episodes, levels of a profile
    J, ΔJ          returns and gaps, shape (S, M, E), see `method`
    series         one number per training and episode, shape (S, E): a mean over some contexts

    train/held-out gap = mean J where training was - mean J elsewhere   (Mediratta et al. 2024)

A mean over contexts is taken within a training and episode first. So set point and return of a
gap stay together when trainings, and then episodes, are redrawn for an interval.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from rltransfer.experiment.gap_study.ground import Ground
from rltransfer.experiment.gap_study.law import GapLaw
from rltransfer.experiment.gap_study.method import PARTS, Method
from rltransfer.transfer import Interval, stratified_bootstrap
from rltransfer.transfer.aggregates import (
    Redrawn,
    average,
    middle_half,
    optimality_gap,
    performance_profile,
    worst_share,
)
from rltransfer.transfer.statistics import interval, resampled

__all__ = ["HELD_OUT", "LEVELS", "Findings", "PartFinding", "mean_of"]

Array = NDArray[np.float64]

LEVELS = np.linspace(0.0, 1.0, 101)
"""Scores at which performance profiles are read."""

HELD_OUT = "held-out"
"""Interpolation and extrapolation together."""


@dataclass(frozen=True)
class PartFinding:
    """One part of the contexts.

    Attributes:
        name: of `PARTS`, or `HELD_OUT`.
        contexts: how many, a mean over trainings.
        returns: mean J.
        gap: mean ΔJ; None where set points are not known.
        lost: mean J where training was, less mean J here; None for the training part.
    """

    name: str
    contexts: float
    returns: Interval
    gap: Interval | None
    lost: Interval | None


@dataclass(frozen=True, eq=False)
class Findings:
    """The numbers of one method. Intervals are 95 %, over trainings and episodes.

    Attributes:
        method: what was measured.
        parts: the part of each context for each training, (S, M), numbers of `PARTS` or -1.
        returns: mean J.
        score: the same on the family's scale from 0 to 1.
        iqm: interquartile mean of the scores of all trainings and contexts.
        optimality_gap: by how much the scores miss 1.
        worst: mean J over the worst share of contexts of each training (CVaR).
        gap: mean ΔJ; None where set points are not known.
        by_part: what is found in each part that there is, and held out together.
        profile: low, estimate and high of the performance profile at `LEVELS`, (3, L).
        low, high: ends of the intervals of each context's gap, (M,); NaN without gaps.
        regret: best mean return known in each context - mean J, (M,).
        law: how the gap grows with distance; None where too little is known.
    """

    method: Method
    parts: NDArray[np.int8]
    returns: Interval
    score: Interval
    iqm: Interval
    optimality_gap: Interval
    worst: Interval
    gap: Interval | None
    by_part: tuple[PartFinding, ...]
    profile: Array
    low: Array
    high: Array
    regret: Array
    law: GapLaw | None

    @classmethod
    def of(
        cls, method: Method, ground: Ground, best: Array, worst: float, rng: np.random.Generator
    ) -> Findings:
        """Find the numbers of a method.

        Args:
            method: what was measured.
            ground: where.
            best: the best mean return known in each context, (M,).
            worst: the share of contexts in the CVaR.
            rng: source of randomness of the intervals.
        """
        J, score = method.returns, ground.env.spec.score
        drawn = Redrawn.of(J, rng)
        scores = drawn.scaled(score.low, score.high)
        parts = np.stack([ground.parts(training) for training in method.trainings])
        low, high = context_intervals(method.gaps, rng)
        return cls(
            method=method,
            parts=parts,
            returns=drawn.interval(average),
            score=scores.interval(average),
            iqm=scores.interval(middle_half),
            optimality_gap=scores.interval(optimality_gap),
            worst=drawn.interval(partial(worst_share, share=worst)),
            gap=mean_of(method.gaps, rng) if method.knows_home else None,
            by_part=found_by_part(method, parts, ground, rng),
            profile=scores.band(partial(performance_profile, levels=LEVELS)),
            low=low,
            high=high,
            regret=best - method.mean,
            law=GapLaw.fit(method.rows, ground.space, ground.targets, rng),
        )

    @cached_property
    def gaps(self) -> Array:
        """Mean ΔJ of each context, (M,), or NaN."""
        return np.asarray(self.method.gaps.mean(axis=(0, 2)))

    @property
    def lost(self) -> Mapping[str, Interval]:
        """The train/held-out gaps by part."""
        return {part.name: part.lost for part in self.by_part if part.lost is not None}

    @property
    def common_parts(self) -> NDArray[np.int8]:
        """The part of each context, (M,): the first training's."""
        return np.asarray(self.parts[0])


def mean_of(z: Array, rng: np.random.Generator) -> Interval:
    """Return the mean of z (S, M, E), or of a series (S, E), with its interval."""
    series = z.mean(axis=1) if z.ndim == 3 else z
    return stratified_bootstrap(series[:, None, :], np.mean, rng)


def context_intervals(gaps: Array, rng: np.random.Generator) -> Array:
    """Return the ends of the interval of each context's mean gap, shape (2, M)."""
    means = np.concatenate([drawn.mean(axis=(1, 3)) for drawn in resampled(gaps, rng, 1000)])
    return interval(means)


def found_by_part(
    method: Method, parts: NDArray[np.int8], ground: Ground, rng: np.random.Generator
) -> tuple[PartFinding, ...]:
    """Return what is found in the parts that every training has."""
    masks = {name: parts == number for number, name in enumerate(PARTS)}
    masks[HELD_OUT] = masks["interpolation"] | masks["extrapolation"]
    train = method.at_home if ground.split is None else series(method.returns, masks["train"])
    return tuple(
        PartFinding(
            name=name,
            contexts=float(mask.sum(axis=1).mean()),
            returns=mean_of(series(method.returns, mask), rng),
            gap=mean_of(series(method.gaps, mask), rng) if method.knows_home else None,
            lost=None if name == "train" else mean_of(train - series(method.returns, mask), rng),
        )
        for name, mask in masks.items()
        if mask.any(axis=1).all()
    )


def series(z: Array, mask: NDArray[np.bool_]) -> Array:
    """Return the mean of z (S, M, E) over the contexts of a mask (S, M), shape (S, E)."""
    return np.stack([values[chosen].mean(axis=0) for values, chosen in zip(z, mask, strict=True)])
