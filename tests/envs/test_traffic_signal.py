"""The families of traffic lights: the contract, and what is particular to them."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.seeding import np_random

pytest.importorskip("sumo_data", reason="needs SUMO: pip install 'rltransfer[traffic]'")

from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv, make
from rltransfer.envs.loop import LoopBatch
from rltransfer.envs.simulators.sumo.baselines import FixedTime, MaxPressure
from rltransfer.envs.simulators.sumo.env import SEED_HIGH
from rltransfer.envs.simulators.sumo.idle import IDLE
from rltransfer.envs.simulators.sumo.junction import draw_cars, network_of, routes_of
from rltransfer.envs.simulators.sumo.member import Member
from rltransfer.envs.spec import EnvironmentSpec
from rltransfer.errors import InvalidExperiment, MissingDependency
from rltransfer.evaluation import evaluate
from rltransfer.testing import batches
from rltransfer.testing.env_contract import EnvironmentContract
from rltransfer.testing.probes import other_context

HERE = Path(__file__).parent
BUSY = {"inflow": 300.0, "lane_length": 200.0, "speed_limit": 10.0}
"""With an episode of 300 s: a car each second."""


@pytest.fixture(autouse=True, scope="module")
def _nobody_stays() -> Iterator[None]:
    yield
    gc.collect()
    IDLE.close()


def family(name: str = "traffic_signal", **options: Any) -> ContextualEnv:
    """Return a family with other options."""
    env = make(name)
    return ContextualEnv(replace(env.spec, options={**env.spec.options, **options}))


def episode_seed(seed: int) -> int:
    """Return what the environment draws for its first episode after `reset(seed=seed)`."""
    return int(np_random(seed)[0].integers(SEED_HIGH))


# -- the contract ----------------------------------------------------------------------------------


class SignalContract(EnvironmentContract):
    """A process per environment: short sequences, and one batch instead of many."""

    @pytest.fixture(autouse=True)
    def _warm(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let forgotten environments leave their workers to the next ones: it saves a minute."""
        monkeypatch.setattr(Member, "__del__", Member.release, raising=False)

    def test_a_batch_equals_its_members(self, env: ContextualEnv) -> None:  # type: ignore[override]
        contexts = [env.space.default, other_context(env.space)]
        batches.compare_batch(env, contexts, 3, self._random_actions(20), 0.0)


class TestTrafficSignal(SignalContract):
    name = "traffic_signal"
    steps = 20


class TestTrafficSignalSumoRL(SignalContract):
    name = "traffic_signal_sumo_rl"
    steps = 60


# -- MBTL's light ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def actions() -> list[int]:
    return [0, 0, 1, 2, 2, 2, 3, 0, 2, 1, 1, 3, 2, 0, 0, 3, 1, 2, 0, 2, 3, 1, 0, 2, 2]


def by_hand(folder: Path, actions: list[int], seed: int) -> list[tuple[list[int], float]]:
    """Play an episode of `BUSY` with the plain program beside this file."""
    template = make("traffic_signal").spec.folder / "junction.net.xml"
    length, speed = BUSY["lane_length"], BUSY["speed_limit"]
    network, routes = folder / "a.net.xml", folder / "a.rou.xml"
    network.write_text(network_of(template, length, speed))
    cars = draw_cars(round(BUSY["inflow"]), 300, np.random.default_rng(seed))
    routes.write_text(routes_of(cars, speed))
    arguments = [str(network), str(routes), str(seed), "300", str(length), json.dumps(actions)]
    script = [sys.executable, str(HERE / "signal_by_hand.py"), *arguments]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    seen: list[tuple[list[int], float]] = json.loads(done.stdout.splitlines()[-1])
    return seen


def test_it_is_what_a_plain_program_does(tmp_path: Path, actions: list[int]) -> None:
    """Phases, seconds, bits and waiting, against an independent script."""
    env = family(reward="change", duration=300).make(BUSY)
    expected = by_hand(tmp_path, actions, episode_seed(4))
    observation, _ = env.reset(seed=4)
    assert np.flatnonzero(observation).tolist() == expected[0][0] == []
    waiting, over = 0.0, False
    for action, (bits, total) in zip(actions, expected[1:], strict=True):
        observation, reward, _, over, _ = env.step(action)
        assert np.flatnonzero(observation).tolist() == bits
        waiting -= 300 * reward
        assert waiting == pytest.approx(total)
        if over:
            break
    assert waiting > 1000, "cars have to wait for this to mean something"
    assert over, "the episode ends within the actions"


