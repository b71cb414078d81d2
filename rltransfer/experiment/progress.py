"""How far a training is, from its worker to the controller: a file with a JSON list per line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltransfer.files import parse_json, read_lines

__all__ = ["Progress", "StageProgress", "read_progress"]


@dataclass(frozen=True)
class Progress:
    """A point of a learning curve: steps done, steps in all, mean return of the policy then."""

    steps: int
    total: int
    score: float | None


@dataclass(frozen=True)
class StageProgress:
    """How far a stage without environment steps is, in a measure of its own."""

    stage: str
    done: int
    total: int


def read_progress(path: Path, skip: int) -> list[Progress | StageProgress]:
    """Return what a worker has written after its first `skip` lines; a torn line is not read."""
    try:
        return [point_of(parse_json(line, float)) for line in read_lines(path)[skip:]]
    except (LookupError, TypeError, ValueError):  # it is only shown
        return []


def point_of(said: list[Any]) -> Progress | StageProgress:
    """Return what a line says: a number comes first, or the name of a stage."""
    return StageProgress(*said) if isinstance(said[0], str) else Progress(*said)
