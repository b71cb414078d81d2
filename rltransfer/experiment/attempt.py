"""One attempt at a job, from its description to what is to be committed: what a worker does."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rltransfer.data import Transitions
from rltransfer.envs import ContextualEnv
from rltransfer.errors import RLTransferError, SourceFailed, said
from rltransfer.evaluation import Returns, evaluate
from rltransfer.experiment.job import COLD, Job
from rltransfer.experiment.monitor import FileMonitor, monitor_episodes
from rltransfer.experiment.pulse import Pulse, WatchedEnv
from rltransfer.experiment.signals import asked_by
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run, SourceRecord, StageRecord
from rltransfer.seeding import derive_seed
from rltransfer.training.interruption import Interruption
from rltransfer.training.recipes import make_recipe
from rltransfer.training.trainer import TrainingResult

if TYPE_CHECKING:
    from rltransfer.training.policy import Policy

__all__ = ["measured", "prepare", "recorded", "stage_records", "train_and_evaluate"]


def train_and_evaluate(job: Job) -> tuple[SourceRecord, Policy]:
    """Train one policy and evaluate it in every target, or in those that the job names.

    Depends on the job alone, and on what it inherits: not on the process, nor on what else was
    trained before. Where SIGTERM asks the training to stop, it keeps its segment first.

    Raises:
        Interrupted: if it was asked to stop.
        SourceFailed: if the training or the evaluation fails.
    """
    started = time.time()
    experiment = Experiment.checked(job.experiment, "the experiment of this source")
    pulse = Pulse(job.progress)
    env = WatchedEnv(experiment.environment.spec, pulse)
    pulse.beat()
    if job.trained is not None:
        return measured_again(job, job.trained, experiment, env)
    with asked_by(signal.SIGTERM) as interruption:
        result, monitor_steps = train(job, experiment, env, interruption)
    before = max(0.0, result.seconds - (time.time() - started))  # stages of an interrupted attempt
    with evaluating(job):
        found = measured(job, experiment, env, result.policy)
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


def prepare(run: Path) -> None:
    """Load what the jobs of a run need; what a worker does while there is none yet.

    Where environments are compiled, a rehearsal of one rollout loads the machine code, too. In
    others a rollout may take minutes.
    """
    import rltransfer.training.sb3_agent  # noqa: F401

    experiment = Experiment.of_run(Run(run))
    env = experiment.environment
    arrays = env.simulator.batch(env.spec, [env.space.default])
    if arrays is not None and arrays.physics is not None:
        rehearse(experiment)


def rehearse(experiment: Experiment) -> None:
    """Train for one rollout and evaluate for one episode; nothing of it is kept."""
    env = experiment.environment
    shortest = experiment.training_defaults().model_copy(update={"steps": 1})
    recipe = make_recipe(COLD, algorithm=experiment.algorithm, defaults=shortest)
    (problem,) = recipe.problems(env, experiment.sources()[:1])
    policy = recipe.trainer(env).train(problem, seed=0).policy
    evaluate(policy, env, problem.contexts, episodes=1, seed=0)


@contextmanager
def evaluating(job: Job) -> Iterator[None]:
    """Say that it is the evaluation that failed: the trained policy is kept for another attempt."""
    try:
        yield
    except Exception as error:
        if isinstance(error, RLTransferError) and not isinstance(error, SourceFailed):
            raise
        raise SourceFailed(
            f"evaluating the policy trained on {job.label} failed: {said(error)}. The training is "
            "kept: another attempt only evaluates."
        ) from error


def measured_again(
    job: Job, trained: Path, experiment: Experiment, env: ContextualEnv
) -> tuple[SourceRecord, Policy]:
    """Measure a policy of the run on the job's targets, as if it had been trained for them."""
    from rltransfer.training.policy import Policy

    record, policy, started = SourceRecord.read(trained), Policy.load(trained), time.time()
    with evaluating(job):
        found = measured(job, experiment, env, policy)
    again = replace(
        record,
        key=job.key,
        returns=found.returns,
        lengths=found.lengths,
        started=started,
        finished=time.time(),
    )
    return again, policy


def measured(job: Job, experiment: Experiment, env: ContextualEnv, policy: Policy) -> Returns:
    """Return what a policy does in the job's targets; NaN and no steps in the others."""
    targets, episodes = experiment.targets(), experiment.evaluation.episodes
    chosen = list(job.measured or range(len(targets)))
    starts = derive_seed(job.seed, "evaluate")
    found = evaluate(policy, env, [targets[i] for i in chosen], episodes, starts)
    returns = np.full((len(targets), episodes), np.nan)
    lengths = np.zeros(returns.shape, dtype=np.int64)
    returns[chosen], lengths[chosen] = found.returns, found.lengths
    return Returns(returns, lengths)


def train(
    job: Job, experiment: Experiment, env: ContextualEnv, interruption: Interruption
) -> tuple[TrainingResult, int]:
    """Train one policy, from what its parents have left; return also the monitor's steps."""
    from rltransfer.experiment.inheritance import head_start

    recipe = job.make_recipe(experiment)
    (problem,) = recipe.problems(env, job.contexts)
    watch_seed = derive_seed(job.seed, "monitor", job.context)
    scores = job.working / "scores.jsonl"
    episodes = monitor_episodes(problem, job.steps)
    logs = logs_of(job, experiment)
    monitor = FileMonitor(problem, episodes, watch_seed, job.progress, scores, logs)
    if job.context is None or not job.parents:
        trainer, start = recipe.trainer(env), None
    else:
        trainer = recipe.warm_trainer(env)
        start = head_start(experiment, job.context, job.parents)
    result = trainer.train(
        problem, job.train_seed, monitor, start, checkpoints=job.working, interruption=interruption
    )
    return result, monitor.steps


def logs_of(job: Job, experiment: Experiment) -> Path | None:
    """Return the folder for a training's logs; None where none are wanted."""
    if experiment.training.tensorboard is None:
        return None
    folder = Path(experiment.training.tensorboard) / experiment.name / f"seed-{job.seed}"
    return folder / (job.label if not job.parents else f"{job.label}-{job.key}")


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
