"""The on-ramp: its contract, its network, whose turn it is, and what is paid."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from rltransfer.envs import ContextualEnv, make
from rltransfer.errors import InvalidExperiment
from rltransfer.testing.env_contract import EnvironmentContract

pytest.importorskip("libsumo", reason="pip install 'rltransfer[traffic]'")

FULL_SPEED = np.array([1.0], dtype=np.float32)


class TestOnRamp(EnvironmentContract):
    name = "on_ramp"
    steps = 60

    @pytest.mark.slow
    def test_a_batch_equals_its_members(self) -> None:
        """The batch is that of all families in SUMO; here it starts a process for each member."""
        super().test_a_batch_equals_its_members()


def family(**options: Any) -> ContextualEnv:
    """Return the family with some options changed: 20 s with advice."""
    spec = make("on_ramp").spec
    changed = {**spec.options, "guided": 20.0, **options}
    return ContextualEnv(dataclasses.replace(spec, options=changed))


@pytest.fixture
def env() -> Iterator[gym.Env[Any, Any]]:
    member = family().make({"penetration": 0.5})
    yield member
    member.close()


def test_vehicles_decide_in_turn_and_the_last_one_is_paid(env: gym.Env[Any, Any]) -> None:
    env.reset(seed=1)
    undecided, paid, over = [], 0.0, False
    while not over:
        _, reward, _, over, info = env.step(FULL_SPEED)
        undecided.append(info["guided"])
        paid += reward
        if reward:
            assert reward == round(reward)
    assert max(undecided) > 2
    assert len(undecided) > 2 * 20, "several decide in each of 20 holds of a second"
    assert paid > 0


def test_an_episode_lasts_as_long_as_guidance_does() -> None:
    lengths = {}
    for hold in (1.0, 5.0):
        member = family().make({"hold": hold, "penetration": 1.0})
        member.reset(seed=0)
        over, lengths[hold] = False, 0
        while not over:
            _, _, terminated, over, _ = member.step(FULL_SPEED)
            assert not terminated
            lengths[hold] += 1
        member.close()
    assert lengths[1.0] > 3 * lengths[5.0]


def test_the_foremost_vehicle_decides_first(env: gym.Env[Any, Any]) -> None:
    """Distances to the zipper rise from decision to decision, until time passes and is paid."""
    seen, _ = env.reset(seed=1)
    in_turn = 0
    for _ in range(60):
        before = seen[0]
        seen, reward, *_ = env.step(FULL_SPEED)
        in_turn += int(seen[0] > before)
        assert seen[0] <= before or not reward
    assert in_turn > 30
    assert -1 <= seen[6] < 1, "somebody is on the ramp"


def test_speeds_can_be_advised_instead() -> None:
    env = family(guidance="speed").make()
    assert env.action_space == gym.spaces.Discrete(10)
    env.reset(seed=0)
    speeds = [env.step(0)[4]["mean_speed"] for _ in range(15)]
    env.close()
    assert speeds[-1] < speeds[0]


def test_another_guidance_is_refused() -> None:
    with pytest.raises(InvalidExperiment, match=r"\[options\].*guidance"):
        family(guidance="telepathy").make()


def test_the_merge_is_drawn() -> None:
    env = family().make(render_mode="rgb_array")
    env.reset(seed=0)
    picture = env.render()
    env.close()
    assert picture.dtype == np.uint8
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 3


# -- the network file ------------------------------------------------------------------------------

NODES = """<nodes>
<node id="begin" x="0" y="0"/>
<node id="ramp_begin" x="329.29" y="-70.71"/>
<node id="join" x="400" y="0" type="priority"/>
<node id="zipper" x="500" y="0" type="zipper"/>
<node id="end" x="530" y="0"/>
</nodes>"""
EDGES = """<edges>
<edge id="highway" from="begin" to="join" numLanes="1" priority="2"/>
<edge id="ramp" from="ramp_begin" to="join" numLanes="1" priority="1"/>
<edge id="merge" from="join" to="zipper" numLanes="2" priority="2"/>
<edge id="out" from="zipper" to="end" numLanes="1" priority="2"/>
</edges>"""
CONNECTIONS = """<connections>
<connection from="highway" to="merge" fromLane="0" toLane="1"/>
<connection from="ramp" to="merge" fromLane="0" toLane="0"/>
<connection from="merge" to="out" fromLane="0" toLane="0"/>
<connection from="merge" to="out" fromLane="1" toLane="0"/>
</connections>"""


@pytest.mark.skipif(shutil.which("netconvert") is None, reason="pip install eclipse-sumo")
def test_netconvert_makes_the_same_network(tmp_path: Path) -> None:
    files = {"nod": NODES, "edg": EDGES, "con": CONNECTIONS}
    for kind, text in files.items():
        (tmp_path / f"ramp.{kind}.xml").write_text(text, encoding="utf-8")
    inputs = ["-n", "ramp.nod.xml", "-e", "ramp.edg.xml", "-x", "ramp.con.xml"]
    options = ["-o", "made.xml", "--no-turnarounds", "--offset.disable-normalization"]
    command = ["netconvert", *inputs, *options]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    shipped = make("on_ramp").spec.folder / "ramp.net.xml"
    ours, made = (ElementTree.parse(path).getroot() for path in (shipped, tmp_path / "made.xml"))
    assert ElementTree.tostring(ours) == ElementTree.tostring(made)
