"""An ordered list of stages that turns a problem and a seed into a policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rltransfer.errors import InvalidExperiment
from rltransfer.training.monitor import SilentMonitor, TrainingMonitor
from rltransfer.training.policy import Policy
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.stage import CurvePoint, Stage, StageResult

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
    """

    policy: Policy
    steps: int
    seconds: float
    curve: tuple[CurvePoint, ...]
    stages: tuple[str, ...]


@dataclass(frozen=True, init=False)
class Trainer:
    """Runs stages in order; each starts from the policy of the one before.

    Raises:
        InvalidExperiment: if there is no stage.
    """

    stages: tuple[Stage, ...]

    def __init__(self, stages: Sequence[Stage]) -> None:
        if not stages:
            raise InvalidExperiment("a trainer needs at least one stage; got none.")
        object.__setattr__(self, "stages", tuple(stages))

    def train(
        self, problem: TrainingProblem, seed: int, monitor: TrainingMonitor | None = None
    ) -> TrainingResult:
        """Train a policy; the same problem and seed give the same weights on the same machine.

        Args:
            problem: what is to be learnt.
            seed: decides every random number.
            monitor: scores policies, so that the best is kept, and hears of progress.

        Raises:
            SourceFailed: if the simulator fails or the training diverges.
        """
        watch = monitor if monitor is not None else SilentMonitor()
        seeds = np.random.SeedSequence(seed).spawn(len(self.stages))
        results: list[StageResult] = []
        for stage, own in zip(self.stages, seeds, strict=True):
            start = results[-1].policy if results else None
            results.append(stage.run(problem, start, own, watch))
        return TrainingResult(
            policy=results[-1].policy,
            steps=sum(result.steps for result in results),
            seconds=sum(result.seconds for result in results),
            curve=joined(results),
            stages=tuple(stage.name for stage in self.stages),
        )


def joined(results: Sequence[StageResult]) -> tuple[CurvePoint, ...]:
    """Return the stages' curves as one, steps counted from the first stage's beginning."""
    points: list[CurvePoint] = []
    done = 0
    for result in results:
        points += [CurvePoint(done + point.step, point.score) for point in result.curve]
        done += result.steps
    return tuple(points)
