"""One step on the way to a policy: from nothing, or from the policy of the stage before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.policy import Policy
from rltransfer.training.problem import TrainingProblem

__all__ = ["CurvePoint", "Stage", "StageResult"]


class CurvePoint(NamedTuple):
    """A point of a learning curve: environment steps done, and the policy's mean return then."""

    step: int
    score: float


@dataclass(frozen=True)
class StageResult:
    """What a stage hands on.

    Attributes:
        policy: the best policy that the stage saw.
        steps: environment steps it took.
        seconds: of wall-clock time it took.
        curve: what the monitor measured on the way; empty if it measures nothing.
    """

    policy: Policy
    steps: int
    seconds: float
    curve: tuple[CurvePoint, ...]


class Stage(Protocol):
    """Makes a policy better. Stages are configured once and run on any problem."""

    @property
    def name(self) -> str:
        """A word for tables, such as "PPO"."""

    def run(
        self,
        problem: TrainingProblem,
        start: Policy | None,
        seed: np.random.SeedSequence,
        monitor: TrainingMonitor,
    ) -> StageResult:
        """Train.

        Args:
            problem: what is to be learnt.
            start: where to begin; None to begin from random weights.
            seed: decides every random number of the stage.
            monitor: scores policies, hears of progress.
        """
