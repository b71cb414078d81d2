"""Where a training takes place: rows of a family, what draws their contexts, what records them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rltransfer.contexts import Context
from rltransfer.training.context_rounds import ContextRounds
from rltransfer.training.context_sampler import ContextSampler, FinishedEpisode
from rltransfer.training.heard_contexts import HeardContexts
from rltransfer.training.kept import Kept
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.segments import Memory

if TYPE_CHECKING:
    from rltransfer.envs.vector import ContextVecEnv
    from rltransfer.training.recording import RecordingVecEnv

__all__ = ["Surroundings", "make_venv"]


@dataclass(frozen=True)
class Surroundings:
    """What a segment of a training finds, beside the agent.

    Attributes:
        rows: the sub-environments.
        contexts: draws a context for each of their episodes, where there are several.
        recorder: keeps their last transitions; None where nobody wants them.
    """

    rows: ContextVecEnv
    contexts: HeardContexts
    recorder: RecordingVecEnv | None = None

    @property
    def memory(self) -> Memory:
        """What has been drawn, heard and recorded."""
        parts: dict[str, Kept] = {"contexts": self.contexts}
        if self.recorder is None:
            return Memory(parts)
        return Memory({**parts, "recorder": self.recorder}, {"recorded": self.recorder})

    def cut(self) -> None:
        """End the episodes under way."""
        if self.recorder is not None:
            self.recorder.cut()

    def begin_segment(self) -> None:
        """Draw anew from here on: the contexts of the episodes that the next reset begins, too."""
        self.contexts.begin_segment()
        if self.rows.changes_contexts:
            drawn = [{"context": self.contexts.draw()} for _ in range(self.rows.num_envs)]
            self.rows.set_options(drawn)


def make_venv(
    problem: TrainingProblem,
    n: int,
    rng: np.random.Generator,
    sampler: ContextSampler | None = None,
) -> ContextVecEnv:
    """Return n sub-environments; with several contexts, every episode draws one.

    Args:
        problem: whose contexts.
        n: how many.
        rng: draws the contexts in rounds, where no sampler is given.
        sampler: draws the contexts, and hears how the episodes end.
    """
    from rltransfer.envs.vector import ContextVecEnv

    if problem.context is not None:
        return ContextVecEnv(problem.env, [problem.context] * n, observe=problem.observe)
    contexts = sampler if sampler is not None else ContextRounds(problem.contexts, rng)

    def next_context(row: int) -> Context:
        ended = venv.episodes  # the row's episode is over, the next has not begun
        score, steps = float(ended.returns[row]), int(ended.lengths[row])
        contexts.hear(FinishedEpisode(ended.contexts[row], score, steps))
        return contexts.draw()

    first = [contexts.draw() for _ in range(n)]
    venv = ContextVecEnv(problem.env, first, observe=problem.observe, next_context=next_context)
    return venv
