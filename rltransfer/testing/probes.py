"""Where in a context space to look."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import ContextFeature

__all__ = ["corners", "two_other_values"]


def two_other_values(feature: ContextFeature) -> list[float]:
    """Return the two of three values inside the range that are furthest from the default."""
    units = np.array([0.2, 0.55, 0.9])
    furthest = np.argsort(np.abs(units - feature.to_unit(feature.default)))[1:]
    return [float(value) for value in feature.from_unit(units[furthest])]


def corners(d: int) -> NDArray[np.float64]:
    """Return some corners of the unit cube, shape (2 d + 2, d): all at one end, or all but one."""
    return np.concatenate([np.zeros((1, d)), np.eye(d), 1 - np.eye(d), np.ones((1, d))])
