"""Pictures of a running simulation: lanes, lights and vehicles, seen from above."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Window", "draw", "whole_network"]

Point = tuple[float, float]
Colour = tuple[int, int, int]

GROUND: Colour = (229, 233, 224)
ROAD: Colour = (92, 96, 104)
MARKING: Colour = (150, 154, 160)
LIGHTS: dict[str, Colour] = {"G": (40, 180, 80), "g": (40, 180, 80), "y": (240, 190, 30)}
RED: Colour = (210, 50, 50)
FAST, STANDING = np.array([70, 130, 220]), np.array([235, 120, 40])  # colours of vehicles
FAST_SPEED = 14.0  # m/s
LIGHT_WIDTH = 3  # pixels


class Window(NamedTuple):
    """The part of the world that is drawn: a square."""

    x: float  # m, its centre
    y: float
    radius: float  # m, half its side
    pixels: int = 600

    def point(self, place: Sequence[float]) -> Point:
        """Return where a place in the world lies in the picture."""
        scale = self.pixels / (2 * self.radius)
        return (
            (place[0] - self.x + self.radius) * scale,
            (self.y + self.radius - place[1]) * scale,
        )

    def width(self, metres: float) -> int:
        """Return a width in pixels, at least 1."""
        return max(1, round(metres * self.pixels / (2 * self.radius)))


def whole_network(sumo: Any) -> Window:
    """Return the window that holds the whole network."""
    (west, south), (east, north) = sumo.simulation.getNetBoundary()
    radius = 0.55 * max(east - west, north - south, 1.0)
    return Window((west + east) / 2, (south + north) / 2, radius)


def draw(sumo: Any, window: Window) -> NDArray[np.uint8]:
    """Draw the present moment, shape (height, width, 3)."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    import pygame

    surface = pygame.Surface((window.pixels, window.pixels))
    surface.fill(GROUND)
    for colour, share in ((MARKING, 1.0), (ROAD, 0.9)):
        for lane in sumo.lane.getIDList():
            line = [window.point(place) for place in sumo.lane.getShape(lane)]
            width = window.width(share * sumo.lane.getWidth(lane))
            pygame.draw.lines(surface, colour, False, line, width)
    for junction in sumo.junction.getIDList():
        area = [window.point(place) for place in sumo.junction.getShape(junction)]
        if len(area) > 2:
            pygame.draw.polygon(surface, ROAD, area)
    for colour, ends in lights(sumo, window):
        pygame.draw.line(surface, colour, *ends, LIGHT_WIDTH)
    for vehicle in sumo.vehicle.getIDList():
        pygame.draw.polygon(surface, colour_of(sumo, vehicle), outline(sumo, vehicle, window))
    return np.ascontiguousarray(pygame.surfarray.array3d(surface).swapaxes(0, 1))


def lights(sumo: Any, window: Window) -> list[tuple[Colour, tuple[Point, Point]]]:
    """Return the stop line of every link, in the colour of its light."""
    found = []
    for light in sumo.trafficlight.getIDList():
        state = sumo.trafficlight.getRedYellowGreenState(light)
        for letter, links in zip(state, sumo.trafficlight.getControlledLinks(light), strict=False):
            for lane, _, _ in links:
                before, end = sumo.lane.getShape(lane)[-2:]
                found.append((LIGHTS.get(letter, RED), across(sumo, lane, before, end, window)))
    return found


def across(sumo: Any, lane: str, before: Point, end: Point, window: Window) -> tuple[Point, Point]:
    """Return the line across a lane at its end, in the picture."""
    along = math.dist(before, end) or 1.0
    half = sumo.lane.getWidth(lane) / 2 / along
    x, y = (before[1] - end[1]) * half, (end[0] - before[0]) * half
    return window.point((end[0] - x, end[1] - y)), window.point((end[0] + x, end[1] + y))


def outline(sumo: Any, vehicle: str, window: Window) -> list[Point]:
    """Return the corners of a vehicle, whose place is that of its front bumper."""
    x, y = sumo.vehicle.getPosition(vehicle)
    heading = math.radians(sumo.vehicle.getAngle(vehicle))  # clockwise from north
    forward = np.array([math.sin(heading), math.cos(heading)])
    side = np.array([forward[1], -forward[0]]) * sumo.vehicle.getWidth(vehicle) / 2
    front = np.array([x, y])
    back = front - forward * sumo.vehicle.getLength(vehicle)
    return [
        window.point(corner) for corner in (front - side, front + side, back + side, back - side)
    ]


def colour_of(sumo: Any, vehicle: str) -> Colour:
    """Return a colour from standing to fast."""
    share = min(1.0, max(0.0, sumo.vehicle.getSpeed(vehicle) / FAST_SPEED))
    red, green, blue = (STANDING + share * (FAST - STANDING)).astype(int).tolist()
    return red, green, blue
