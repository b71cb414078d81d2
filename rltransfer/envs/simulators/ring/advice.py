"""What the guided vehicle is told, and the speed that it makes of it.

Notation
    n    rings, a guided vehicle each
    v    its speed at the beginning of a step, m/s
    Δt   the step, s

As in SUMO under TraCI's `slowDown` with all checks of the speed on, the vehicle does what it is
told as far as its car-following model calls that safe, but never brakes harder than DECEL: that is
how it can run into its leader.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

__all__ = ["ADVICE", "AccelerationAdvice", "Advice", "SpeedAdvice"]

Floats = NDArray[np.float64]

HARDEST_ADVICE = 0.5  # m/s², of an action of 1
FASTEST_ADVICE = 10.0  # m/s, of the last of LEVELS actions
LEVELS = 10
ACCEL, DECEL = 1.0, 1.5  # m/s², what SUMO lets a vehicle change its speed by


class Advice(ABC):
    """A number for every guided vehicle, held until the next decision.

    Attributes:
        values: the advice, shape (n,), in the unit of its kind.
    """

    def __init__(self, values: Floats) -> None:
        self.values = values

    @staticmethod
    @abstractmethod
    def action_space() -> gym.spaces.Discrete | gym.spaces.Box:
        """Return a new action space, of one ring."""

    @classmethod
    @abstractmethod
    def of_actions(cls, actions: NDArray[Any]) -> Self:
        """Read n actions as they come from the action space."""

    def followed(self, v: Floats, safe: Floats, dt: float) -> Floats:
        """Return the speeds after Δt, shape (n,), of vehicles that could safely have `safe`."""
        speeds = np.minimum(self.wanted(v, dt), safe)
        return np.asarray(np.maximum(speeds, v - DECEL * dt))

    @abstractmethod
    def wanted(self, v: Floats, dt: float) -> Floats:
        """Return the speeds, shape (n,), that the advice asks for after Δt."""

    def take(self, rings: NDArray[np.intp]) -> Self:
        """Return the advice of some rings, in their order."""
        return type(self)(self.values[rings])

    def leading(self, k: int) -> Self:
        """Return the advice of the first k rings."""
        return type(self)(self.values[:k])


class AccelerationAdvice(Advice):
    """An acceleration in m/s², of either sign."""

    @staticmethod
    def action_space() -> gym.spaces.Box:
        """Return the accelerations as shares of the hardest."""
        return gym.spaces.Box(-1.0, 1.0, (1,), np.float32)

    @classmethod
    def of_actions(cls, actions: NDArray[Any]) -> Self:
        """Scale actions of shape (n, 1)."""
        return cls(HARDEST_ADVICE * actions[:, 0].astype(np.float64))

    def wanted(self, v: Floats, dt: float) -> Floats:
        """Return max(0, v + a Δt)."""
        return np.asarray(np.maximum(v + self.values * dt, 0.0))


class SpeedAdvice(Advice):
    """One of ten speeds in m/s, which the vehicle approaches as fast as it may."""

    @staticmethod
    def action_space() -> gym.spaces.Discrete:
        """Return the levels."""
        return gym.spaces.Discrete(LEVELS)

    @classmethod
    def of_actions(cls, actions: NDArray[Any]) -> Self:
        """Scale levels, shape (n,)."""
        return cls(FASTEST_ADVICE / (LEVELS - 1) * actions.astype(np.float64))

    def wanted(self, v: Floats, dt: float) -> Floats:
        """Return the target, or v + ACCEL Δt on the way up."""
        return np.asarray(np.minimum(self.values, v + ACCEL * dt))


ADVICE: dict[str, type[Advice]] = {"acceleration": AccelerationAdvice, "speed": SpeedAdvice}
"""By the option `guidance`."""
