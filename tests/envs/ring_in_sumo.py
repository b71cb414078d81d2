"""Ring roads driven by SUMO, recorded for comparison with ours.

    python tests/envs/ring_in_sumo.py FOLDER [case ...]

writes `ring_<case>.npz` for each case. Those in tests/envs/data are from SUMO 1.28.0. libsumo holds
one simulation per process, so the tests run this file as a process of its own.

Notation
    N    vehicles
    K    recorded steps: those that `Case.every` divides, and those after them
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

LIMIT = 13.89  # m/s
VEHICLES = 22

NET = """<net version="1.20">
<location netOffset="0,0" convBoundary="0,0,100,1" origBoundary="0,0,100,1" projParameter="!"/>
{links}
<edge id="ab" from="A" to="B" priority="1">
  <lane id="ab_0" index="0" speed="{limit}" length="{half}" shape="0,0 100,0"/></edge>
<edge id="ba" from="B" to="A" priority="1">
  <lane id="ba_0" index="0" speed="{limit}" length="{half}" shape="100,1 0,1"/></edge>
<junction id="A" type="priority" x="0" y="0" incLanes="ba_0" intLanes="{lane_a}" shape="0,0 0,1">
  <request index="0" response="0" foes="0" cont="0"/></junction>
<junction id="B" type="priority" x="100" y="0" incLanes="ab_0" intLanes="{lane_b}"
  shape="100,0 100,1"><request index="0" response="0" foes="0" cont="0"/></junction>
<connection from="ab" to="ba" fromLane="0" toLane="0" {via_b} dir="s" state="M"/>
<connection from="ba" to="ab" fromLane="0" toLane="0" {via_a} dir="s" state="M"/>
{connections}
</net>"""

LINKS = """<edge id=":A_0" function="internal">
  <lane id=":A_0_0" index="0" speed="{limit}" length="{link}" shape="0,1 0,0"/></edge>
<edge id=":B_0" function="internal">
  <lane id=":B_0_0" index="0" speed="{limit}" length="{link}" shape="100,0 100,1"/></edge>"""

CONNECTIONS = """<connection from=":A_0" to="ab" fromLane="0" toLane="0" dir="s" state="M"/>
<connection from=":B_0" to="ba" fromLane="0" toLane="0" dir="s" state="M"/>"""

ROUTES = """<routes>
<vType id="driver" carFollowModel="IDM" accel="1" decel="1.5" tau="1" minGap="2" delta="4"
  maxSpeed="30" length="5" speedFactor="{factor}"/>
