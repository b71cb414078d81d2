"""Seconds of the wall clock, of our own processors' time, and of everybody else's.

Own time is that of this process and of all that descend from it, so that a contender may work in
other processes. The load of others is read from Linux's `/proc`; elsewhere it is not known.
"""

from __future__ import annotations

import math
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

__all__ = ["Spent", "spend"]

PROC = Path("/proc")
TICK = 1.0 / os.sysconf("SC_CLK_TCK")
BUSY = (0, 1, 2, 5, 6)
"""Columns of `/proc/stat`: user, nice, system and the two kinds of interrupts."""


class Spent(NamedTuple):
    """What some work took.

    Attributes:
        wall: seconds.
        own: core-seconds of this process and its descendants.
        foreign: cores that others kept busy meanwhile; NaN where it is not known.
    """

    wall: float
    own: float
    foreign: float


def spend(work: Callable[[], float]) -> tuple[float, Spent]:
    """Do some work; return what it returns, and what it took."""
    children, machine = children_seconds(), machine_seconds()
    cpu, wall = time.process_time(), time.perf_counter()  # last before the work, first after it
    amount = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    own = cpu + children_seconds() - children
    return amount, Spent(wall, own, load(machine_seconds() - machine - own, wall))


def load(seconds: float, wall: float) -> float:
    """Return how many cores core-seconds keep busy, at least none."""
    return max(0.0, seconds / wall) if seconds == seconds else math.nan


def children_seconds() -> float:
    """Return the core-seconds of this process's children, and of theirs."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + sum(map(seconds_of, family()))


def family() -> list[int]:
    """Return the living descendants of this process."""
    parents = {pid: fields[1] for pid in living() if (fields := fields_of(pid))}
    found = [os.getpid()]
    for parent in found:  # grows while it is read
        found += [pid for pid, other in parents.items() if other == str(parent)]
    return found[1:]


def living() -> list[int]:
    """Return all processes that can be seen."""
    return [int(path.name) for path in PROC.glob("[0-9]*")]


def seconds_of(pid: int) -> float:
    """Return the core-seconds of a process and of its children that have ended."""
    return TICK * sum(map(int, fields_of(pid)[11:15]))  # user and system, its own and theirs


def fields_of(pid: int) -> list[str]:
    """Return what `/proc` says of a process after its name, from the state on; [] if it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def machine_seconds() -> float:
    """Return the core-seconds that all processors were busy."""
    try:
        columns = (PROC / "stat").read_text().partition("\n")[0].split()[1:]
    except OSError:
        return math.nan
    return TICK * sum(int(columns[i]) for i in BUSY)
