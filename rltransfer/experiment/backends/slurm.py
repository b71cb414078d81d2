"""Workers as jobs of a cluster's queue, by submitit: a SLURM job for each training.

A job that SLURM preempts, or ends at its time limit, is queued again by submitit and goes on where
the run's folder says it was. Jobs and logs lie beside the run, in `submitit/`; those of trainings
that came back are removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rltransfer.errors import MissingDependency
from rltransfer.experiment.backends.backend import Workers
from rltransfer.experiment.backends.premises import shared_premises
from rltransfer.experiment.backends.queued import QueueCrew, clear

if TYPE_CHECKING:
    import submitit

__all__ = ["Queue", "slurm_queue"]

POLL = 1.0
"""Seconds between two looks for results; submitit asks SLURM itself at most once a minute."""


@dataclass(frozen=True)
class Queue:
    """A cluster's queue, as submitit sees it.

    Attributes:
        submits: makes submitit's executor for a folder of jobs and logs.
        jobs: trainings in the queue at once.
        poll: seconds between two looks for results.
    """

    submits: Callable[[Path], submitit.Executor]
    jobs: int
    poll: float = POLL

    @contextmanager
    def open(self, run: Path) -> Iterator[Workers]:
        """Clear the queue of what a killed controller left in it; see `Backend.open`."""
        submits = self.submits(run.resolve().parent / "submitit" / run.name)
        clear(submits)
        with shared_premises(run) as premises:
            crew = QueueCrew(submits, premises, self.poll)
            try:
                yield Workers(crew, self.jobs)
            finally:
                crew.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class SlurmJobs:
    """How SLURM is asked for a worker: one core.

    Attributes:
        partition: of the cluster; None for its default.
        minutes: that a job may take before it is queued again.
    """

    partition: str | None
    minutes: int

    def __call__(self, folder: Path) -> submitit.Executor:
        """Return submitit's executor.

        Raises:
            MissingDependency: without submitit, or without SLURM.
        """
        try:
            import submitit
        except ImportError:
            raise MissingDependency(
                "the backend 'slurm' needs submitit: pip install 'rltransfer[cluster]'."
            ) from None
        try:
            submits = submitit.SlurmExecutor(folder)
        except RuntimeError as error:
            raise MissingDependency(
                f"the backend 'slurm' must be used where jobs are submitted, and here SLURM was "
                f"not found: {error} Use --backend local, or log in to the cluster."
            ) from None
        chosen = {} if self.partition is None else {"partition": self.partition}
        submits.update_parameters(
            job_name="rltransfer", time=self.minutes, cpus_per_task=1, **chosen
        )
        return submits


def slurm_queue(jobs: int, partition: str | None, minutes: int) -> Queue:
    """Return SLURM's queue; for the arguments see the attributes of `Queue` and `SlurmJobs`."""
    return Queue(SlurmJobs(partition, minutes), jobs)
