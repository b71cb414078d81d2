"""What a network file says of its traffic light."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from rltransfer.envs.simulators.sumo.elements import NETWORK
from rltransfer.envs.simulators.xml_file import require_elements
from rltransfer.errors import InvalidExperiment

__all__ = ["Lane", "Signal", "read_signal"]


class Lane(NamedTuple):
    """A lane that ends at the light."""

    id: str
    length: float  # m


class Signal(NamedTuple):
    """What a network says of its one light. A phase has one letter per link of the light."""

    id: str
    greens: tuple[str, ...]
    lanes: tuple[Lane, ...]  # in the order of their first link
    served: tuple[frozenset[str], ...]  # per green, the ids of the lanes that may go


def read_signal(network: Path) -> Signal:
    """Read the light of a SUMO network.

    A green phase is one without yellow in which some link may go.

    Raises:
        InvalidExperiment: if the file is no network with one light of at least two green phases.
    """
    root = require_elements(network, NETWORK)
    programs = {logic.get("id", ""): logic for logic in root.iter("tlLogic")}
    if len(programs) != 1:
        raise InvalidExperiment(
            f"{network} must have one traffic light; it has {len(programs)}"
            + (f": {', '.join(sorted(programs)[:5])}." if programs else ".")
        )
    ((light, logic),) = programs.items()
    phases = dict.fromkeys(phase.get("state", "") for phase in logic.iter("phase"))
    greens = tuple(phase for phase in phases if is_green(phase))
    if len(greens) < 2:
        raise InvalidExperiment(
            f"{network}: the traffic light {light!r} has {len(greens)} green phases; a decision "
            "needs at least 2."
        )
    links = sorted(
        (int(link.get("linkIndex", 0)), f"{link.get('from')}_{link.get('fromLane')}")
        for link in root.iter("connection")
        if link.get("tl") == light
    )
    lengths = {str(lane.get("id")): float(lane.get("length", 0)) for lane in root.iter("lane")}
    lanes = tuple(Lane(name, lengths[name]) for name in dict.fromkeys(lane for _, lane in links))
    served = tuple(
        frozenset(lane for number, lane in links if phase[number] in "Gg") for phase in greens
    )
    return Signal(light, greens, lanes, served)


def is_green(phase: str) -> bool:
    """Say whether some link may go, and none is about to stop."""
    return "y" not in phase and any(letter in "Gg" for letter in phase)
