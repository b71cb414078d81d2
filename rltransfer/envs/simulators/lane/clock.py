"""The step in which lanes are simulated."""

from __future__ import annotations

import math

__all__ = ["STEP", "steps_of"]

STEP = 0.5  # s


def steps_of(seconds: float) -> int:
    """Return the first whole number of steps that last at least so long."""
    return math.ceil(round(seconds / STEP, 9))
