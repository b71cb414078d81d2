"""A road with its light, seen from above: humans grey, automated vehicles blue, agents orange."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.lane.demand import AUTOMATED, VEHICLE_LENGTH
from rltransfer.envs.simulators.lane.roads import Roads
from rltransfer.envs.simulators.lane.signals import GREEN, RED, YELLOW
from rltransfer.envs.simulators.lane.traffic import ACCEL, NOBODY, PILOT, POSITION

__all__ = ["AGENT", "ALONE", "HUMAN", "Car", "draw_road", "road_picture"]

Pixels = NDArray[np.uint8]

WIDTH, HEIGHT, MARGIN = 1000, 80, 10  # pixels
LANE, CAR = 24, 12  # pixels across
GRASS, ASPHALT = (226, 232, 220), (84, 88, 94)
HUMAN, ALONE, AGENT = (200, 202, 206), (76, 134, 214), (240, 140, 40)
LIGHTS = {GREEN: (60, 170, 80), YELLOW: (240, 200, 40), RED: (214, 50, 46)}


class Car(NamedTuple):
    """A vehicle in a picture."""

    front: float  # m
    colour: tuple[int, int, int]


def draw_road(end: float, line: float, phase: int, cars: Iterable[Car]) -> Pixels:
    """Draw a road of `end` metres with a light at `line`, shape (HEIGHT, WIDTH, 3)."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    import pygame

    scale, top = (WIDTH - 2 * MARGIN) / end, HEIGHT // 2
    surface = pygame.Surface((WIDTH, HEIGHT))
    surface.fill(GRASS)
    surface.fill(ASPHALT, (MARGIN, top - LANE // 2, WIDTH - 2 * MARGIN, LANE))
    for front, colour in cars:
        length = max(4, round(VEHICLE_LENGTH * scale))
        surface.fill(colour, (MARGIN + front * scale - length, top - CAR // 2, length, CAR))
    at = MARGIN + round(line * scale)
    surface.fill(LIGHTS[phase], (at, top - LANE // 2, 3, LANE))
    pygame.draw.circle(surface, LIGHTS[phase], (at + 1, top - LANE), 6)
    return np.ascontiguousarray(pygame.surfarray.array3d(surface).swapaxes(0, 1))


def road_picture(roads: Roads, road: int) -> Pixels:
    """Draw one of some roads."""
    which = np.array([road])
    phase = int(roads.signals.phases(which, roads.now[which])[0])
    vehicles = roads.traffic.cells(which)[:, 0, : roads.traffic.counts[road]]
    cars = [Car(vehicle[POSITION], colour_of(vehicle)) for vehicle in vehicles.T.tolist()]
    return draw_road(roads.traffic.ends[road], roads.traffic.lines[road], phase, cars)


def colour_of(vehicle: list[float]) -> tuple[int, int, int]:
    """Return what a vehicle, given by its cell, is painted with."""
    if vehicle[PILOT] != NOBODY:
        return AGENT
    return ALONE if vehicle[ACCEL] == AUTOMATED.accel else HUMAN
