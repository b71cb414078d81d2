"""Classic control with contexts beside EnvPool 1.2.5, which has none: steps per second, one thread.

    EnvPool   synchronous, one worker thread, arrays returned, automatic resets
    NumPy     `Episodes.step` and `begin` for the rows that ended: the same work as array programs
    Numba     the same with compiled steps

All environments have the default context, so that episodes are equally long; random actions. The
ways take turns, median of the repeats; in brackets, how many times as fast as EnvPool. The last
column is the Numba ratio in CPU time, which does not count what other processes use.

EnvPool is installed into `benchmarks/.venvs/envpool` at the first run.
Run it with `python benchmarks/envpool.py [family ...]`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from rltransfer.envs import make
from rltransfer.envs.episodes import Episodes
from rltransfer.envs.simulators.classic.compiled import kernel_of

HERE = Path(__file__).parent
VENV = HERE / ".venvs" / "envpool"
SIZES, SECONDS, REPEATS = (16, 128, 1024), 0.3, 5
Rates = tuple[float, float]  # steps per second of the wall clock, of CPU time


class EnvPool:
    """The other side: a process that steps when it is asked to, and sleeps otherwise."""

    def __init__(self) -> None:
        python = VENV / "bin" / "python"
        if not python.exists():
            venv.create(VENV, with_pip=True)
            install = [python, "-m", "pip", "install", "--quiet", "envpool==1.2.5"]
            subprocess.run(install, check=True)
        command = [python, "-P", HERE / "peers" / "envpool_steps.py"]  # -P: this file is no envpool
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def rates(self, gym_id: str, n: int) -> Rates:
        """Ask for one measurement and wait for it."""
        questions, answers = self._process.stdin, self._process.stdout
        print(gym_id, n, SECONDS, file=questions, flush=True)
        wall, cpu = map(float, answers.readline().split())
        return wall, cpu

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()


def begun(name: str, n: int, switch: str) -> Callable[[], Rates]:
    """Begin n episodes, stepped by Numba ("1") or by NumPy ("0"); return what measures them."""
    family = make(name)
    rows = Episodes(family, [family.space.default] * n)
    space = rows.batch.action_space
    space.seed(0)
    actions = [np.array([space.sample() for _ in range(n)]) for _ in range(16)]
    os.environ["RLTRANSFER_NUMBA"] = switch
    rows.begin(np.arange(n))
    advance(rows, actions[0])  # the first step decides who steps, and compiles
    return lambda: our_rates(rows, actions)


def advance(rows: Episodes, actions: np.ndarray) -> None:
    """Step all rows and begin the next episodes of those that ended."""
    step = rows.step(actions)
    (ended,) = (step.terminated | step.truncated).nonzero()
    if len(ended):
        step.observations[ended] = rows.begin(ended)


def our_rates(rows: Episodes, actions: list[np.ndarray]) -> Rates:
    """Step for some seconds."""
    wall, cpu, count = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - wall < SECONDS:
        advance(rows, actions[count % len(actions)])
        count += 1
    steps = len(rows) * count
    return steps / (time.perf_counter() - wall), steps / (time.process_time() - cpu)


def compare(peer: EnvPool, name: str, n: int) -> list[Rates]:
    """Return the medians of EnvPool, NumPy and Numba."""
    gym_id = make(name).spec.base
    ways = [lambda: peer.rates(gym_id, n), begun(name, n, "0"), begun(name, n, "1")]
    rounds = [[way() for way in ways] for _ in range(REPEATS)]
    walls, cpus = np.median(rounds, axis=0).T
    return list(zip(walls, cpus, strict=True))


def main() -> None:
    """Print one line per family and size."""
    if kernel_of("cartpole") is None:
        return print('not compared with EnvPool: needs Numba, pip install "rltransfer[fast]".')
    try:
        peer = EnvPool()
    except subprocess.CalledProcessError:
        return print("not compared with EnvPool: it cannot be installed.")
    print(f"{'steps per second':26}{'n':>6}{'EnvPool':>14}{'NumPy':>20}{'Numba':>20}{'CPU':>8}")
    for name in sys.argv[1:] or ("cartpole", "pendulum", "acrobot", "mountain_car"):
        for n in SIZES:
            theirs, *ours = compare(peer, name, n)
            cells = [f"{wall:,.0f} ({wall / theirs[0]:.1f})" for wall, _ in ours]
            cpu = f"({ours[-1][1] / theirs[1]:.1f})"
            print(f"{name:26}{n:>6}{theirs[0]:>14,.0f}", end="")
            print("".join(f"{cell:>20}" for cell in cells) + f"{cpu:>8}", flush=True)
    peer.close()


if __name__ == "__main__":
    with threadpool_limits(1):
        main()
