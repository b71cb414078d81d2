"""Trains one policy; after an interruption, stages that are done are not repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.contexts import Context
from rltransfer.data.transitions_file import FILE, write_transitions
from rltransfer.evaluation import evaluate
from rltransfer.experiment.attempt import recorded, stage_records
from rltransfer.experiment.solo.folder import SoloFolder
from rltransfer.experiment.solo.listener import Listener, TellingMonitor
from rltransfer.experiment.solo.record import FinalScore, SoloRecord
from rltransfer.files import commit_folder
from rltransfer.seeding import derive_seed
from rltransfer.training.head_start import HeadStart
from rltransfer.training.interruption import Interruption
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.trainer import Trainer, TrainingResult

if TYPE_CHECKING:
    from rltransfer.training.policy import Policy

__all__ = ["SoloTraining", "train_solo"]

FINAL_EPISODES = 20


@dataclass(frozen=True)
class SoloTraining:
    """A training with everything that it needs in hand.

    Attributes:
        problem: one family, one context.
        trainer: the stages.
        start: what it begins with.
        recipe: the trainer's name.
        episodes: behind each score while it learns.
        seed: root of all random numbers.
        told: all that decides the result, as plain data that JSON can hold.
        tensorboard: a folder for logs; None for none.
    """

    problem: TrainingProblem
    trainer: Trainer
    start: HeadStart
    recipe: str
    episodes: int
    seed: int
    told: Mapping[str, Any]
    tensorboard: Path | None = None

    @property
    def context(self) -> Context:
        """Where it is trained."""
        return self.problem.contexts[0]

    def seed_for(self, purpose: str) -> int:
        """Return the seed for one purpose in this context."""
        return derive_seed(self.seed, purpose, self.context)


def train_solo(
    training: SoloTraining,
    out: Path,
    listener: Listener | None = None,
    interruption: Interruption | None = None,
) -> SoloRecord:
    """Train, and put the policy into a folder; a finished folder is left untouched.

    Args:
        training: what to train.
        out: the folder; beside it lies what an interrupted training keeps.
        listener: told of progress.
        interruption: heard between segments; what was done by then is kept.

    Returns:
        what the folder's `result.json` holds.

    Raises:
        InvalidExperiment: if the folder holds another training, or if a stage lacks something.
        Interrupted: if somebody asked.
        RunLocked: if another process trains it now.
        SourceFailed: if the simulator fails or the training diverges.
        StorageError: if the result cannot be written.
    """
    heard, folder = listener or Listener(), SoloFolder(out)
    if (record := folder.finished(training.told)) is not None:
        heard.unchanged(out)
        return record
    resumed = folder.begun
    with folder.working(training.told):
        heard.began(out, resumed)
        result, monitor_steps = run_stages(training, folder, heard, interruption)
        record = record_of(training, result, monitor_steps)
        commit_folder(out, lambda path: fill(path, record, result))
    heard.ended(out)
    return record


def run_stages(
    training: SoloTraining,
    folder: SoloFolder,
    listener: Listener,
    interruption: Interruption | None = None,
) -> tuple[TrainingResult, int]:
    """Run the stages that are not done yet; return also the monitor's steps."""
    monitor = TellingMonitor(
        training.problem,
        training.episodes,
        training.seed_for("monitor"),
        folder.scores,
        online=training.trainer.stages[-1].name,
        listener=listener,
        tensorboard=training.tensorboard,
    )
    result = training.trainer.train(
        training.problem,
        training.seed_for(f"train {training.recipe}"),
        monitor,
        training.start,
        checkpoints=folder.stages,
        interruption=interruption,
    )
    return result, monitor.steps


def record_of(training: SoloTraining, result: TrainingResult, monitor_steps: int) -> SoloRecord:
    """Return what is to be kept of a training."""
    return SoloRecord(
        training=training.told,
        stages=stage_records(result),
        steps=result.steps,
        monitor_steps=monitor_steps,
        seconds=result.seconds,
        curve=tuple((point.step, point.score) for point in result.curve),
        final=final_score(training, result.policy),
        versions=training.problem.env.simulator.versions(),
    )


def final_score(training: SoloTraining, policy: Policy) -> FinalScore:
    """Play the finished policy in its context."""
    env, seed = training.problem.env, training.seed_for("final")
    found = evaluate(policy, env, [training.context], FINAL_EPISODES, seed)
    returns = found.returns
    return FinalScore(
        FINAL_EPISODES, float(returns.mean()), float(returns.std()), int(found.lengths.sum())
    )


def fill(folder: Path, record: SoloRecord, result: TrainingResult) -> None:
    """Write a finished training into a new folder."""
    result.policy.save(folder)
    record.write(folder)
    if (seen := recorded(result)) is not None:
        write_transitions(folder / FILE, seen)
