"""One training and its evaluation, as plain data in and out: what a worker process does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rltransfer.contexts import Context
from rltransfer.data import Transitions
from rltransfer.evaluation import Returns, evaluate
from rltransfer.experiment.checks import MULTI_TASK
from rltransfer.experiment.keys import Lineage, key_of
from rltransfer.experiment.monitor import FileMonitor, monitor_episodes
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import SourceRecord, StageRecord
from rltransfer.seeding import derive_seed
from rltransfer.training.context_samplers import EVENLY
from rltransfer.training.recipes import Recipe, make_recipe
from rltransfer.training.trainer import TrainingResult

if TYPE_CHECKING:
    from rltransfer.training.policy import Policy

__all__ = ["Job", "recorded", "stage_records", "train_and_evaluate"]

COLD = "from-scratch"
"""How a source is trained that inherits nothing, whatever the recipe: with the same seed."""


@dataclass(frozen=True)
class Job:
    """A policy to train and evaluate, described so that any process can do it.

    Attributes:
        key: the policy's name in the run; see `keys`.
        context: the source context; None where the policy is trained on many.
        contexts: what it is trained on.
        recipe: how.
        steps: environment steps of the training, at most.
        observe: the context features that it sees.
        experiment: the experiment as plain data.
        seed: the run's root seed.
        progress: a file to which the worker appends how far it is, a JSON list per line.
        working: a folder of its own, in which the worker keeps the results of stages.
        parents: the committed folders of the sources to inherit from by key, in order.
        record: how many of the last transitions to keep.
        measured: indices of the targets that it is measured on; empty for all of them.
        trained: the committed folder of the same policy, measured on other targets; None where
            there is none.
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
    working: Path
    parents: Mapping[str, Path] = field(default_factory=dict)
    record: int = 0
    measured: tuple[int, ...] = ()
    trained: Path | None = None

    @classmethod
    def on_source(
        cls,
        experiment: Experiment,
        lineage: Lineage,
        scratch: Path,
        working: Path,
        parents: Mapping[str, Path],
        record: int,
        trained: Path | None = None,
    ) -> Job:
        """Describe the training on one source; for the arguments see the attributes."""
        return cls(
            key=lineage.key,
            context=lineage.context,
            contexts=(lineage.context,),
            recipe=experiment.training.recipe,
            steps=experiment.training_defaults().steps,
            observe=(),
            experiment=experiment.model_dump(exclude_none=True),
            seed=experiment.seeds[0],
            progress=scratch / f"{lineage.key}.jsonl",
            working=working,
            parents=parents,
            record=record,
            measured=lineage.measured,
            trained=trained,
        )

    @classmethod
    def on_all(cls, experiment: Experiment, name: str, scratch: Path, working: Path) -> Job:
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
            working=working,
        )

    @property
    def label(self) -> str:
        """A short text for people."""
        return self.key if self.context is None else self.context.label

    @property
    def train_seed(self) -> int:
        """Decides the training; the same for all recipes where nothing is inherited."""
        how = COLD if self.context is not None and not self.parents else self.recipe
        return derive_seed(self.seed, f"train {how}", self.context)

    def make_recipe(self, experiment: Experiment) -> Recipe:
        """Return how it is trained; a policy of many contexts spends its whole budget."""
        return make_recipe(
            self.recipe,
            algorithm=experiment.algorithm,
            defaults=experiment.training_defaults().model_copy(update={"steps": self.steps}),
            observe=self.observe,
            stop=None if self.context is None else experiment.stopping,
            record=self.record,
            contexts=experiment.training.contexts or EVENLY,
        )


def train_and_evaluate(job: Job) -> tuple[SourceRecord, Policy]:
    """Train one policy and evaluate it in every target, or in those that the job names.

    Depends on the job alone, and on what it inherits: not on the process, nor on what else was
    trained before.
    """
    started = time.time()
    experiment = Experiment.model_validate(job.experiment)
    if job.trained is not None:
        return measured_again(job, job.trained, experiment)
    env = experiment.environment
    result, monitor_steps = train(job, experiment)
    before = max(0.0, result.seconds - (time.time() - started))  # stages of an interrupted attempt
    found = measured(job, experiment, result.policy)
    record = SourceRecord(
        key=job.key,
        context=job.context,
        returns=found.returns,
        lengths=found.lengths,
        curve=tuple((point.step, point.score) for point in result.curve),
        steps=result.steps,
        seconds=result.seconds,
        seed=job.train_seed,
        started=started - before,
        finished=time.time(),
        stages=result.stages,
        versions=env.simulator.versions(),
        parents=tuple(job.parents),
        stage_results=stage_records(result),
        monitor_steps=monitor_steps,
        recorded=recorded(result),
    )
    return record, result.policy


def measured_again(job: Job, trained: Path, experiment: Experiment) -> tuple[SourceRecord, Policy]:
    """Measure a policy of the run on the job's targets, as if it had been trained for them."""
    from rltransfer.training.policy import Policy

    record, policy, started = SourceRecord.read(trained), Policy.load(trained), time.time()
    found = measured(job, experiment, policy)
    again = replace(
        record,
        key=job.key,
        returns=found.returns,
        lengths=found.lengths,
        started=started,
        finished=time.time(),
    )
    return again, policy


def measured(job: Job, experiment: Experiment, policy: Policy) -> Returns:
    """Return what a policy does in the job's targets; NaN and no steps in the others."""
    targets, episodes = experiment.targets(), experiment.evaluation.episodes
    chosen = list(job.measured or range(len(targets)))
    starts = derive_seed(job.seed, "evaluate")
    found = evaluate(policy, experiment.environment, [targets[i] for i in chosen], episodes, starts)
    returns = np.full((len(targets), episodes), np.nan)
    lengths = np.zeros(returns.shape, dtype=np.int64)
    returns[chosen], lengths[chosen] = found.returns, found.lengths
    return Returns(returns, lengths)


def train(job: Job, experiment: Experiment) -> tuple[TrainingResult, int]:
    """Train one policy, from what its parents have left; return also the monitor's steps."""
    from rltransfer.experiment.inheritance import head_start

    env, recipe = experiment.environment, job.make_recipe(experiment)
    (problem,) = recipe.problems(env, job.contexts)
    watch_seed = derive_seed(job.seed, "monitor", job.context)
    scores = job.working / "scores.jsonl"
    episodes = monitor_episodes(problem, job.steps)
    monitor = FileMonitor(problem, episodes, watch_seed, job.progress, scores)
    if job.context is None or not job.parents:
        trainer, start = recipe.trainer(env), None
    else:
        trainer = recipe.warm_trainer(env)
        start = head_start(experiment, job.context, job.parents)
    result = trainer.train(problem, job.train_seed, monitor, start, checkpoints=job.working)
    return result, monitor.steps


def stage_records(result: TrainingResult) -> tuple[StageRecord, ...]:
    """Return what each stage cost and found."""
    return tuple(
        StageRecord(name, found.steps, round(found.seconds, 3), dict(found.findings))
        for name, found in zip(result.stages, result.results, strict=True)
    )


def recorded(result: TrainingResult) -> Transitions | None:
    """Return what all stages saw in the environment, if they recorded it."""
    parts = [found.recorded for found in result.results if found.recorded is not None]
    return Transitions.joined(parts) if parts else None
