"""An ordered list of stages that turns a problem and a seed into a policy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rltransfer.errors import InvalidExperiment
from rltransfer.training.checkpointed import checkpoints_of
from rltransfer.training.head_start import HeadStart
from rltransfer.training.interruption import Interruption
from rltransfer.training.monitor import SilentMonitor, TrainingMonitor
from rltransfer.training.policy import Policy
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Segments
from rltransfer.training.stage import CurvePoint, SegmentedStage, Stage, StageResult

__all__ = ["Trainer", "TrainingResult"]


@dataclass(frozen=True)
class TrainingResult:
    """A trained policy and what it cost.

    Attributes:
        policy: of the last stage.
        steps: environment steps of all stages.
        seconds: wall-clock time of all stages.
        curve: the learning curves of all stages, one after another.
        stages: the stages' names, in order.
        results: of each stage, in order.
    """

    policy: Policy
    steps: int
    seconds: float
    curve: tuple[CurvePoint, ...]
    stages: tuple[str, ...]
    results: tuple[StageResult, ...]


@dataclass(frozen=True, init=False)
class Trainer:
    """Runs stages in order; each starts from what the ones before have learned.

    Raises:
        InvalidExperiment: if there is no stage.
    """

    stages: tuple[Stage, ...]

    def __init__(self, stages: Sequence[Stage]) -> None:
        if not stages:
            raise InvalidExperiment("a trainer needs at least one stage; got none.")
        object.__setattr__(self, "stages", tuple(stages))

    def train(
        self,
        problem: TrainingProblem,
        seed: int,
        monitor: TrainingMonitor | None = None,
        start: HeadStart | None = None,
        checkpoints: Path | None = None,
        interruption: Interruption | None = None,
    ) -> TrainingResult:
        """Train a policy; the same problem, start and seed give the same weights on one machine.

        Args:
            problem: what is to be learnt.
            seed: decides every random number.
            monitor: scores policies, so that the best is kept, and hears of progress.
            start: data and policies to begin with; nothing by default.
            checkpoints: a folder that keeps the result of each stage, and of a long one its last
                boundaries; a later call with the same problem, start, seed and stages goes on
                from there.
            interruption: heard between stages and between segments of them.

        Raises:
            Interrupted: if somebody asked; what is done so far is in `checkpoints`.
            SourceFailed: if the simulator fails or the training diverges.
        """
        watch = monitor if monitor is not None else SilentMonitor()
        seeds = np.random.SeedSequence(seed).spawn(len(self.stages))
        learned = start if start is not None else HeadStart()
        places = checkpoints_of(checkpoints, problem, seed, learned, self.stages)
        results: list[StageResult] = []
        for stage, own, place in zip(self.stages, seeds, places, strict=True):
            result = place.restored(learned)
            if result is None:
                segments = place.segments(interruption)
                segments.heed(math.inf)
                result = place.kept(run(stage, problem, learned, own, watch, segments), learned)
                segments.forget()
            results.append(result)
            learned = result.learned
        return TrainingResult(
            policy=results[-1].policy,
            steps=sum(result.steps for result in results),
            seconds=sum(result.seconds for result in results),
            curve=joined(results),
            stages=tuple(stage.name for stage in self.stages),
            results=tuple(results),
        )


def run(
    stage: Stage,
    problem: TrainingProblem,
    start: HeadStart,
    seed: np.random.SeedSequence,
    monitor: TrainingMonitor,
    segments: Segments,
) -> StageResult:
    """Run a stage, in segments if it knows them."""
    if isinstance(stage, SegmentedStage):
        return stage.run_in_segments(problem, start, seed, monitor, segments)
    return stage.run(problem, start, seed, monitor)


def joined(results: Sequence[StageResult]) -> tuple[CurvePoint, ...]:
    """Return the stages' curves as one, steps counted from the first stage's beginning."""
    points: list[CurvePoint] = []
    done = 0
    for result in results:
        points += [CurvePoint(done + point.step, point.score) for point in result.curve]
        done += result.steps
    return tuple(points)