def test_the_family_pays_the_growth_of_waiting_only(actions: list[int]) -> None:
    changes, growths = (
        rewards(family(reward=reward, duration=300), actions) for reward in ("change", "growth")
    )
    assert growths == [min(change, 0.0) for change in changes]
    assert max(changes) > 0 > min(changes)


def rewards(env: ContextualEnv, actions: list[int]) -> list[float]:
    member = env.make(BUSY)
    member.reset(seed=4)
    found = []
    for action in actions:
        _, reward, _, over, _ = member.step(action)
        found.append(reward)
        if over:
            break
    return found


def test_an_episode_ends_with_its_time() -> None:
    """Decisions are 10 s, or 14 s with a yellow; the last one is cut."""
    member = family(duration=60).make(BUSY)
    member.reset(seed=0)
    times = []
    for action in (0, 0, 1, 1, 2, 2):
        *_, terminated, truncated, info = member.step(action)
        times.append(info["time"])
    assert times == [10, 20, 34, 44, 58, 60]
    assert (terminated, truncated) == (False, True)


def test_a_picture_shows_cars_and_lights() -> None:
    member = make("traffic_signal").make(BUSY, render_mode="rgb_array")
    member.reset(seed=0)
    first = member.render()
    for _ in range(10):
        member.step(0)
    later = member.render()
    assert first.shape == later.shape == (600, 600, 3)
    assert first.dtype == np.uint8
    changed = (first != later).any(axis=2).mean()
    assert 1e-4 < changed < 0.2


# -- sumo-rl's light -------------------------------------------------------------------------------


def test_it_is_what_sumo_rl_does() -> None:
    """Against an episode that sumo-rl 1.4.5 has played (`benchmarks/performance`)."""
    golden = json.loads((HERE / "data" / "sumo_rl_1.4.5.json").read_text())
    if version("libsumo") != golden["libsumo"]:
        pytest.skip(f"recorded with SUMO {golden['libsumo']}.")
    member = family("traffic_signal_sumo_rl", **golden["options"]).make(golden["context"])
    observation, _ = member.reset(seed=golden["seed"])
    np.testing.assert_array_equal(observation, np.float32(golden["observations"][0]))
    for number, action in enumerate(golden["actions"]):
        observation, reward, *_ = member.step(action)
        np.testing.assert_array_equal(observation, np.float32(golden["observations"][number + 1]))
        assert reward == golden["rewards"][number]


def test_yellow_has_to_fit_between_decisions() -> None:
    with pytest.raises(InvalidExperiment, match="must be below delta_time; got 5 and 5"):
        family("traffic_signal_sumo_rl", yellow_time=5).make()


# -- many at once ----------------------------------------------------------------------------------


def test_processes_side_by_side_equal_a_loop(actions: list[int]) -> None:
    """Same episodes, same returns; who has ended stays as it is."""
    env = family(duration=150)
    contexts = [Context(BUSY), env.space.default]
    loop = LoopBatch.of(env.spec, env.simulator, contexts)
    side = env.batch(contexts)
    rows, seeds = np.arange(2), np.array([[5.0], [6.0]])
    drawn = np.array([[episode_seed(5)], [episode_seed(6)]], dtype=np.float64)
    np.testing.assert_array_equal(loop.reset(rows, seeds), side.reset(rows, drawn))
    for action in actions:
        theirs, ours = (batch.step(np.array([action, 0])) for batch in (loop, side))
        for one, two in zip(theirs, ours, strict=True):
            np.testing.assert_array_equal(one, two)
    assert ours.truncated is not None
    assert ours.truncated.all()
    assert (ours.rewards == 0).all()


