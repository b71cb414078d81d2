"""The law of the gap as people read it: along each feature, on each side of home.

Notation
    s       signed distance along a feature: context of use less training context, unit lengths
    ΔJ(s)   the law along the feature, all others being at home
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rltransfer.selection.matrix_gp.profile import Profile, lost
from rltransfer.transfer.statistics import interval

__all__ = ["Side", "along", "sides_of"]

Array = NDArray[np.float64]
Ends = tuple[float, float]

STEPS = 400
"""Of the search for the distance at which half of a loss is reached."""


@dataclass(frozen=True)
class Side:
    """The law along one feature, on one side of the training context.

    Attributes:
        feature: its name.
        side: "below" or "above": where the context of use lies.
        slope: ΔJ per unit length, close to the training context.
        far: the largest distance that was measured, in unit lengths.
        loss: ΔJ at this distance.
        half: the least distance at which half of this loss is reached.
        slope_ends, loss_ends: of their 95 % intervals over policies; None for a few policies.
    """

    feature: str
    side: str
    slope: float
    far: float
    loss: float
    half: float
    slope_ends: Ends | None = None
    loss_ends: Ends | None = None


def along(profile: Profile, j: int, s: Array) -> Array:
    """Return ΔJ(s) along feature j."""
    return np.asarray(lost(-s, profile.losses[j]) - profile.tilts[j] * s)


def sides_of(
    profile: Profile, redrawn: Sequence[Profile], features: Sequence[str], apart: Array
) -> Iterator[Side]:
    """Yield the law by feature and side, as far as there are displacements (n, d).

    Args:
        profile: the law.
        redrawn: the law fitted to redrawn policies; none where there are too few.
        features: names.
        apart: s of every pair of a policy and a context.
    """
    for j, feature in enumerate(features):
        for side, sign in (("below", -1.0), ("above", 1.0)):
            far = float(max(0.0, (sign * apart[:, j]).max()))
            if far > 0.0:
                way = np.linspace(0.0, sign * far, STEPS + 1)
                slope, loss, half = told(profile, j, way)
                ends = [told(other, j, way)[:2] for other in redrawn]
                yield Side(feature, side, slope, far, loss, half, *ends_of(ends))


def told(profile: Profile, j: int, way: Array) -> tuple[float, float, float]:
    """Return slope, loss and half of the law along a way from 0."""
    gaps = along(profile, j, way)
    reached = np.abs(gaps) >= abs(gaps[-1]) / 2.0
    half = abs(float(way[reached.argmax()]))
    return float(gaps[1] / abs(way[1])), float(gaps[-1]), half


def ends_of(numbers: Sequence[tuple[float, float]]) -> tuple[Ends | None, Ends | None]:
    """Return the ends of the intervals of slope and loss; None where nothing was redrawn."""
    if not numbers:
        return None, None
    (slope_low, loss_low), (slope_high, loss_high) = interval(np.array(numbers)).tolist()
    return (slope_low, slope_high), (loss_low, loss_high)
