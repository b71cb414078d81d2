"""What an agent sees of a junction.

Notation
    p    green phases
    m    lanes that end at the light
    o    numbers in an observation
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.sumo.plans import Plan
from rltransfer.envs.simulators.sumo.signal import Signal

__all__ = ["LaneDensities", "OccupiedCells", "View"]


class View(ABC):
    """Turns the present moment into an observation."""

    @staticmethod
    @abstractmethod
    def space(signal: Signal) -> gym.spaces.Box:
        """Return the space of the observations at a light."""

    @staticmethod
    @abstractmethod
    def cars(signal: Signal) -> slice:
        """Return which numbers of an observation are 0 when there are no cars."""

    @staticmethod
    @abstractmethod
    def queues(signal: Signal) -> NDArray[np.float64]:
        """Return which of them, at the light, grow with the queues a phase serves, shape (p, o)."""

    @abstractmethod
    def observe(self, sumo: Any, signal: Signal, plan: Plan) -> NDArray[np.float32]:
        """Look at the simulation."""


class OccupiedCells(View):
    """MBTL's: which parts of the approaches hold a car; 80 bits.

    Each arm (W, N, E, S) has two groups of lanes, 0 to 2 and the left-turn lane 3, and each group
    10 cells; bit 10 · group + cell is 1 where a car is. The cells grow with the distance from the
    stop line, and with the length of the arms. Neither light nor context is seen.
    """

    ARMS = "WNES"
    ENDS = np.array([7.0, 14.0, 21.0, 28.0, 40.0, 60.0, 100.0, 160.0, 400.0]) / 750.0
    """Where the cells end, as shares of the arm; the last cell ends with the arm."""
    CELLS = len(ENDS) + 1
    NEAR = 7
    """Cells that end within 100 m of the stop line, where arms are 750 m long."""
    LEFT_LANE = 3

    @staticmethod
    def space(signal: Signal) -> gym.spaces.Box:
        """Return 80 numbers between 0 and 1."""
        groups = 2 * len(OccupiedCells.ARMS)
        return gym.spaces.Box(0.0, 1.0, (groups * OccupiedCells.CELLS,), np.float32)

    @staticmethod
    def cars(signal: Signal) -> slice:
        """Return all of them."""
        return slice(None)

    @staticmethod
    def queues(signal: Signal) -> NDArray[np.float64]:
        """Return the near cells of the groups with a lane that may go."""
        rows = np.zeros((len(signal.greens), *OccupiedCells.space(signal).shape))
        for row, served in zip(rows, signal.served, strict=True):
            for lane in served:
                first = OccupiedCells.CELLS * OccupiedCells.group(lane)
                row[first : first + OccupiedCells.NEAR] = 1.0
        return rows

    def observe(self, sumo: Any, signal: Signal, plan: Plan) -> NDArray[np.float32]:
        """Set the bits of all cars that approach the light."""
        bits = np.zeros((2 * len(self.ARMS), self.CELLS), dtype=np.float32)
        for lane in signal.lanes:
            if cars := sumo.lane.getLastStepVehicleIDs(lane.id):
                places = np.array([sumo.vehicle.getLanePosition(car) for car in cars])
                cells = self.ENDS.searchsorted(1.0 - places / lane.length, side="right")
                bits[self.group(lane.id), cells] = 1.0
        return bits.ravel()

    @staticmethod
    def group(lane: str) -> int:
        """Return the number of a lane's group."""
        arm, number = lane[0], int(lane[-1])
        return 2 * OccupiedCells.ARMS.index(arm) + (number == OccupiedCells.LEFT_LANE)


class LaneDensities(View):
    """sumo-rl's default: (p + 1 + 2 m) numbers between 0 and 1.

    One-hot green phase (p), whether it may change (1), how much of each lane is covered by cars
    (m), and by cars that stand (m), both as shares of the cars that the lane can hold.
    """

    MIN_GAP = 2.5  # m

    @staticmethod
    def space(signal: Signal) -> gym.spaces.Box:
        """Return p + 1 + 2 m numbers between 0 and 1."""
        size = len(signal.greens) + 1 + 2 * len(signal.lanes)
        return gym.spaces.Box(0.0, 1.0, (size,), np.float32)

    @staticmethod
    def cars(signal: Signal) -> slice:
        """Return all lanes."""
        return slice(len(signal.greens) + 1, None)

    @staticmethod
    def queues(signal: Signal) -> NDArray[np.float64]:
        """Return the standing cars of the lanes that may go."""
        rows = np.zeros((len(signal.greens), *LaneDensities.space(signal).shape))
        for row, served in zip(rows, signal.served, strict=True):
            row[-len(signal.lanes) :] = [lane.id in served for lane in signal.lanes]
        return rows

    def observe(self, sumo: Any, signal: Signal, plan: Plan) -> NDArray[np.float32]:
        """Count cars per lane."""
        phase = [float(number == plan.green) for number in range(len(signal.greens))]
        lanes = signal.lanes
        capacities = [
            lane.length / (self.MIN_GAP + sumo.lane.getLastStepLength(lane.id)) for lane in lanes
        ]
        cars = [sumo.lane.getLastStepVehicleNumber(lane.id) for lane in lanes]
        halted = [sumo.lane.getLastStepHaltingNumber(lane.id) for lane in lanes]
        shares = np.array([cars, halted]) / capacities
        return np.concatenate(
            [phase, [float(plan.may_change)], np.minimum(1.0, shares).ravel()], dtype=np.float32
        )
