"""Decisions per second at one junction: our worker processes against sumo-rl.

All sides control MBTL's junction with the same network file, the same cars and the same random
numbers of SUMO, steps of 1 s and a decision every 5 s, as their users get them:

    sumo-rl           SumoEnvironment as it is, over TraCI
    sumo-rl, libsumo  the same with LIBSUMO_AS_TRACI=1
    ours              rltransfer.make("traffic_signal_sumo_rl").make()
    ours, 2 workers   its batch of two; the decisions of both count

They play the same decisions, a reset before them; that our observations and rewards are
sumo-rl's is checked before. What is built once per process is not timed.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.utils.seeding import np_random
from harness.case import AtLeast, Case, Unavailable, Work
from harness.peer import peer

import rltransfer
from rltransfer.envs import ContextualEnv
from rltransfer.errors import RLTransferError

__all__ = ["CASES"]

SEED, DURATION, DECISIONS = 1, 5400, 400
TRACI, LIBSUMO = "traci", "libsumo"


def family() -> ContextualEnv:
    """Return our family with sumo-rl's default reward.

    Raises:
        Unavailable: without libsumo.
    """
    env = rltransfer.make("traffic_signal_sumo_rl")
    options = {**env.spec.options, "reward": "diff-waiting-time"}
    found = ContextualEnv(replace(env.spec, options=options))
    try:
        found.make().close()
    except RLTransferError as error:
        raise Unavailable(str(error)) from None
    return found


def decisions() -> list[int]:
    """Return the phases that everybody chooses."""
    return np.random.default_rng(0).integers(4, size=DECISIONS).tolist()


def episode_seed() -> int:
    """Return the seed of the episode that our environment plays after `reset(seed=SEED)`."""
    from rltransfer.envs.simulators.sumo.env import SEED_HIGH

    return int(np_random(SEED)[0].integers(SEED_HIGH))


@contextmanager
def theirs(how: str) -> Iterator[Work]:
    """Yield sumo-rl's turn, in a process of its own, once it has played the episode that we do."""
    env = family()
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder) / "trace.json"
        job = {"options": their_options(env, Path(folder)), "actions": decisions()}
        with peer("sumo_rl_episode.py", how, json.dumps(job), str(trace)) as process:
            process.ask("play")
            compare(json.loads(trace.read_text()), our_trace(env))
            yield lambda: process.ask("play")


def their_options(env: ContextualEnv, folder: Path) -> dict[str, Any]:
    """Write our network and cars of the first episode; return the arguments for sumo-rl."""
    from rltransfer.envs.simulators.sumo.junction import draw_cars, network_of, routes_of

    context, seed = env.space.default, episode_seed()
    template = env.spec.folder / str(env.spec.options["network"])
    network, routes = folder / "junction.net.xml", folder / "cars.rou.xml"
    network.write_text(network_of(template, context["lane_length"], context["speed_limit"]))
    cars = draw_cars(round(context["inflow"]), DURATION, np.random.default_rng(seed))
    routes.write_text(routes_of(cars, context["speed_limit"]))
    files = {"net_file": str(network), "route_file": str(routes)}
    times = {"num_seconds": DURATION, "delta_time": 5, "yellow_time": 2, "min_green": 5}
    return {**files, **times, "reward_fn": "diff-waiting-time", "sumo_seed": seed}


Trace = list[list[float]]
"""Of each step the observation, then the reward."""


def our_trace(env: ContextualEnv) -> Trace:
    """Play the decisions once in ours."""
    member = env.make()
    observation, _ = member.reset(seed=SEED)
    trace = [[*observation.tolist(), 0.0]]
    for action in decisions():
        observation, reward, *_ = member.step(action)
        trace.append([*observation.tolist(), float(reward)])
    member.close()
    return trace


def compare(sumo_rl: Trace, ours: Trace) -> None:
    """Refuse to time two episodes that are not the same."""
    if not np.allclose(sumo_rl, ours, atol=1e-4):
        apart = float(np.abs(np.subtract(sumo_rl, ours)).max())
        raise RuntimeError(f"sumo-rl's episode and ours differ by {apart:.1g}.")


@contextmanager
def one() -> Iterator[Work]:
    """Yield one environment's turn."""
    env = family().make()

    def work() -> float:
        env.reset(seed=SEED)
        for action in decisions():
            env.step(action)
        return DECISIONS

    yield work
    env.close()


@contextmanager
def two() -> Iterator[Work]:
    """Yield the turn of two environments, each in its process."""
    env = family()
    batch = env.batch([env.space.default] * 2)
    rows, seeds = np.arange(2), np.array([[float(episode_seed())], [SEED]])

    def work() -> float:
        batch.reset(rows, seeds)
        for action in decisions():
            batch.step(np.array([action, action]))
        return 2 * DECISIONS

    yield work
    batch.keep(np.arange(0))


OURS, TWO, THEIRS, THEIRS_FAST = "ours", "ours, 2 workers", "sumo-rl", "sumo-rl, libsumo"

CASES = (
    Case(
        name="signal-control",
        title="Signal control, one junction in SUMO",
        unit="decision",
        contenders={
            OURS: one,
            TWO: two,
            THEIRS: partial(theirs, TRACI),
            THEIRS_FAST: partial(theirs, LIBSUMO),
        },
        bars=(AtLeast(OURS, THEIRS, 3.0),),
        rounds=3,
    ),
)
