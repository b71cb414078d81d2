"""What was measured in a case: every turn of every contender.

Notation
    amount    of work in a turn, in the case's unit
    speed     amount per second of the wall clock, or per core-second
    ratio     median speed of one contender ÷ median speed of another; its spread are the lowest
              and the highest ratio among the rounds, in each of which both had a turn
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, NamedTuple, Self

__all__ = ["Measured", "Spread", "Turn"]


class Spread(NamedTuple):
    """A figure, and the lowest and the highest among the rounds."""

    median: float
    low: float
    high: float


class Turn(NamedTuple):
    """One turn of one contender: the amount of work, seconds, core-seconds, cores of others."""

    amount: float
    wall: float
    own: float
    foreign: float

    @property
    def speed(self) -> float:
        """Amount per second."""
        return self.amount / self.wall

    @property
    def core_speed(self) -> float:
        """Amount per core-second: hardly disturbed by other users of the machine."""
        return self.amount / max(self.own, 1e-9)


@dataclass(frozen=True)
class Measured:
    """The turns of a case.

    Attributes:
        name, title, unit: of the case.
        date: of the measurement, ISO.
        turns: by contender, one per round.
        missing: contenders that were not measured, and why.
    """

    name: str
    title: str
    unit: str
    date: str
    turns: Mapping[str, Sequence[Turn]]
    missing: Mapping[str, str] = field(default_factory=dict)

    def speed(self, contender: str) -> Spread:
        """Return amounts per second."""
        return spread([turn.speed for turn in self.turns[contender]])

    def ratio(self, contender: str, other: str) -> Spread:
        """Return how many times as fast one contender is as another."""
        return self._ratio("speed", contender, other)

    def core_ratio(self, contender: str, other: str) -> Spread:
        """Return the same of amounts per core-second."""
        return self._ratio("core_speed", contender, other)

    def _ratio(self, speed: str, contender: str, other: str) -> Spread:
        ours, theirs = ([getattr(t, speed) for t in self.turns[n]] for n in (contender, other))
        rounds = [a / b for a, b in zip(ours, theirs, strict=True)]
        return Spread(median(ours) / median(theirs), min(rounds), max(rounds))

    @property
    def foreign(self) -> float:
        """Cores that others kept busy, median over all turns."""
        return median(turn.foreign for turns in self.turns.values() for turn in turns)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self) | {"turns": {n: [list(t) for t in ts] for n, ts in self.turns.items()}}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        turns = {name: [Turn(*turn) for turn in turns] for name, turns in data["turns"].items()}
        return cls(**{**data, "turns": turns})


def spread(values: Sequence[float]) -> Spread:
    """Return the median of some values, the lowest and the highest."""
    return Spread(median(values), min(values), max(values))