<route id="ab" edges="ab ba" repeat="2000"/>
<route id="ba" edges="ba ab" repeat="2000"/>
{vehicles}
</routes>"""


@dataclass(frozen=True)
class Case:
    """What is simulated, and which of it is recorded.

    Attributes:
        steps: of the simulation.
        warm_up: steps before the guidance begins, which are not recorded.
        deviation: of the drivers' speed factors; None lets SUMO draw them.
        platoons: whether vehicles start in two platoons, or evenly with some jitter.
        link: length of a lane across a junction, m; 0 for a network without such lanes.
        dt: seconds.
        ballistic: whether positions follow from the mean of two speeds.
        guidance: "acceleration" (m/s²) or "speed" (m/s) of vehicle 0, or nothing.
        advice: a fixed one, or None for one that is drawn every `hold` steps.
        levels: of ten speeds, those that are drawn.
        seed: of all that is drawn.
        every: which steps are recorded.
    """

    steps: int = 1000
    warm_up: int = 0
    deviation: float | None = 0.1
    platoons: bool = False
    link: float = 0.1
    dt: float = 0.1
    ballistic: bool = False
    guidance: str = ""
    advice: float | None = None
    hold: int = 10
    levels: tuple[int, int] = (0, 9)
    seed: int = 0
    every: int = 100

    @property
    def half(self) -> float:
        """Where the second half of the ring begins, m."""
        return 125.0 + self.link


GUIDED = Case(steps=2000, warm_up=1000, platoons=True)
CASES = {
    "homogeneous": Case(deviation=0.0),
    "deviation": Case(),
    "no_internal_links": Case(link=0.0),
    "half_second": Case(dt=0.5),
    "ballistic": Case(ballistic=True),
    "acceleration": replace(GUIDED, guidance="acceleration"),
    "speed": Case(guidance="speed", levels=(3, 5)),
    "any_speed": Case(guidance="speed", every=20),
    "platoons": Case(platoons=True, steps=100, every=1),
    "acceleration_collision": replace(
        GUIDED, guidance="acceleration", advice=0.5, steps=5000, seed=7
    ),
    "speed_collision": replace(GUIDED, guidance="speed", advice=10.0, steps=5000, seed=4),
}
DRAWN = Case(platoons=True, steps=5000, warm_up=1000, deviation=None)


def starts(case: Case, rng: np.random.Generator) -> np.ndarray:
    """Return where the vehicles start, shape (N,), m."""
    i = np.arange(VEHICLES)
    if case.platoons:
        ahead = (VEHICLES + 1) // 2
        return np.where(i < ahead, 7.1 * i, case.half + 7.1 * (i - ahead))
    return (i + 0.3 * rng.random(VEHICLES)) * 2 * case.half / VEHICLES


def advice_of(case: Case, rng: np.random.Generator) -> np.ndarray:
    """Return what vehicle 0 is told in every step after the warm-up."""
    n = case.steps - case.warm_up
    if case.advice is not None:
        return np.full(n, case.advice)
    draws = n // case.hold + 1
    told = {
        "acceleration": rng.uniform(-0.5, 0.5, draws),
        "speed": rng.integers(*case.levels, size=draws, endpoint=True) * 10 / 9,
    }
    return np.repeat(told.get(case.guidance, np.zeros(draws)), case.hold)[:n]


def write_network(case: Case, path: Path) -> None:
    """Write the ring: two edges, and lanes across the junctions between them if wanted."""
    names = {
        "links": LINKS.format(limit=LIMIT, link=case.link),
        "connections": CONNECTIONS,
        "lane_a": ":A_0_0",
        "lane_b": ":B_0_0",
        "via_a": 'via=":A_0_0"',
        "via_b": 'via=":B_0_0"',
    }
    if not case.link:
        names = dict.fromkeys(names, "")
    path.write_text(NET.format(limit=LIMIT, half=125.0, **names))


def write_routes(case: Case, x: np.ndarray, factors: np.ndarray | None, path: Path) -> None:
    """Write the vehicles, at rest."""
    vehicles = []
    for i, position in enumerate(x.tolist()):
        edge, offset = ("ab", 0.0) if position < 125.0 else ("ba", case.half)
        factor = "" if factors is None else f'speedFactor="{factors[i]!s}"'
        vehicles.append(
            f'<vehicle id="{i}" type="driver" route="{edge}" depart="0" departSpeed="0" '
            f'departPos="{max(0.0, position - offset)}" insertionChecks="none" {factor}/>'
        )
    factor = "normc(1,0.1,0.2,2)" if factors is None else "1"
    path.write_text(ROUTES.format(factor=factor, vehicles="\n".join(vehicles)))


class Ring:
    """A running simulation.

    Attributes:
        x, v: positions, cumulative, and speeds, shape (N,).
        advice: what vehicle 0 will be told, step by step.
    """

    advice: np.ndarray

    def __init__(self, case: Case, x: np.ndarray, factors: np.ndarray | None) -> None:
        import libsumo

        self._sumo, self._case = libsumo, case
        self._length = 2 * case.half
        self._offsets = {"ab_0": 0.0, ":B_0_0": 125.0, "ba_0": case.half, ":A_0_0": case.half + 125}
        self._ids = [str(i) for i in range(VEHICLES)]
        with tempfile.TemporaryDirectory() as folder:
            net, routes = Path(folder, "ring.net.xml"), Path(folder, "ring.rou.xml")
            write_network(case, net)
            write_routes(case, x, factors, routes)
            libsumo.start(
                ["sumo", "-n", str(net), "-r", str(routes), "--step-length", str(case.dt)]
                + ["--seed", str(case.seed), "--no-step-log", "--no-warnings"]
                + ["--time-to-teleport", "-1", "--collision.action", "warn"]
                + ["--step-method.ballistic"] * case.ballistic
            )
            libsumo.simulationStep()  # puts the vehicles on the road
        self.x, self.v = x, np.zeros(VEHICLES)

    def step(self) -> None:
        """Advance; x stays cumulative."""
        self._sumo.simulationStep()
        vehicle = self._sumo.vehicle
        on_ring = [
            self._offsets[vehicle.getLaneID(i)] + vehicle.getLanePosition(i) for i in self._ids
        ]
        laps = np.round((self.x - on_ring) / self._length)
        self.x = np.array(on_ring) + laps * self._length
        self.v = np.array([vehicle.getSpeed(i) for i in self._ids])

    def guide(self, advice: float) -> None:
        """Tell vehicle 0 an acceleration or a speed."""
        vehicle, dt = self._sumo.vehicle, self._case.dt
        vehicle.setMinGap("0", 0.0)
        vehicle.setSpeedMode("0", 31)
        if self._case.guidance == "acceleration":
            vehicle.slowDown("0", max(0.0, self.v[0] + advice * dt), 0.0)
        else:
            vehicle.slowDown("0", advice, 1e-3)

    @property
    def collided(self) -> bool:
        """Whether vehicle 0 ran into another in the last step."""
        return any(hit.collider == "0" for hit in self._sumo.simulation.getCollisions())

    def factors(self) -> np.ndarray:
        """Return the drivers' speed factors."""
        return np.array([self._sumo.vehicle.getSpeedFactor(i) for i in self._ids])

    def close(self) -> None:
        """End the simulation."""
        self._sumo.close()


