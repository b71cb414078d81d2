"""The road of `simulators/lane`, driven by SUMO.

The network is written here: two edges of one lane, joined by a light, without a lane inside the
junction. The second lane is longer than the road, so that vehicles that reach the road's end can
still be asked for their speed before they are taken off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from rltransfer.envs.simulators.lane.clock import STEP, steps_of
from rltransfer.envs.simulators.lane.demand import VEHICLE_LENGTH, Arrival
from rltransfer.envs.simulators.lane.roads import BEYOND_LINE
from rltransfer.envs.simulators.lane.signals import YELLOW_SECONDS
from rltransfer.envs.simulators.lane.traffic import ARRIVED, ENTRY_SPEED
from rltransfer.envs.simulators.sumo.simulation import Simulation

__all__ = ["SumoRoad", "network_of", "routes_of"]

RUN_OUT = 100.0  # m of lane after the road's end
CAR = f'carFollowModel="IDM" length="{VEHICLE_LENGTH}" maxSpeed="55" speedFactor="1" speedDev="0"'
ARGUMENTS = (
    *("--step-length", str(STEP)),
    *("--collision.action", "none"),
    *("--time-to-teleport", "-1"),
)


def network_of(context: Mapping[str, float]) -> str:
    """Return the road with its light as the text of a SUMO network."""
    line, limit = context["approach_length"], context["speed_limit"]
    end = line + BEYOND_LINE + RUN_OUT
    red = context["red"] + YELLOW_SECONDS
    return f"""<net version="1.20">
<location netOffset="0,0" convBoundary="0,0,{end},0" origBoundary="0,0,0,0" projParameter="!"/>
<edge id="approach" from="begin" to="light" priority="1">
<lane id="approach_0" index="0" speed="{limit}" length="{line}" shape="0,0 {line},0"/></edge>
<edge id="exit" from="light" to="end" priority="1">
<lane id="exit_0" index="0" speed="{limit}" length="{end - line}" shape="{line},0 {end},0"/></edge>
<tlLogic id="light" type="static" programID="0" offset="0">
<phase duration="{context["green"]}" state="G"/>
<phase duration="{YELLOW_SECONDS}" state="y"/>
<phase duration="{red}" state="r"/></tlLogic>
<junction id="begin" type="dead_end" x="0" y="0" incLanes="" intLanes="" shape="0,0 0,-3"/>
<junction id="end" type="dead_end" x="{end}" y="0" incLanes="exit_0" intLanes=""
 shape="{end},-3 {end},0"/>
<junction id="light" type="traffic_light" x="{line}" y="0" incLanes="approach_0" intLanes=""
 shape="{line},0 {line},-3"><request index="0" response="0" foes="0" cont="0"/></junction>
<connection from="approach" to="exit" fromLane="0" toLane="0" tl="light" linkIndex="0" dir="s"
 state="O"/>
</net>"""


def routes_of(arrivals: Sequence[Arrival]) -> str:
    """Return the demand as the text of a SUMO routes file; vehicles are named by number.

    Every driver has a type of their own: SUMO's IDM keeps √(a b) from when a type was read, so
    that drivers must not be changed later.
    """
    lines = ["<routes>", '<route id="road" edges="approach exit"/>']
    for name, (time, _, driver) in enumerate(arrivals):
        accel, decel, headway, min_gap = driver
        lines += [
            f'<vType id="t{name}" {CAR} accel="{accel}" decel="{decel}" tau="{headway}" '
            f'minGap="{min_gap}"/>',
            f'<vehicle id="{name}" type="t{name}" route="road" depart="{time}" '
            f'departSpeed="{ENTRY_SPEED}" departPos="base"/>',
        ]
    return "\n".join([*lines, "</routes>"])


class SumoRoad:
    """One road, one demand.

    Attributes:
        vehicles: their names, foremost first.
        now: steps since the road was empty.
    """

    def __init__(self) -> None:
        self.simulation = Simulation()
        self.vehicles: deque[str] = deque()
        self.now = 0

    @property
    def sumo(self) -> Any:
        """The module libsumo."""
        return self.simulation.sumo

    def empty(self, context: Mapping[str, float], arrivals: Sequence[Arrival]) -> None:
        """Begin anew, in this context and with this demand."""
        network, routes = Path("road.net.xml"), Path("road.rou.xml")
        network.write_text(network_of(context), encoding="utf-8")
        routes.write_text(routes_of(arrivals), encoding="utf-8")
        self.simulation.begin(["-n", str(network), "-r", str(routes), *ARGUMENTS], seed=0)
        self.vehicles.clear()
        self.now, self._line = 0, context["approach_length"]
        self._arrivals, self._entered = arrivals, 0

    def step(self) -> tuple[list[str], Arrival | None]:
        """Move all vehicles by one step.

        Returns:
            Who reached the end; they are on the road until `clear_end`. And who entered, if any:
            the last of `vehicles`.
        """
        self.sumo.simulationStep()
        self.now += 1
        entrants = self.sumo.simulation.getDepartedIDList()
        self.vehicles.extend(entrants)
        self._entered += len(entrants)
        return self._at_end(), self._arrivals[int(entrants[0])] if entrants else None

    def skip_emptiness(self, until: int) -> None:
        """Let time pass on an empty road until a vehicle comes, or that step is there."""
        if self.vehicles:
            return
        coming = self._arrivals[self._entered :][:1]
        due = min([until, *(steps_of(arrival.time) for arrival in coming)])
        if due > self.now:
            self.sumo.simulationStep(due * STEP)
            self.now = due

    def _at_end(self) -> list[str]:
        end = self._line + BEYOND_LINE - ARRIVED
        return list(takewhile(lambda name: self.position(name) > end, self.vehicles))

    def clear_end(self) -> None:
        """Take the vehicles off that reached the end."""
        for name in self._at_end():
            self.sumo.vehicle.remove(name)
            self.vehicles.popleft()

    def position(self, name: str) -> float:
        """Return a vehicle's front bumper, m after the road's beginning."""
        vehicle = self.sumo.vehicle
        before = 0.0 if vehicle.getRoadID(name) == "approach" else self._line
        return before + float(vehicle.getLanePosition(name))

    def speed(self, name: str) -> float:
        """Return a vehicle's speed, m/s."""
        return float(self.sumo.vehicle.getSpeed(name))
