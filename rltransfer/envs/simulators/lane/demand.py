"""Who comes down a road, and when.

Vehicles arrive as a Poisson process. Each is automated with the probability `penetration`;
otherwise a human drives it, with a character of their own.

Human drivers are drawn from triangular distributions with the ends and the mean of a table of 2000
calibrated IDM drivers (IntersectionZoo, Jayawardana et al. 2024), each parameter alone: the table
is not ours to give. All vehicles are passenger cars, and all would drive at the speed limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

__all__ = ["AUTOMATED", "VEHICLE_LENGTH", "Arrival", "Demand", "Driver"]

VEHICLE_LENGTH = 5.0  # m
MILLISECONDS = 3  # decimals of an arrival's time in s: what SUMO keeps


class Driver(NamedTuple):
    """The parameters of the Intelligent Driver Model."""

    accel: float  # m/s²
    decel: float  # m/s²
    headway: float  # s
    min_gap: float  # m


AUTOMATED = Driver(accel=2.6, decel=4.5, headway=1.0, min_gap=2.0)

HUMAN_LOW = Driver(accel=0.72, decel=1.42, headway=0.16, min_gap=1.63)
HUMAN_HIGH = Driver(accel=0.77, decel=1.99, headway=0.46, min_gap=2.85)
HUMAN_MEAN = Driver(accel=0.744, decel=1.67, headway=0.296, min_gap=2.20)
HUMAN_MODE = Driver(*(3 * np.array(HUMAN_MEAN) - HUMAN_LOW - HUMAN_HIGH))


class Arrival(NamedTuple):
    """A vehicle that wants to enter a road at a time, s after the road was empty."""

    time: float
    automated: bool
    driver: Driver


class Demand(Iterator[Arrival]):
    """The arrivals of one road, one after the other, without end.

    Args:
        context: `inflow` in vehicles per hour and `penetration`, the share of automated ones.
        seed: decides all demands of a road.
        number: of this one, from 0.
    """

    def __init__(self, context: Mapping[str, float], seed: int, number: int = 0) -> None:
        self._mean_gap = 3600.0 / context["inflow"]
        self._penetration = context["penetration"]
        self._rng = np.random.default_rng((seed, number))
        self._time = 0.0

    def __next__(self) -> Arrival:
        """Draw the next arrival."""
        self._time = round(self._time + self._rng.exponential(self._mean_gap), MILLISECONDS)
        automated = bool(self._rng.random() < self._penetration)
        human = self._rng.triangular(HUMAN_LOW, HUMAN_MODE, HUMAN_HIGH)
        return Arrival(self._time, automated, AUTOMATED if automated else Driver(*human.tolist()))
