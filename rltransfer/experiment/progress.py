"""How far a training is, from its worker to the controller: a file with a JSON list per line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    except FileNotFoundError:
        return []
    return [point_of(json.loads(line)) for line in lines[skip:]]


def point_of(said: list[Any]) -> Progress | StageProgress:
    """Return what a line says: a number comes first, or the name of a stage."""
    return StageProgress(*said) if isinstance(said[0], str) else Progress(*said)
