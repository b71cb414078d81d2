"""Trainings that are ended at any moment, and what they come to when they are called again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import numpy as np

from rltransfer.data.transitions_file import DTYPES
from rltransfer.training import HeadStart, Policy, Stage, Trainer, TrainingProblem, TrainingResult
from rltransfer.training.segments import Segments
from rltransfer.training.thrift import Thrift


class Killed(Exception):
    """Somebody pulled the plug."""


class Scale:
    """Scores a policy by its weights; the plug is pulled at the n-th thing it hears."""

    def __init__(self, last: int | None = None) -> None:
        self.left = last

    def score(self, policy: Policy) -> float:
        return float(sum(np.abs(array).sum() for array in policy.weights.values()))

    def report(self, steps: int, total: int, score: float | None) -> None:
        self.hear()

    def working(self, stage: str, done: int, total: int) -> None:
        self.hear()

    def hear(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed


@contextmanager
def always_written() -> Iterator[None]:
    """Every boundary is written, however little time has passed."""
    with patch.object(Thrift, "due", True):
        yield


@contextmanager
def killed_after_boundary(number: int) -> Iterator[None]:
    """The plug is pulled as soon as the boundary before segment `number` is on the disk."""
    keep = Segments.keep

    def kept(self, at, memory):
        keep(self, at, memory)
        if at == number:
            raise Killed

    with always_written(), patch.object(Segments, "keep", kept):
        yield


def train(
    stages: list[Stage],
    problem: TrainingProblem,
    start: HeadStart | None = None,
    folder: Path | None = None,
    last: int | None = None,
    seed: int = 3,
) -> TrainingResult:
    with always_written():
        return Trainer(stages).train(problem, seed, Scale(last), start, folder)


def differences(one: TrainingResult, other: TrainingResult) -> list[str]:
    """What tells two results apart, but for the time they took."""
    found = [
        name for name in ("steps", "curve", "stages") if getattr(one, name) != getattr(other, name)
    ]
    for own, their in zip(one.results, other.results, strict=True):
        found += [] if own.findings == their.findings else ["findings"]
        pairs = [
            (own.learned.policy, their.learned.policy),
            *zip(own.learned.members, their.learned.members, strict=True),
            (own.learned.critic, their.learned.critic),
            (own.learned.dynamics, their.learned.dynamics),
        ]
        for a, b in pairs:
            if a is not None and b is not None:
                same = a.spec == b.spec and all(
                    np.array_equal(a.weights[name], b.weights[name]) for name in a.weights
                )
                found += [] if same else [type(a).__name__]
        if own.recorded is not None and their.recorded is not None:
            found += [
                name
                for name in DTYPES
                if not np.array_equal(getattr(own.recorded, name), getattr(their.recorded, name))
            ]
    return found
