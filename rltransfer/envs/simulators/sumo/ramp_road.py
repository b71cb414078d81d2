"""A highway with an on-ramp in SUMO: who drives there, how they are told, what they see.

All drivers are the humans of MBTL's ring road, whose desired speeds vary by a tenth. Both inflows
are even. Vehicles enter the highway with 10 m/s and the ramp with 0, as soon as there is room.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rltransfer.envs.simulators.sumo.simulation import Simulation

__all__ = ["FASTEST", "FURTHEST", "STEP", "Neighbour", "RampRoad"]

STEP = 0.1  # s
FURTHEST = 500.0  # m that anyone sees
FASTEST = 30.0  # m/s
DRIVER = (
    'carFollowModel="IDM" length="5" accel="1" decel="1.5" tau="1" minGap="2" delta="4" '
    f'maxSpeed="{FASTEST}" speedFactor="1" speedDev="0.1"'
)
MIN_GAP = 2.0  # m
ARGUMENTS = (
    *("--step-length", str(STEP)),
    *("--time-to-teleport", "-1"),
    *("--collision.action", "remove"),
)
WAY_TO_ZIPPER = {
    "highway": (":join_1_0", "merge_1"),
    ":join_1": ("merge_1",),
    "ramp": (":join_0_0", "merge_0"),
    ":join_0": ("merge_0",),
    "merge": (),
}
"""By edge: the lanes between its end and the zipper, where two lanes become one."""


class Neighbour(NamedTuple):
    """What is seen of another vehicle; one that is not there is far and fast."""

    distance: float = FURTHEST  # m
    speed: float = FASTEST  # m/s


def routes_of(context: Mapping[str, float]) -> str:
    """Return drivers and inflows as the text of a SUMO routes file."""
    share = context["penetration"]
    guided = f'<vType id="guided" {DRIVER} probability="{share}"/>'
    human = f'<vType id="human" {DRIVER} probability="{1 - share}"/>'
    return f"""<routes>
<vTypeDistribution id="mixed">{guided}{human if share < 1 else ""}</vTypeDistribution>
<vType id="merging" {DRIVER}/>
<route id="highway" edges="highway merge out"/>
<route id="ramp" edges="ramp merge out"/>
<flow id="highway" type="mixed" route="highway" begin="0" end="1e5" departSpeed="10"
 vehsPerHour="{context["inflow"]}"/>
<flow id="ramp" type="merging" route="ramp" begin="0" end="1e5" departSpeed="0"
 vehsPerHour="{context["ramp_inflow"]}"/>
</routes>"""


class RampRoad:
    """The road; its network file names the edges highway, ramp, merge and out.

    Args:
        network: the file.
    """

    def __init__(self, network: Path) -> None:
        self.simulation = Simulation()
        self._network = network

    @property
    def sumo(self) -> Any:
        """The module libsumo."""
        return self.simulation.sumo

    @property
    def time(self) -> float:
        """Seconds since the road was empty."""
        return float(self.sumo.simulation.getTime())

    def begin(self, context: Mapping[str, float], seed: int) -> None:
        """Begin anew with an empty road."""
        routes = Path("ramp.rou.xml")
        routes.write_text(routes_of(context), encoding="utf-8")
        self.simulation.begin(["-n", str(self._network), "-r", str(routes), *ARGUMENTS], seed)
        length = self.sumo.lane.getLength
        self._beyond = {edge: sum(map(length, way)) for edge, way in WAY_TO_ZIPPER.items()}

    def pass_time(self, seconds: float) -> None:
        """Let everyone drive on their own."""
        self.sumo.simulationStep(self.time + seconds)

    def step(self) -> tuple[int, int]:
        """Move by one step; return how many vehicles left at the end, and how many collided."""
        self.sumo.simulationStep()
        collisions = self.sumo.simulation.getCollisions()
        collided = {name for hit in collisions for name in (hit.collider, hit.victim)}
        left = set(self.sumo.simulation.getArrivedIDList()) - collided
        return len(left), len(collisions)

    def tell(self, name: str, speed: float) -> None:
        """Tell a vehicle a speed, m/s, that it takes as soon and as far as that is safe."""
        self.sumo.vehicle.setSpeed(name, speed)

    def names(self) -> list[str]:
        """Return all vehicles on the road."""
        return list(self.sumo.vehicle.getIDList())

    # -- what is seen --------------------------------------------------------------------------

    def guided(self) -> list[str]:
        """Return the vehicles that can be told something, foremost first."""
        return sorted(self._before_zipper("guided"), key=self.distance)

    def _before_zipper(self, kind: str) -> list[str]:
        vehicle = self.sumo.vehicle
        names = [name for name in self.names() if vehicle.getTypeID(name) == kind]
        return [name for name in names if vehicle.getRoadID(name) in self._beyond]

    def distance(self, name: str) -> float:
        """Return how far a vehicle is from the zipper, m."""
        vehicle = self.sumo.vehicle
        rest = self.sumo.lane.getLength(vehicle.getLaneID(name)) - vehicle.getLanePosition(name)
        return float(rest + self._beyond[vehicle.getRoadID(name)])

    def speed(self, name: str) -> float:
        """Return a vehicle's speed, m/s."""
        return float(self.sumo.vehicle.getSpeed(name))

    def leader(self, name: str) -> Neighbour:
        """Return who is ahead, bumper to bumper."""
        return self._at_gap(self.sumo.vehicle.getLeader(name, FURTHEST))

    def follower(self, name: str) -> Neighbour:
        """Return who is behind, bumper to bumper."""
        return self._at_gap(self.sumo.vehicle.getFollower(name, FURTHEST))

    def _at_gap(self, found: tuple[str, float] | None) -> Neighbour:
        if not found or not found[0]:
            return Neighbour()
        return Neighbour(found[1] + MIN_GAP, self.speed(found[0]))

    def merging(self) -> Neighbour:
        """Return the vehicle from the ramp that is nearest to the zipper, at its distance."""
        near = map(self._at_zipper, self._before_zipper("merging"))
        return min(near, default=Neighbour())

    def _at_zipper(self, name: str) -> Neighbour:
        return Neighbour(self.distance(name), self.speed(name))