def test_evaluations_keep_their_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that is let go leaves its processes to the next one, without a trace."""
    from rltransfer.envs.simulators.sumo import idle

    started = []

    class Counted(idle.WorkerProcess):
        def __init__(self, address: Any) -> None:
            super().__init__(address)
            started.append(self.pid)

    monkeypatch.setattr(idle, "WorkerProcess", Counted)
    IDLE.close()
    env = family(duration=100)
    targets = [Context(BUSY), env.space.default]
    first, again = (evaluate(MaxPressure(env), env, targets, 2, 0).returns for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert len(started) <= env.rows_at_once


# -- baselines -------------------------------------------------------------------------------------


class Random:
    """Decides without looking."""

    observe: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def act(self, observations: Any) -> Any:
        return self.rng.integers(4, size=len(observations))


@pytest.mark.parametrize(
    ("name", "decisions"),
    [("traffic_signal", (1, 1, 1, 1)), ("traffic_signal_sumo_rl", (3, 2, 3, 2))],
)
def test_looking_beats_a_clock_beats_chance(name: str, decisions: tuple[int, ...]) -> None:
    env = make(name)
    actors = [MaxPressure(env), FixedTime(env, decisions), Random()]
    means = [evaluate(actor, env, [env.space.default], 1, 0).mean[0] for actor in actors]
    assert 0 > means[0] > means[1] > means[2]


def test_fixed_time_keeps_its_cycle_and_begins_again() -> None:
    control = FixedTime(make("traffic_signal"), (2, 1, 0, 1))
    empty, cars = np.zeros((2, 80)), np.ones((2, 80))
    shown = [control.act(seen)[0] for seen in (empty, cars, cars, cars, cars, cars, empty, cars)]
    assert shown == [0, 0, 1, 3, 0, 0, 0, 0]


def test_a_clock_needs_a_number_per_phase() -> None:
    with pytest.raises(InvalidExperiment, match=r"needs 4 numbers of decisions.*got \[1, 1\]"):
        FixedTime(make("traffic_signal"), (1, 1))
    with pytest.raises(InvalidExperiment, match="cartpole"):
        MaxPressure(make("cartpole"))


# -- networks of one's own -------------------------------------------------------------------------

OWN = """
title = "Mine"
simulator = "sumo"
base = "SignalNetwork-v0"
gym_id = "Mine-v0"
horizon = 60
[options]
network = "mine.net.xml"
routes = "mine.rou.xml"
duration = 300
[context.demand]
default = 1.0
range = [0.1, 3.0]
[context.speed]
default = 1.0
range = [0.2, 2.0]
[score]
low = -1000.0
high = 0.0
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Write a family on a network and routes of one's own; return its folder."""
    template = make("traffic_signal").spec.folder / "junction.net.xml"
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "env.toml").write_text(OWN, encoding="utf-8")
    (folder / "mine.net.xml").write_text(network_of(template, 150.0, 12.0))
    cars = draw_cars(200, 300, np.random.default_rng(0))
    (folder / "mine.rou.xml").write_text(routes_of(cars, 12.0))
    return folder


def test_a_network_of_ones_own(mine: Path) -> None:
    env = ContextualEnv(EnvironmentSpec.read(mine))
    queues = {}
    for demand, speed in ((1.0, 1.0), (3.0, 1.0), (1.0, 1.5)):
        member = env.make({"demand": demand, "speed": speed})
        member.reset(seed=0)
        queues[demand, speed] = sum(member.step(n // 2 % 4)[1] for n in range(30))
    assert queues[3.0, 1.0] < queues[1.0, 1.0] < 0
    assert queues[1.0, 1.5] != queues[1.0, 1.0]


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("mine.rou.xml", None, r"no file mine\.rou\.xml\. The option 'routes' names one"),
        ("mine.net.xml", None, r"no file mine\.net\.xml\. The option 'network' names one"),
        ("mine.net.xml", "<net/>", "must have one traffic light; it has 0"),
        (
            "mine.rou.xml",
            '<routes><vehicle id="a" depart="0"><route edges="x y"/></vehicle></routes>',
            r"SUMO cannot run .*mine\.net\.xml with .*mine\.rou\.xml: .*edge 'x'",
        ),
    ],
)
def test_bad_files_are_named_in_sumos_words(
    mine: Path, file: str, text: str | None, words: str
) -> None:
    if text is None:
        (mine / file).unlink()
    else:
        (mine / file).write_text(text)
    env = ContextualEnv(EnvironmentSpec.read(mine))
    with pytest.raises(InvalidExperiment, match=words):
        env.make().reset(seed=0)


# -- around it -------------------------------------------------------------------------------------


def test_versions_name_sumo_without_loading_it() -> None:
    code = (
        "import sys, rltransfer\n"
        "print(rltransfer.make('traffic_signal').simulator.versions()['libsumo'])\n"
        "assert 'libsumo' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == version("libsumo")


def test_a_missing_sumo_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rltransfer.envs.simulators.sumo.find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match=r"pip install 'rltransfer\[traffic\]'"):
        make("traffic_signal").make()
