"""How much a head start is worth on one task: the field's measures of a learning curve.

Notation
    J(t)    score of the policy after t environment steps, straight lines between the looks
    J'(t)   the same of a training without transfer, the reference
    B       budget: the steps that all compared curves reach
    L       floor of the scores, from which areas are measured
    θ       threshold, a score

    start                J(0)
    jump-start           J(0) - J'(0)
    steps to threshold   the least t with J(t) ≥ θ
    asymptote            mean of J over the last quarter of B
    mean                 ∫ J dt / B, the area in units of the score
    transfer ratio       (A - A') / A'   with   A = ∫ (J - L) dt

Source: Taylor and Stone, Transfer Learning for Reinforcement Learning Domains: A Survey (JMLR 10,
2009, section 2.1). They count steps in the target task alone, and so do we: what the sources cost
is told beside these numbers, not in them. Their ratio changes when a constant is added to all
rewards; L makes that choice visible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.errors import InvalidTransferMatrix

__all__ = ["AdaptationMetrics", "LearningCurve", "compared", "threshold_of"]

LAST = 0.25
"""The share of the budget over which the asymptote is a mean."""


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """Scores of a policy while it learns.

    Attributes:
        steps: t of each look, increasing, shape (n,); n is at least 2.
        scores: J(t), shape (n,).

    Raises:
        InvalidTransferMatrix: if there are fewer than 2 looks, if their steps do not increase, or
            if a number is not finite.
    """

    steps: NDArray[np.float64]
    scores: NDArray[np.float64]

    def __post_init__(self) -> None:
        if self.steps.shape != self.scores.shape or self.steps.ndim != 1 or len(self.steps) < 2:
            raise InvalidTransferMatrix(
                "a learning curve needs at least 2 looks, each with its steps and its score; got "
                f"the shapes {self.steps.shape} and {self.scores.shape}."
            )
        if not (np.diff(self.steps) > 0).all():
            raise InvalidTransferMatrix(
                f"the steps of a learning curve must increase; got {self.steps.tolist()}."
            )
        if not (np.isfinite(self.steps).all() and np.isfinite(self.scores).all()):
            raise InvalidTransferMatrix(
                f"the scores of a learning curve must be finite; got {self.scores.tolist()}."
            )

    @classmethod
    def of(cls, points: Iterable[tuple[float, float]]) -> LearningCurve:
        """Return the curve through points (steps, score)."""
        table = np.array(list(points), dtype=np.float64).reshape(-1, 2)
        return cls(table[:, 0], table[:, 1])

    @property
    def start(self) -> float:
        """J at the first look."""
        return float(self.scores[0])

    def between(self, begin: float, end: float) -> LearningCurve:
        """Return the part from `begin` to `end` steps; both ends are on the curve's lines.

        Raises:
            InvalidTransferMatrix: if the curve does not reach from one to the other.
        """
        if not self.steps[0] <= begin < end <= self.steps[-1]:
            raise InvalidTransferMatrix(
                f"a learning curve from {self.steps[0]:g} to {self.steps[-1]:g} steps has no part "
                f"from {begin:g} to {end:g}."
            )
        inside = self.steps[(self.steps > begin) & (self.steps < end)]
        steps = np.array([begin, *inside, end], dtype=np.float64)
        return LearningCurve(steps, np.interp(steps, self.steps, self.scores))

    def area(self, floor: float = 0.0) -> float:
        """Return ∫ (J - floor) dt over the curve: trapezoids between the looks."""
        return float(np.trapezoid(self.scores - floor, self.steps))

    def mean(self) -> float:
        """Return the mean score over the curve's steps."""
        return self.area() / float(self.steps[-1] - self.steps[0])

    def steps_to(self, threshold: float) -> float | None:
        """Return where the curve reaches a score first; None if it does not."""
        high = np.flatnonzero(self.scores >= threshold)
        if not len(high):
            return None
        k = int(high[0])
        if k == 0:
            return float(self.steps[0])
        low, top = self.scores[k - 1], self.scores[k]
        share = (threshold - low) / (top - low)
        return float(self.steps[k - 1] + share * (self.steps[k] - self.steps[k - 1]))


@dataclass(frozen=True)
class AdaptationMetrics:
    """What one training on the target came to; for the symbols see the module.

    Attributes:
        start: J(0).
        jump_start: J(0) - J'(0); None without a reference.
        steps_to_threshold: None if the threshold is not reached, or if there is none.
        asymptote: mean of J over the last quarter of the budget.
        mean: of J over the whole budget.
        transfer_ratio: None without a reference, or where A' is not above 0.
    """

    start: float
    jump_start: float | None
    steps_to_threshold: float | None
    asymptote: float
    mean: float
    transfer_ratio: float | None

    @classmethod
    def of(
        cls,
        curve: LearningCurve,
        reference: LearningCurve | None = None,
        threshold: float | None = None,
        floor: float = 0.0,
    ) -> AdaptationMetrics:
        """Measure a curve against a reference over the same steps.

        Args:
            curve: J.
            reference: J', from the same first step to the same last one.
            threshold: θ.
            floor: L.
        """
        return cls(
            start=curve.start,
            jump_start=None if reference is None else curve.start - reference.start,
            steps_to_threshold=None if threshold is None else curve.steps_to(threshold),
            asymptote=asymptote(curve),
            mean=curve.mean(),
            transfer_ratio=None if reference is None else ratio(curve, reference, floor),
        )


def asymptote(curve: LearningCurve) -> float:
    """Return the mean score over the last quarter of a curve."""
    first, last = float(curve.steps[0]), float(curve.steps[-1])
    return curve.between(last - LAST * (last - first), last).mean()


def ratio(curve: LearningCurve, reference: LearningCurve, floor: float) -> float | None:
    """Return the transfer ratio; None where the reference's area says nothing."""
    without = reference.area(floor)
    return (curve.area(floor) - without) / without if without > 0.0 else None


def threshold_of(curves: Iterable[LearningCurve], low: float, share: float) -> float | None:
    """Return the score that is a share of the way from a low one to the best asymptote.

    It is the same for all curves, and some curve comes near it, so that it tells fast from slow
    on easy and on hard tasks alike. None if no asymptote lies above the low score.
    """
    best = max(asymptote(curve) for curve in curves)
    return low + share * (best - low) if best > low else None


def compared(curves: Mapping[str, LearningCurve]) -> dict[str, LearningCurve]:
    """Cut curves to the steps that all of them have.

    Raises:
        InvalidTransferMatrix: if there are none.
    """
    begin = max(float(curve.steps[0]) for curve in curves.values())
    end = min(float(curve.steps[-1]) for curve in curves.values())
    return {name: curve.between(begin, end) for name, curve in curves.items()}
