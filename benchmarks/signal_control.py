"""Decisions per second at one junction: our worker processes against sumo-rl.

    python benchmarks/signal_control.py [decisions] [repeats]

All sides control MBTL's junction with the same network file, the same cars and the same random
numbers of SUMO, steps of 1 s and a decision every 5 s, as their users get them:

    sumo-rl           SumoEnvironment as it is, over TraCI
    sumo-rl, libsumo  the same with LIBSUMO_AS_TRACI=1
    ours              rltransfer.make("traffic_signal_sumo_rl").make()
    ours, 2 workers   its batch of two; the decisions of both count

They take turns and play the same decisions. Resets are timed apart; what is built once per
process is not timed. First, observations and rewards of sumo-rl are compared with ours.

sumo-rl lives in a virtual environment of its own, which this script makes under
`benchmarks/.venvs` (1 GB).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from gymnasium.utils.seeding import np_random

import rltransfer
from rltransfer.envs import ContextualEnv
from rltransfer.envs.simulators.sumo.env import SEED_HIGH
from rltransfer.envs.simulators.sumo.junction import draw_cars, network_of, routes_of

HOME = Path(__file__).resolve().parent / ".venvs" / "sumo-rl"
PACKAGES = ["sumo-rl==1.4.5", "eclipse-sumo==1.28.0", "libsumo==1.28.0", "traci==1.28.0"]
SEED = 1
DURATION = 5400

THEIRS = """
import contextlib, json, os, sys, time
import sumo
os.environ["SUMO_HOME"] = sumo.SUMO_HOME
with contextlib.redirect_stdout(sys.stderr):
    import sumo_rl
    job = json.loads(sys.argv[1])
    env = sumo_rl.SumoEnvironment(single_agent=True, sumo_warnings=False, **job["options"])
    begin = time.perf_counter()
    observation, _ = env.reset()
    middle = time.perf_counter()
    trace = [(observation.tolist(), 0.0)]
    for action in job["actions"]:
        observation, reward, *_ = env.step(action)
        trace.append((observation.tolist(), float(reward)))
    end = time.perf_counter()
    env.close()
print(json.dumps({"reset": middle - begin, "steps": end - middle, "trace": trace}))
"""


Trace = list[tuple[list[float], float]]
"""Observations and rewards."""


class Played(NamedTuple):
    """One side's turn."""

    reset: float  # s
    steps: float  # s, all decisions
    trace: Trace


Side = Callable[[], Played]


def main(decisions: int, repeats: int) -> None:
    make_home()
    family = sumo_rl_family()
    actions: list[int] = np.random.default_rng(0).integers(4, size=decisions).tolist()
    with tempfile.TemporaryDirectory() as folder:
        job = {"options": their_options(family, Path(folder)), "actions": actions}
        sides: dict[str, Side] = {
            "sumo-rl": lambda: theirs(job),
            "sumo-rl, libsumo": lambda: theirs(job, LIBSUMO_AS_TRACI="1"),
            "ours": our_env(family, actions),
            "ours, 2 workers": our_batch(family, actions),
        }
        compare(sides["sumo-rl"]().trace, sides["ours"]().trace)
        turns = [{name: play() for name, play in sides.items()} for _ in range(repeats)]
    report(turns, decisions)


def sumo_rl_family() -> ContextualEnv:
    """Return our family with sumo-rl's default reward."""
    env = rltransfer.make("traffic_signal_sumo_rl")
    options = {**env.spec.options, "reward": "diff-waiting-time"}
    return ContextualEnv(replace(env.spec, options=options))


# -- sumo-rl ---------------------------------------------------------------------------------------


def make_home() -> None:
    """Install sumo-rl into its own virtual environment, once."""
    if (HOME / "bin" / "python").exists():
        return
    print(f"making {HOME} ...")
    venv.create(HOME, with_pip=True)
    subprocess.run([HOME / "bin" / "python", "-m", "pip", "install", "-q", *PACKAGES], check=True)


