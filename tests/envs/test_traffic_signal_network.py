"""MBTL's junction as we write it, against SUMO's own network builder."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from rltransfer.envs import make
from rltransfer.envs.simulators.sumo.junction import ROUTES, draw_cars, network_of, routes_of
from rltransfer.envs.simulators.sumo.signal import read_signal
from rltransfer.errors import InvalidExperiment

TEMPLATE = make("traffic_signal").spec.folder / "junction.net.xml"
ARMS = "NESW"  # clockwise: from one arm, the next ones are left, straight and right
GREENS = (
    "GGGGrrrrrrGGGGrrrrrr",
    "rrrrGrrrrrrrrrGrrrrr",
    "rrrrrGGGGrrrrrrGGGGr",
    "rrrrrrrrrGrrrrrrrrrG",
)


def netconvert() -> str:
    beside = Path(sys.executable).with_name("netconvert")
    found = shutil.which("netconvert") or (str(beside) if beside.exists() else None)
    if found is None:
        pytest.skip("netconvert is not installed: pip install eclipse-sumo.")
    return found


def links() -> list[tuple[str, str, int]]:
    """From arm to arm, by which lane, in the order of the light's links."""
    found = []
    for place, arm in enumerate(ARMS):
        left, straight, right = (ARMS[(place + turn) % 4] for turn in (1, 2, 3))
        found += [(arm, right, 0), *((arm, straight, lane) for lane in range(3)), (arm, left, 3)]
    return found


def built(folder: Path, length: float) -> ElementTree.Element:
    """Build the junction from plain nodes, edges, connections and phases."""
    places = {"N": (0, length), "E": (length, 0), "S": (0, -length), "W": (-length, 0)}
    node = '<node id="{}" x="{}" y="{}"/>'
    nodes = ['<node id="TL" x="0" y="0" type="traffic_light"/>']
    nodes += [node.format(arm, x, y) for arm, (x, y) in places.items()]
    edge = '<edge id="{0}2{1}" from="{0}" to="{1}" numLanes="4" speed="13.89" length="{2}"/>'
    edges = [edge.format(*ends, length) for arm in ARMS for ends in ((arm, "TL"), ("TL", arm))]
    join = '<connection from="{}2TL" to="TL2{}" fromLane="{}" toLane="{}"{}/>'
    joins = [join.format(a, b, lane, lane, "") for a, b, lane in links()]
    lit = [
        join.format(a, b, lane, lane, f' tl="TL" linkIndex="{number}"')
        for number, (a, b, lane) in enumerate(links())
    ]
    phases = [
        f'<phase duration="10" state="{green}"/>'
        f'<phase duration="4" state="{green.replace("G", "y")}"/>'
        for green in GREENS
    ]
    program = ['<tlLogic id="TL" type="static" programID="0" offset="0">', *phases, "</tlLogic>"]
    files = {
        "nodes": ("node-files", nodes),
        "edges": ("edge-files", edges),
        "connections": ("connection-files", joins),
        "tlLogics": ("tllogic-files", [*program, *lit]),
    }
    command = [netconvert(), "--offset.disable-normalization", "--no-turnarounds"]
    for tag, (option, lines) in files.items():
        file = folder / f"{tag}.xml"
        file.write_text(f"<{tag}>{''.join(lines)}</{tag}>")
        command += [f"--{option}", str(file)]
    result = folder / "out.net.xml"
    subprocess.run([*command, "-o", str(result)], check=True, capture_output=True)
    return ElementTree.parse(result).getroot()


def compare(ours: ElementTree.Element, theirs: ElementTree.Element) -> None:
    """Same elements in the same order; numbers within 1 cm."""
    assert (ours.tag, ours.keys()) == (theirs.tag, theirs.keys())
    for key, value in ours.items():
        other = theirs.get(key, "")
        if is_numbers(value):
            np.testing.assert_allclose(numbers(value), numbers(other), atol=0.01, err_msg=key)
        else:
            assert value == other, key
    assert len(ours) == len(theirs)
    for child, other_child in zip(ours, theirs, strict=True):
        compare(child, other_child)


def numbers(text: str) -> list[float]:
    return [float(part) for part in text.replace(",", " ").split()]


def is_numbers(text: str) -> bool:
    try:
        return len(numbers(text)) > 0
    except ValueError:
        return False


def ours(length: float, speed: float = 13.89) -> ElementTree.Element:
    return ElementTree.fromstring(network_of(TEMPLATE, length, speed))


