"""One training of a trial, as plain data in and out: what a worker process does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltransfer.contexts import Context
from rltransfer.errors import SourceFailed
from rltransfer.evaluation import evaluate
from rltransfer.experiment.monitor import FileMonitor, monitor_episodes
from rltransfer.experiment.progress import Progress, read_progress
from rltransfer.experiment.spec import Experiment
from rltransfer.experiment.tuning.record import Cell
from rltransfer.experiment.tuning.spec import Tuning
from rltransfer.seeding import derive_seed
from rltransfer.training.problem import TrainingProblem

__all__ = ["CellJob", "looks_of", "train_cell"]


@dataclass(frozen=True)
class CellJob:
    """A training, described so that any process can do it.

    Attributes:
        study: the study whose settings it has, as plain data; see `Tuning.study`.
        context: where it trains.
        seed: root of the tuning's random numbers.
        repetition: which of the trainings in this context, from 0.
        episodes: behind its score.
        progress: a file to which the worker appends how far it is.
        stop: a file that ends the training when it appears.
    """

    study: Mapping[str, Any]
    context: Context
    seed: int
    repetition: int
    episodes: int
    progress: Path
    stop: Path

    @classmethod
    def of(cls, tuning: Tuning, values: Mapping[str, Any], k: int, scratch: Path) -> CellJob:
        """Describe cell k of settings; later cells than a trial's have fresh seeds."""
        contexts = tuning.where
        return cls(
            study=tuning.study(values).model_dump(exclude_none=True),
            context=contexts[k % len(contexts)],
            seed=tuning.seed,
            repetition=k // len(contexts),
            episodes=tuning.episodes,
            progress=scratch / f"{k}.jsonl",
            stop=scratch / f"{k}.stop",
        )


class Ended(Exception):
    """The training is not wanted any more."""


class StoppableMonitor(FileMonitor):
    """Scores policies as the monitor of a run does, until a file says that it is enough."""

    def __init__(self, problem: TrainingProblem, episodes: int, seed: int, job: CellJob) -> None:
        scores = job.progress.with_suffix(".scores")
        super().__init__(problem, episodes, seed, job.progress, scores)
        self._stop = job.stop

    def report(self, steps: int, total: int, score: float | None) -> None:
        """Append a point; end the training if that is wanted."""
        super().report(steps, total, score)
        if self._stop.exists():
            raise Ended


def train_cell(job: CellJob) -> Cell:
    """Train, and measure the policy on fresh episodes. Depends on the job alone."""
    began = time.perf_counter()
    job.progress.unlink(missing_ok=True)
    try:
        mean, steps, failure = *trained(job), None
    except Ended:
        mean, steps, failure = None, 0, None
    except SourceFailed as error:
        mean, steps, failure = None, 0, str(error)
    looks = looks_of(job)
    return Cell(
        looks=looks,
        mean=mean,
        steps=steps or max((done for done, _ in looks), default=0),
        seconds=round(time.perf_counter() - began, 3),
        failure=failure,
    )


def trained(job: CellJob) -> tuple[float, int]:
    """Return the mean return of the trained policy, and the steps of its training."""
    study = Experiment.checked(job.study, "the study of this trial")
    env, recipe = study.environment, study.recipe()
    (problem,) = recipe.problems(env, [job.context])

    def seed(purpose: str) -> int:
        return derive_seed(job.seed, purpose, job.context)

    episodes = monitor_episodes(problem, study.training_defaults().steps)
    monitor = StoppableMonitor(problem, episodes, seed("tune monitor"), job)
    result = recipe.trainer(env).train(problem, seed(f"tune {job.repetition}"), monitor)
    found = evaluate(result.policy, env, [job.context], job.episodes, seed("tune evaluate"))
    return float(found.returns.mean()), result.steps


def looks_of(job: CellJob) -> tuple[tuple[int, float], ...]:
    """Return (steps, score) of the looks that a training has had so far."""
    said = read_progress(job.progress, 0)
    points = [point for point in said if isinstance(point, Progress)]
    return tuple((point.steps, point.score) for point in points if point.score is not None)
