"""One training and its evaluation, as plain data in and out: what a worker process does."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.contexts import Context
from rltransfer.evaluation import evaluate
from rltransfer.experiment.spec import MULTI_TASK, Experiment
from rltransfer.runs import SourceRecord
from rltransfer.seeding import derive_seed
from rltransfer.training.online import LOOKS
from rltransfer.training.recipes import make_recipe

if TYPE_CHECKING:
    from rltransfer.training.policy import Policy
    from rltransfer.training.problem import TrainingProblem

__all__ = ["Job", "Progress", "key_of", "start_worker", "train_and_evaluate"]

MONITOR_EPISODES = 20
"""Most episodes, over all of a problem's contexts, behind each point of a learning curve."""

MONITOR_SHARE = 2.0
"""Most steps of all these episodes, as a share of the training's own."""


@dataclass(frozen=True)
class Job:
    """A policy to train and evaluate, described so that any process can do it.

    Attributes:
        key: the context's digest, or the name of the multi-task comparison.
        context: the source context; None where the policy is trained on many.
        contexts: what it is trained on.
        recipe: how.
        steps: environment steps of the training.
        observe: the context features that it sees.
        experiment: the experiment as plain data.
        seed: the run's root seed.
        progress: a file to which the worker appends its learning curve, a JSON line per point.
    """

    key: str
    context: Context | None
    contexts: tuple[Context, ...]
    recipe: str
    steps: int
    observe: tuple[str, ...]
    experiment: Mapping[str, Any]
    seed: int
    progress: Path

    @classmethod
    def on_source(cls, experiment: Experiment, context: Context, scratch: Path) -> Job:
        """Describe the training on one source."""
        return cls(
            key=key_of(context),
            context=context,
            contexts=(context,),
            recipe=experiment.training.recipe,
            steps=experiment.training_defaults().steps,
            observe=(),
            experiment=experiment.model_dump(exclude_none=True),
            seed=experiment.seeds[0],
            progress=scratch / f"{context.digest}.jsonl",
        )

    @classmethod
    def on_all(cls, experiment: Experiment, name: str, scratch: Path) -> Job:
        """Describe the training of one policy on all sources, with the steps of all rounds."""
        return cls(
            key=key_of(name),
            context=None,
            contexts=experiment.sources(),
            recipe="multi-task",
            steps=experiment.training_defaults().steps * experiment.selection.rounds,
            observe=tuple(experiment.contexts.vary) if MULTI_TASK[name] else (),
            experiment=experiment.model_dump(exclude_none=True),
            seed=experiment.seeds[0],
            progress=scratch / f"{name}.jsonl",
        )

    @property
    def label(self) -> str:
        """A short text for people."""
        return self.key if self.context is None else self.context.label


@dataclass(frozen=True)
class Progress:
    """A point of a learning curve: steps done, steps in all, mean return of the policy then."""

    steps: int
    total: int
    score: float | None


def key_of(wanted: Context | str) -> str:
    """Return the key of a source's policy, or of a multi-task policy by its name."""
    return wanted if isinstance(wanted, str) else wanted.digest


class FileMonitor:
    """Scores a policy in training on its own contexts and appends what it sees to a file."""

    def __init__(self, problem: TrainingProblem, steps: int, seed: int, path: Path) -> None:
        self._problem = problem
        self._episodes = monitor_episodes(problem, steps)
        self._seed = seed
        self._path = path

    def score(self, policy: Policy) -> float:
        """Return the policy's mean return over its problem's contexts."""
        found = evaluate(
            policy, self._problem.env, self._problem.contexts, self._episodes, self._seed
        )
        return float(found.returns.mean())

    def report(self, steps: int, total: int, score: float | None) -> None:
        """Append a point to the progress file."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps([steps, total, score]) + "\n")


def monitor_episodes(problem: TrainingProblem, steps: int) -> int:
    """Return how many episodes per context score a policy: fewer where episodes are dear."""
    affordable = int(MONITOR_SHARE * steps / (LOOKS * problem.env.spec.horizon))
    return max(1, min(MONITOR_EPISODES, affordable) // len(problem.contexts))


def train_and_evaluate(job: Job) -> tuple[SourceRecord, Policy]:
    """Train one policy and evaluate it in every target.

    Depends on the job alone: not on the process, nor on what was trained before.
    """
    started = time.time()
    experiment = Experiment.model_validate(job.experiment)
    env, targets = experiment.environment, experiment.targets()
    recipe = make_recipe(
        job.recipe,
        algorithm=experiment.algorithm,
        defaults=experiment.training_defaults().model_copy(update={"steps": job.steps}),
        observe=job.observe,
    )
    (problem,) = recipe.problems(env, job.contexts)
    seed = derive_seed(job.seed, f"train {job.recipe}", job.context)
    monitor = FileMonitor(
        problem, job.steps, derive_seed(job.seed, "monitor", job.context), job.progress
    )
    result = recipe.trainer(env).train(problem, seed=seed, monitor=monitor)
    starts, episodes = derive_seed(job.seed, "evaluate"), experiment.evaluation.episodes
    found = evaluate(result.policy, env, targets, episodes, starts)
    record = SourceRecord(
        key=job.key,
        context=job.context,
        returns=found.returns,
        lengths=found.lengths,
        curve=tuple((point.step, point.score) for point in result.curve),
        steps=result.steps,
        seconds=result.seconds,
        seed=seed,
        started=started,
        finished=time.time(),
        stages=result.stages,
        versions=env.simulator.versions(),
    )
    return record, result.policy


def start_worker(parent: int) -> None:
    """Prepare a worker process: deaf to Ctrl-C, which its parent handles, and gone when it is.

    Args:
        parent: the parent's process id, told by itself: it may be dead by now.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=follow, args=(parent,), daemon=True).start()


def follow(parent: int) -> None:
    """End this process within a second of its parent's death."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
