"""A last look before going online: the offline choice against the policy it came from.

Offline evaluation of a policy in a context of which there are no data yet is a guess. So both
candidates are scored as every learning curve is, by the monitor, and the better one goes on; what
that costs is counted with the monitor's steps.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np

from rltransfer.training.head_start import HeadStart
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.stage import StageResult

__all__ = ["Choosing"]


@dataclass(frozen=True)
class Choosing:
    """Goes on with the anchor where the policy that the stages have made scores lower."""

    @property
    def name(self) -> str:
        """A word for tables."""
        return "choosing"

    def run(
        self,
        problem: TrainingProblem,
        start: HeadStart,
        seed: np.random.SeedSequence,
        monitor: TrainingMonitor,
    ) -> StageResult:
        """Score both; see `Stage.run`. Where nothing is measured, the anchor is kept."""
        began = time.perf_counter()
        made = start.need_policy(self.name)
        anchor = start.anchor if start.anchor is not None else made
        scores = monitor.score(anchor), monitor.score(made)
        better = made if scores[1] >= scores[0] else anchor
        found = {"anchor": number(scores[0]), "improved": number(scores[1])}
        return StageResult(
            start.having(policy=better),
            steps=0,
            seconds=time.perf_counter() - began,
            findings={**found, "kept": "anchor" if better is anchor else "improved"},
        )


def number(score: float) -> float | None:
    """Return a score as JSON can hold it."""
    return None if math.isnan(score) else score
