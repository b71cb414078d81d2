"""What decisions at a light are paid.

Notation
    W    s, waiting times of the cars that are now on the approaches, added up
    T    s, duration of an episode

Rewards W_before - W_now add up to -W at the end of the episode, whatever happened in between. They
are a signal to learn from with a discount, but say little of an episode: once the last cars have
left, even random decisions have earned 0. MBTL trains on them and reports
Σ min(W_before - W_now, 0) / T instead, how fast waiting grew when it grew; `WaitingGrowth` pays
just that, and `Queue` what sumo-rl calls by this name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

__all__ = ["ApproachWaits", "LaneWaits", "Queue", "Reward", "WaitingChange", "WaitingGrowth"]


class Reward(ABC):
    """Pays for the decision just carried out."""

    @abstractmethod
    def begin(self) -> None:
        """Forget the last episode."""

    @abstractmethod
    def after(self, sumo: Any, lanes: Sequence[str]) -> float:
        """Return the reward, from what is seen on the lanes that end at the light."""


class Queue(Reward):
    """Minus the number of cars that stand: sumo-rl's `queue`."""

    def begin(self) -> None:
        """Nothing to forget."""

    def after(self, sumo: Any, lanes: Sequence[str]) -> float:
        """Count them now; those of the seconds in between are not seen."""
        return -float(sum(sumo.lane.getLastStepHaltingNumber(lane) for lane in lanes))


class Waits(ABC):
    """Measures W."""

    @abstractmethod
    def begin(self) -> None:
        """Forget the last episode."""

    @abstractmethod
    def of(self, car: str, lane: str, waited: float) -> float:
        """Return what counts of the time that a car on this lane has waited since it entered."""

    def total(self, sumo: Any, lanes: Sequence[str]) -> float:
        """Return W."""
        return sum(
            self.of(car, lane, sumo.vehicle.getAccumulatedWaitingTime(car))
            for lane in lanes
            for car in sumo.lane.getLastStepVehicleIDs(lane)
        )


class ApproachWaits(Waits):
    """MBTL's: all of it."""

    def begin(self) -> None:
        """Nothing to forget."""

    def of(self, car: str, lane: str, waited: float) -> float:
        """Return all of it."""
        return waited


class LaneWaits(Waits):
    """sumo-rl's: what was waited on the present lane, as far as decisions have seen it."""

    def begin(self) -> None:
        """Forget all cars."""
        self._seen: defaultdict[str, dict[str, float]] = defaultdict(dict)

    def of(self, car: str, lane: str, waited: float) -> float:
        """Return the time without what was waited on other lanes."""
        seen = self._seen[car]
        seen[lane] = waited - sum(time for other, time in seen.items() if other != lane)
        return seen[lane]


class WaitingChange(Reward):
    """The fall of W.

    Args:
        waits: measures W.
        unit: seconds of waiting that cost 1.
    """

    def __init__(self, waits: Waits, unit: float) -> None:
        self._waits, self._unit = waits, unit

    def begin(self) -> None:
        """Nobody waits at first."""
        self._waits.begin()
        self._before = 0.0

    def after(self, sumo: Any, lanes: Sequence[str]) -> float:
        """Return (W_before - W_now) / unit."""
        before, self._before = self._before, self._waits.total(sumo, lanes) / self._unit
        return before - self._before


class WaitingGrowth(WaitingChange):
    """The fall of W where it rises, and nothing where it falls."""

    def after(self, sumo: Any, lanes: Sequence[str]) -> float:
        """Return min(W_before - W_now, 0) / unit."""
        return min(super().after(sumo, lanes), 0.0)
