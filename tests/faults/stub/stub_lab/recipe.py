"""A recipe that trains nothing, in milliseconds, and keeps a diary of what it has worked on.

Everything around the training is the package's own: jobs, checkpoints, evaluation, commits. The
weights after a segment are what they were before, plus normal numbers from the segment's seed, so
a segment that is lost, repeated on another start or left out changes all weights after it.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.envs import ContextualEnv
from rltransfer.training import thrift
from rltransfer.training.head_start import HeadStart
from rltransfer.training.kept import Tree
from rltransfer.training.monitor import TrainingMonitor
from rltransfer.training.offline.fresh import fresh_policy, spec_for
from rltransfer.training.online_recipes import FromScratch
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import NetworkSpec
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segment_seeds import segment_seed
from rltransfer.training.segments import Memory, Segments
from rltransfer.training.stage import CurvePoint, SegmentedStage, StageResult
from rltransfer.training.trainer import Trainer
from stub_lab.diary import note

__all__ = ["StubRecipe", "needs_nothing", "register"]

NETWORK = NetworkSpec(actor=(4,), critic=(4,), activation="tanh")
STAGES, SEGMENTS = 2, 3
STEPS = 50
"""Of a segment."""

PAUSE = "STUB_PAUSE"
"""Names the seconds that a segment takes in the environment; 0 by default."""


class Drift:
    """Weights that move at random, and how good they were on the way."""

    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        self.weights = weights
        self.scores: list[float] = []

    def move(self, rng: np.random.Generator) -> None:
        """Add normal numbers."""
        for name, array in sorted(self.weights.items()):
            self.weights[name] = (array + rng.normal(size=array.shape)).astype(np.float32)

    def state(self) -> Tree:
        """Return all there is; see `Kept`."""
        return {"weights": dict(self.weights), "scores": list(self.scores)}

    def restore(self, state: Tree) -> None:
        """Become as it was."""
        self.weights, self.scores = dict(state["weights"]), list(state["scores"])


@dataclass(frozen=True)
class StubStage(SegmentedStage):
    """One stage of the stub's training."""

    number: int

    @property
    def name(self) -> str:
        """A word for tables."""
        return f"stub-{self.number}"

    def run_in_segments(
        self,
        problem: TrainingProblem,
        start: HeadStart,
        seed: np.random.SeedSequence,
        monitor: TrainingMonitor,
        segments: Segments,
    ) -> StageResult:
        """Move the weights at random, a segment after another."""
        policy = start.policy or fresh_policy(
            spec_for(problem, NETWORK, None), np.random.default_rng(seed)
        )
        drift = Drift(dict(policy.weights))
        memory = Memory({"drift": drift})
        first = segments.restore(memory)
        for number in range(first, SEGMENTS):
            if number > first:
                segments.keep(number, memory)
            note("began", problem.label, self.number, number)
            time.sleep(float(os.environ.get(PAUSE, "0")))
            drift.move(np.random.default_rng(segment_seed(seed, number)))
            policy = Policy(policy.spec, drift.weights)
            drift.scores.append(monitor.score(policy))
            done = STEPS * (SEGMENTS * self.number + number + 1)
            monitor.report(done, STEPS * SEGMENTS * STAGES, drift.scores[-1])
            note("ended", problem.label, self.number, number)
        curve = [CurvePoint(STEPS * (k + 1), score) for k, score in enumerate(drift.scores)]
        learned = start.having(policy=Policy(policy.spec, drift.weights))
        return StageResult(learned, STEPS * SEGMENTS, segments.seconds, tuple(curve))


class StubRecipe(FromScratch):
    """Trains each source in two stages of three segments."""

    def trainer(self, env: ContextualEnv) -> Trainer:
        """Return the stub; it fits every family for which PPO can make policies."""
        return Trainer([StubStage(number) for number in range(STAGES)])


def register(recipes: dict[str, Any]) -> None:
    """Add the stub to the recipes that studies may name, and have every boundary kept."""
    recipes["stub"] = StubRecipe
    thrift.RESTS = 0


def needs_nothing(run: Path) -> None:
    """Stand for what a worker does before its first job."""
