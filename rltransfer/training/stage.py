"""One step on the way to a policy: from nothing, or from what the stages before have learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from rltransfer.data import Transitions
from rltransfer.errors import InvalidExperiment
from rltransfer.training.head_start import HeadStart
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.policy import Policy
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Segments

__all__ = ["CurvePoint", "SegmentedStage", "Stage", "StageResult"]


class CurvePoint(NamedTuple):
    """A point of a learning curve: environment steps done, and the policy's mean return then."""

    step: int
    score: float


@dataclass(frozen=True)
class StageResult:
    """What a stage hands on.

    Attributes:
        learned: what it began with, and what it has added.
        steps: environment steps it took; 0 for an offline stage.
        seconds: of wall-clock time it took.
        curve: what the monitor measured on the way; empty if it measures nothing.
        findings: facts for the report, as plain data that JSON can hold.
        recorded: the transitions that it saw in the environment, if it records them.
    """

    learned: HeadStart
    steps: int
    seconds: float
    curve: tuple[CurvePoint, ...] = ()
    findings: Mapping[str, Any] = field(default_factory=dict)
    recorded: Transitions | None = None

    @property
    def policy(self) -> Policy:
        """The policy to go on with.

        Raises:
            InvalidExperiment: if no stage has made one yet.
        """
        if self.learned.policy is None:
            raise InvalidExperiment("the last stage of a trainer must make a policy; got none.")
        return self.learned.policy


class Stage(Protocol):
    """Makes a policy, or something that helps to make one better.

    Stages are configured once and run on any problem. What a stage returns depends on the
    problem, the head start and the seed alone.
    """

    @property
    def name(self) -> str:
        """A word for tables, such as "PPO"."""

    def run(
        self,
        problem: TrainingProblem,
        start: HeadStart,
        seed: np.random.SeedSequence,
        monitor: TrainingMonitor,
    ) -> StageResult:
        """Train.

        Args:
            problem: what is to be learnt.
            start: what is known already; `HeadStart()` for nothing.
            seed: decides every random number of the stage.
            monitor: scores policies, hears of progress.

        Raises:
            InvalidExperiment: if the head start lacks what the stage needs.
            InvalidDataset: if the data cannot be learnt from.
        """


@runtime_checkable
class SegmentedStage(Stage, Protocol):
    """A stage that takes long, and so can go on within itself; its `run` keeps nothing.

    Inherit from it to have that `run`.
    """

    def run(
        self,
        problem: TrainingProblem,
        start: HeadStart,
        seed: np.random.SeedSequence,
        monitor: TrainingMonitor,
    ) -> StageResult:
        """Train, and keep no boundary; see `run_in_segments`."""
        return self.run_in_segments(problem, start, seed, monitor, Segments())

    def run_in_segments(
        self,
        problem: TrainingProblem,
        start: HeadStart,
        seed: np.random.SeedSequence,
        monitor: TrainingMonitor,
        segments: Segments,
    ) -> StageResult:
        """Train from the last boundary that was kept, or from the beginning.

        Args:
            problem: what is to be learnt.
            start: what is known already.
            seed: decides every random number of the stage.
            monitor: scores policies, hears of progress.
            segments: keeps the boundaries.

        Raises:
            Interrupted: if somebody asked the training to stop.
        """
