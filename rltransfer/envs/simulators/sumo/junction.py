"""MBTL's junction: four arms of four lanes each, and the cars that come to it.

Notation
    L    length of the arms, m
    v    speed limit, m/s
    T    duration of an episode, s
    N    cars per episode
    τ    Weibull(2) draws in rising order, τ_2 the second smallest

The arms are stretched as MBTL does, by replacing two numbers in a file. So right and left turns
inside the junction keep their 6.51 and 11.36 m/s whatever the limit is: where it is lower, a car
speeds up for the 9 or 30 m of its turn.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cars", "draw_cars", "network_of", "routes_of"]

TEMPLATE_LENGTH = re.compile(r"\b750\.00\b")
TEMPLATE_SPEED = re.compile(r"\b13\.89\b")

STRAIGHT = ("W_E", "E_W", "N_S", "S_N")
TURNS = ("W_N", "W_S", "N_W", "N_E", "E_N", "E_S", "S_W", "S_E")
ROUTES = (*STRAIGHT, *TURNS)
"""From arm to arm."""

SHARE_OF_TURNS = 0.25
FASTEST_START = 10.0  # m/s
WEIBULL_SHAPE = 2.0

CAR = (
    '<vType id="car" accel="1.0" decel="4.5" sigma="0.5" length="5.0" minGap="2.5" '
    'maxSpeed="25" speedFactor="norm(1,0)"/>'
)


class Cars(NamedTuple):
    """The demand of one episode."""

    departures: NDArray[np.int64]  # (N,) s, rising
    routes: tuple[str, ...]  # N of them


def network_of(template: Path, length: float, speed: float) -> str:
    """Return the junction as the text of a SUMO network.

    Args:
        template: the junction with arms of 750.00 m and a limit of 13.89 m/s.
        length: L.
        speed: v.
    """
    text = template.read_text(encoding="utf-8")
    text = TEMPLATE_SPEED.sub(f"{speed:.10g}", text)
    return TEMPLATE_LENGTH.sub(f"{length:.10g}", text)


def draw_cars(count: int, duration: int, rng: np.random.Generator) -> Cars:
    """Draw when N cars depart within T, and where they go.

    The departures are t = T (τ - ⌊τ_2⌋) / (⌈τ_N⌉ - ⌊τ_2⌋), rounded to seconds: few at first, most
    before the middle, few at the end (Cho et al. 2024, released code).
    """
    draws = np.sort(rng.weibull(WEIBULL_SHAPE, count))
    low, high = np.floor(draws[1]), np.ceil(draws[-1])
    departures = np.rint(duration * (draws - low) / (high - low)).clip(0, duration)
    turns = rng.uniform(size=count) < SHARE_OF_TURNS
    straight = rng.choice(STRAIGHT, size=count)
    turning = rng.choice(TURNS, size=count)
    return Cars(departures.astype(np.int64), tuple(np.where(turns, turning, straight).tolist()))


def routes_of(cars: Cars, speed: float) -> str:
    """Return the cars as the text of a SUMO route file.

    Args:
        cars: in the order of their departures.
        speed: v; cars enter with it, but with 10 m/s at most.
    """
    start = f"{min(FASTEST_START, speed):.10g}"
    lines = [CAR]
    lines += [f'<route id="{name}" edges="{name[0]}2TL TL2{name[2]}"/>' for name in ROUTES]
    lines += [
        f'<vehicle id="{name}_{i}" type="car" route="{name}" depart="{time}" departLane="random" '
        f'departSpeed="{start}"/>'
        for i, (time, name) in enumerate(zip(cars.departures.tolist(), cars.routes, strict=True))
    ]
    return "\n".join(("<routes>", *lines, "</routes>\n"))
