"""What an error means that a job has ended with: for its source alone, or for the whole run."""

from __future__ import annotations

import time

from rltransfer.errors import Interrupted, RLTransferError, SourceFailed, WorkerDied, said
from rltransfer.experiment.flights import Landing
from rltransfer.experiment.job import Job
from rltransfer.experiment.known import Measurement
from rltransfer.runs import Failure

__all__ = ["concerns_all", "failure_of", "not_measured"]


def concerns_all(error: BaseException) -> bool:
    """Say whether an error is one of the run, such as a full disk, and not of one source."""
    one = isinstance(error, (SourceFailed, WorkerDied, Interrupted))
    return isinstance(error, RLTransferError) and not one


def failure_of(landing: Landing[Job], error: BaseException) -> Failure:
    """Return what is recorded of a job that came to nothing."""
    job, attempts = landing.flight.job, landing.flight.attempt
    reason = said(error)
    if isinstance(error, (WorkerDied, Interrupted)):
        reason += f", in each of {attempts} attempts"
    elif not isinstance(error, RLTransferError):
        reason = f"training {job.label} failed: {reason}"
    return Failure(job.key, job.context, reason, attempts, time.time())


def not_measured(landing: Landing[Measurement], error: BaseException) -> BaseException:
    """Return what to raise where a policy from elsewhere could not be measured."""
    if isinstance(error, RLTransferError) and not isinstance(error, WorkerDied):
        return error
    label = landing.flight.job.label
    return SourceFailed(f"measuring the known policy {label} failed: {said(error)}.")
