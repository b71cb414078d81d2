"""The Intelligent Driver Model in discrete time, as SUMO 1.28 computes it.

Notation
    v, v_l   speed of a vehicle and of its leader at the beginning of the step, m/s
    g        gap from the vehicle's front bumper to the leader's rear bumper, m
    v0       desired speed: limit of the lane × speed factor of the driver, m/s
    a, b     acceleration and comfortable deceleration, m/s²
    T, s0    headway to the leader, s, and gap at rest, m
    Δt, k    time step, s, and the number of parts in which it is computed

    s* = s0 + max(0, v T + v (v - v_l) / (2 √(a b)))
    dv/dt = a (1 - (v / v0)⁴ - (s* / g)²)

Source: Treiber, Hennecke, Helbing 2000, Congested traffic states in empirical observations and
microscopic simulations, eqs. 2, 3. The parts, the floors of gap and speed and the leader's
constant speed are SUMO's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["IDM", "workspace"]

Floats = NDArray[np.float64]
Values = float | Floats

PART = 0.25  # s, the time that SUMO aims at for one part of a step
SMALLEST_GAP = 1e-3  # m, keeps the quotient finite where vehicles overlap
CREEP = 1e-4  # m/s²: a vehicle that would be slower than CREEP Δt stands


@dataclass(frozen=True, slots=True, eq=False)
class IDM:
    """Drivers and the step in which they are moved.

    Every quantity of a driver is one number for all or an array that broadcasts with the speeds;
    the arrays of `desired_speed`, `headway` and `min_gap` may be changed in place between steps.

    Attributes:
        desired_speed: v0, m/s.
        accel: a, m/s².
        decel: b, m/s².
        headway: T, s.
        min_gap: s0, m.
        dt: Δt, s. Up to 0.5 s steps equal SUMO's; above, they do not.
        parts: k, as SUMO chooses it.
    """

    desired_speed: Values
    accel: Values = 1.0
    decel: Values = 1.5
    headway: Values = 1.0
    min_gap: Values = 2.0
    dt: float = 0.1
    parts: int = field(init=False)
    _interaction: Values = field(init=False)  # 1 / (2 √(a b))
    _gain: Values = field(init=False)  # a Δt / k

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", max(1, math.floor(self.dt / PART + 0.5)))
        object.__setattr__(self, "_interaction", 0.5 / np.sqrt(self.accel * self.decel))
        object.__setattr__(self, "_gain", self.accel * (self.dt / self.parts))

    def next_speeds(
        self, speeds: Floats, leader_speeds: Floats, gaps: Floats, work: Floats | None = None
    ) -> Floats:
        """Return the speeds after Δt; nothing that is given changes but `work`.

        Args:
            speeds: v, any shape, m/s.
            leader_speeds: v_l, the same shape, m/s.
            gaps: g, the same shape, m; np.inf where there is no leader.
            work: memory from `workspace`, for loops that must not allocate; its first array is
                what is returned.
        """
        following: Floats
        following, g, s, quotient = workspace(speeds.shape) if work is None else work
        np.maximum(gaps, SMALLEST_GAP, out=g)
        v = speeds
        for part in range(self.parts):
            if part:
                self._close_gap(v, leader_speeds, g, out=s)
            self._desired_gap(v, leader_speeds, out=s)
            s /= g
            s *= s
            np.divide(v, self.desired_speed, out=quotient)
            quotient *= quotient
            quotient *= quotient
            s += quotient
            np.subtract(1.0, s, out=s)
            s *= self._gain
            v = np.add(v, s, out=following)
        following[following < CREEP * self.dt] = 0.0
        return following

    def _desired_gap(self, v: Floats, leader_speeds: Floats, out: Floats) -> None:
        """Write s* = s0 + max(0, v (T + (v - v_l) / (2 √(a b)))) into `out`."""
        np.subtract(v, leader_speeds, out=out)
        out *= self._interaction
        out += self.headway
        out *= v
        np.maximum(out, 0.0, out=out)
        out += self.min_gap

    def _close_gap(self, v: Floats, leader_speeds: Floats, g: Floats, out: Floats) -> None:
        """Shorten g by what a part of the step takes from it; a gap that opens stays."""
        np.subtract(v, leader_speeds, out=out)
        np.maximum(out, 0.0, out=out)
        out *= self.dt / self.parts
        g -= out
        np.maximum(g, SMALLEST_GAP, out=g)


def workspace(shape: int | tuple[int, ...]) -> Floats:
    """Return the memory that a step of vehicles in this shape needs."""
    return np.empty((4, *np.atleast_1d(shape)))
