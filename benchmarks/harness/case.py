"""What is measured: contenders that do the same kind of work, and what one owes another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

__all__ = ["AtLeast", "AtMost", "Case", "Prepare", "Unavailable", "Work"]

Work = Callable[[], float]
"""Does some work; returns how much, in the case's unit. Only this is timed."""

Prepare = Callable[[], AbstractContextManager[Work]]
"""Builds what the work needs, and takes it down again."""


class Unavailable(Exception):
    """A contender that cannot be measured here; the message says what is missing."""


@dataclass(frozen=True)
class AtLeast:
    """A bar: one contender's speed is so many times another's."""

    contender: str
    other: str
    times: float


@dataclass(frozen=True)
class AtMost:
    """A bar in seconds per unit of work."""

    contender: str
    seconds: float


@dataclass(frozen=True)
class Case:
    """Contenders that are measured in turns: A B C A B C.

    Attributes:
        name: of the case, for `--only`.
        title: of the case, for tables.
        unit: of the amounts of work, singular.
        contenders: by name; speeds are compared with the first one's.
        bars: what is to be reached.
        rounds: how often each contender has its turn.
        warm_ups: turns before, which do not count.
    """

    name: str
    title: str
    unit: str
    contenders: Mapping[str, Prepare]
    bars: tuple[AtLeast | AtMost, ...] = ()
    rounds: int = 5
    warm_ups: int = 1