@pytest.mark.parametrize("length", [50.0, 750.0, 2500.0])
def test_the_network_is_netconverts(tmp_path: Path, length: float) -> None:
    compare(ours(length), built(tmp_path, length))


def lanes(network: ElementTree.Element) -> dict[str, tuple[float, float]]:
    """Length and speed by id."""
    found = network.iter("lane")
    return {str(x.get("id")): (float(x.get("length", 0)), float(x.get("speed", 0))) for x in found}


@pytest.mark.parametrize(("length", "speed"), [(50.0, 0.5), (612.5, 14.0), (2500.0, 25.0)])
def test_context_replaces_lengths_and_limits(length: float, speed: float) -> None:
    """The ends of lanes; and MBTL's quirk, that turns keep their speeds. Needs no SUMO."""
    network = ours(length, speed)
    found = lanes(network)
    outside = {name: lane for name, lane in found.items() if not name.startswith(":")}
    assert len(outside) == 32
    assert set(outside.values()) == {(length, speed)}
    inside = sorted({found[name] for name in found.keys() - outside.keys()})
    assert inside == sorted([(9.03, 6.51), (29.67, 11.36), (33.6, speed)])
    shape = next(x.get("shape") for x in network.iter("lane") if x.get("id") == "W2TL_3")
    assert numbers(str(shape)) == [-length, -1.6, -16.8, -1.6]


def test_the_light_has_mbtls_links_and_phases() -> None:
    network = ours(750.0)
    found = {
        int(x.get("linkIndex", 0)): (
            str(x.get("from"))[0],
            str(x.get("to"))[-1],
            int(x.get("fromLane", 0)),
        )
        for x in network.iter("connection")
        if x.get("tl") == "TL"
    }
    assert [found[number] for number in range(20)] == links()
    signal = read_signal(TEMPLATE)
    assert signal.greens == GREENS
    assert [lane.id for lane in signal.lanes] == [f"{a}2TL_{i}" for a in ARMS for i in range(4)]
    assert signal.served[1] == {"N2TL_3", "S2TL_3"}


# -- cars ------------------------------------------------------------------------------------------


def test_departures_follow_the_weibull_law() -> None:
    rng = np.random.default_rng(0)
    cars = draw_cars(20_000, 5400, rng)
    assert (np.diff(cars.departures) >= 0).all()
    assert cars.departures[-1] <= 5400
    # One scale turns Weibull(2) draws into departures: their mean is its Γ(1.5), their median its
    # sqrt(ln 2).
    scale = cars.departures.mean() / 0.886227
    assert np.median(cars.departures) == pytest.approx(scale * np.sqrt(np.log(2)), rel=0.02)
    assert 5400 / scale == pytest.approx(np.ceil(np.sqrt(np.log(20_000))), abs=1.01)


def test_a_quarter_of_the_cars_turn() -> None:
    cars = draw_cars(20_000, 5400, np.random.default_rng(1))
    share = {route: cars.routes.count(route) / 20_000 for route in ROUTES}
    for route, expected in zip(ROUTES, [0.75 / 4] * 4 + [0.25 / 8] * 8, strict=True):
        assert share[route] == pytest.approx(expected, abs=0.01)


def test_cars_enter_no_faster_than_allowed() -> None:
    cars = draw_cars(50, 5400, np.random.default_rng(2))
    assert 'departSpeed="10"' in routes_of(cars, 14.0)
    slow = ElementTree.fromstring(routes_of(cars, 2.5))
    assert {car.get("departSpeed") for car in slow.iter("vehicle")} == {"2.5"}
    assert len(list(slow.iter("vehicle"))) == 50


# -- networks that have no such light --------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<net>", "cannot be read as XML: no element found"),
        ("<net/>", "must have one traffic light; it has 0"),
        ('<net><tlLogic id="a"/><tlLogic id="b"/></net>', "it has 2: a, b"),
        ('<net><tlLogic id="a"><phase state="GGyr"/></tlLogic></net>', "'a' has 0 green phases"),
    ],
)
def test_a_network_without_a_light_to_control(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "net.xml"
    file.write_text(text)
    with pytest.raises(InvalidExperiment, match=words):
        read_signal(file)


def test_a_missing_network(tmp_path: Path) -> None:
    with pytest.raises(InvalidExperiment, match=r"nowhere\.net\.xml cannot be read as XML: "):
        read_signal(tmp_path / "nowhere.net.xml")