def their_options(family: ContextualEnv, folder: Path) -> dict[str, Any]:
    """Write our network and cars of the first episode; return the arguments for sumo-rl."""
    context, seed = family.space.default, episode_seed()
    template = family.spec.folder / str(family.spec.options["network"])
    network, routes = folder / "junction.net.xml", folder / "cars.rou.xml"
    network.write_text(network_of(template, context["lane_length"], context["speed_limit"]))
    cars = draw_cars(round(context["inflow"]), DURATION, np.random.default_rng(seed))
    routes.write_text(routes_of(cars, context["speed_limit"]))
    files = {"net_file": str(network), "route_file": str(routes)}
    times = {"num_seconds": DURATION, "delta_time": 5, "yellow_time": 2, "min_green": 5}
    return {**files, **times, "reward_fn": "diff-waiting-time", "sumo_seed": seed}


def episode_seed() -> int:
    """Return the seed of the episode that our environment plays after `reset(seed=SEED)`."""
    return int(np_random(SEED)[0].integers(SEED_HIGH))


def theirs(job: dict[str, Any], **environment: str) -> Played:
    """Play in a process of sumo-rl's own."""
    command = [str(HOME / "bin" / "python"), "-c", THEIRS, json.dumps(job)]
    done = subprocess.run(
        command, env={**os.environ, **environment}, check=True, capture_output=True, text=True
    )
    return Played(**json.loads(done.stdout.splitlines()[-1]))


# -- ours ------------------------------------------------------------------------------------------


def our_env(family: ContextualEnv, actions: list[int]) -> Side:
    """Return one environment's turn."""
    env = family.make()
    env.reset(seed=SEED)

    def play() -> Played:
        begin = time.perf_counter()
        observation, _ = env.reset(seed=SEED)
        middle = time.perf_counter()
        trace = [(observation.tolist(), 0.0)]
        for action in actions:
            observation, reward, *_ = env.step(action)
            trace.append((observation.tolist(), float(reward)))
        return Played(middle - begin, time.perf_counter() - middle, trace)

    return play


def our_batch(family: ContextualEnv, actions: list[int]) -> Side:
    """Return the turn of two environments, each in its process."""
    batch = family.batch([family.space.default] * 2)
    rows, seeds = np.arange(2), np.array([[float(episode_seed())], [SEED]])
    batch.reset(rows, seeds)

    def play() -> Played:
        begin = time.perf_counter()
        batch.reset(rows, seeds)
        middle = time.perf_counter()
        for action in actions:
            batch.step(np.array([action, action]))
        return Played(middle - begin, time.perf_counter() - middle, [])

    return play


# -- what is printed -------------------------------------------------------------------------------


def compare(
    sumo_rl: list[tuple[list[float], float]], ours: list[tuple[list[float], float]]
) -> None:
    """Print how far the two episodes are apart."""
    seen = np.abs(np.array([a for a, _ in sumo_rl]) - np.array([a for a, _ in ours])).max()
    paid = np.abs(np.array([r for _, r in sumo_rl]) - np.array([r for _, r in ours])).max()
    print(f"largest difference from sumo-rl: observations {seen:.1g}, rewards {paid:.1g}")


def report(turns: list[dict[str, Played]], decisions: int) -> None:
    """Print medians, and ratios within each round of turns."""
    print(f"{decisions} decisions, {len(turns)} rounds, load {os.getloadavg()[0]:.1f}")
    for name in turns[0]:
        copies = 2 if name.endswith("2 workers") else 1
        speed = copies * decisions / statistics.median(turn[name].steps for turn in turns)
        ratio = copies * statistics.median(t["sumo-rl"].steps / t[name].steps for t in turns)
        reset = statistics.median(turn[name].reset for turn in turns)
        print(
            f"{name:16} {speed:7.0f} decisions/s  {ratio:6.1f} x sumo-rl   "
            f"reset {1000 * reset:5.0f} ms"
        )


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*given, *(400, 3)[len(given) :])