def run(case: Case) -> Iterator[tuple[int, Ring]]:
    """Simulate a case; yield the ring before every step after the warm-up, and at the end.

    The first number counts these steps. A collision ends the simulation.
    """
    rng = np.random.default_rng(case.seed)
    noise = rng.standard_normal(VEHICLES)
    factors = np.clip(1 + case.deviation * noise, 0.2, 2.0) if case.deviation is not None else None
    ring = Ring(case, starts(case, rng), factors)
    ring.advice = advice_of(case, rng)
    for _ in range(case.warm_up):
        ring.step()
    for done, advice in enumerate(ring.advice):
        yield done, ring
        if ring.collided:
            break
        if case.guidance:
            ring.guide(advice)
        ring.step()
    else:
        yield len(ring.advice), ring
    ring.close()


def record(case: Case) -> dict[str, Any]:
    """Return states x and v, shape (K, N), when they were, and all that led to them."""
    at, x, v = [], [], []
    for done, ring in run(case):
        if done % case.every in (0, 1):
            at, x, v = [*at, done], [*x, ring.x], [*v, ring.v]
        told = {"factors": ring.factors(), "advice": ring.advice}
        collision = done if ring.collided else -1
    states = {"at": at, "x": x, "v": v, "collision": collision}
    ways = {"ballistic": case.ballistic, "guidance": case.guidance}
    return {"length": 2 * case.half, "dt": case.dt, "link": case.link, **ways, **told, **states}


def mean_speeds(seeds: int) -> np.ndarray:
    """Return the fleet's mean speed from 100 s to 500 s with drivers drawn by SUMO, (seeds,)."""
    speeds = []
    for seed in range(seeds):
        x = [ring.x.mean() for _, ring in run(replace(DRAWN, seed=seed))]
        speeds.append((x[-1] - x[0]) / (DRAWN.dt * (len(x) - 1)))
    return np.array(speeds)


def main(folder: str, *names: str) -> None:
    """Record some cases, or all; `speeds` are the mean speeds of 64 drawn fleets."""
    for name in names or CASES:
        data = {"speeds": mean_speeds(64)} if name == "speeds" else record(CASES[name])
        np.savez_compressed(Path(folder, f"ring_{name}.npz"), **data)


if __name__ == "__main__":
    main(*sys.argv[1:])
