"""submitit's jobs as futures: a crew that sends calls to a queue and looks for results."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.errors import WorkerDied
from rltransfer.experiment.backends.premises import Premises
from rltransfer.experiment.backends.remote_call import RemoteCall
from rltransfer.experiment.workers import Crew

if TYPE_CHECKING:
    import submitit
    from submitit.core.utils import DelayedSubmission

__all__ = ["QueueCrew", "QueuedCall", "clear"]


class QueuedCall:
    """A call that brings its error back as a value, and may be queued again.

    submitit itself would bring back the error's traceback, as text.
    """

    def __init__(self, call: RemoteCall) -> None:
        self.call = call

    def __call__(self, *args: Any) -> Any:
        """Return the result, or the error."""
        try:
            return self.call(*args)
        except Exception as error:
            return error

    def checkpoint(self, *args: Any) -> DelayedSubmission:
        """Return what is queued when time is up: the same, as it goes on where it was."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self, *args)


@dataclass
class Sent:
    """A call in the queue: submitit's job, and the file by which it has leave."""

    job: submitit.Job[Any]
    leave: Path


class QueueCrew(Crew):
    """Sends calls to a queue; a thread looks for their results.

    Args:
        submits: submitit's executor.
        premises: what workers must find.
        poll: seconds between two looks.
    """

    def __init__(self, submits: submitit.Executor, premises: Premises, poll: float) -> None:
        self._submits, self._premises, self._poll = submits, premises, poll
        self._sent: dict[Future[Any], Sent] = {}
        self._closed = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Put a call into the queue."""
        future: Future[Any] = Future()
        leave = self._premises.leave()
        call = QueuedCall(RemoteCall(fn, self._premises, leave))
        self._sent[future] = Sent(self._submits.submit(call, *args), leave)
        return future

    def ask_to_stop(self) -> None:
        """Take all calls out of the queue; what their trainings have kept is in the run."""
        for future in list(self._sent):
            self.end(future)

    def _look(self) -> None:
        """Settle the futures of jobs that have ended, until the crew is let go."""
        while not self._closed.wait(self._poll):
            for future, sent in list(self._sent.items()):
                if future.cancelled():
                    self._give_up(future)
                elif sent.job.done():
                    del self._sent[future]
                    sent.leave.unlink(missing_ok=True)
                    settle(future, sent.job)

    def _give_up(self, future: Future[Any]) -> None:
        """Take a job out of the queue, and its leave; wake up who waits for it."""
        sent = self._sent.pop(future)
        sent.leave.unlink(missing_ok=True)
        sent.job.cancel(check=False)
        if future.cancel():
            future.set_running_or_notify_cancel()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop looking; jobs that are not waited for are taken out of the queue."""
        while wait and not cancel_futures and self._sent:
            self._closed.wait(self._poll)
        self._closed.set()
        self._watch.join()
        for future in list(self._sent):
            self._give_up(future)


def settle(future: Future[Any], job: submitit.Job[Any]) -> None:
    """Hand on what a job brought back; its files are removed, unless it died."""
    from submitit.core.utils import UncompletedJobError

    if not future.set_running_or_notify_cancel():
        return
    try:
        result = job.result()
    except UncompletedJobError as error:
        future.set_exception(died(job, error))
        return
    except Exception as error:  # what cannot be read back
        future.set_exception(error)
        return
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)
    remove_files(job)


def died(job: submitit.Job[Any], error: Exception) -> WorkerDied:
    """Say that a job ended without a result."""
    reason = (str(error).strip() or "killed").splitlines()[0]
    return WorkerDied(
        f"the queue's job {job.job_id} ended without a result: {reason.rstrip('.')}; "
        f"its log is {job.paths.stderr}"
    )


def clear(submits: submitit.Executor) -> None:
    """Cancel the jobs that a killed controller has left in the queue, and remove their files."""
    for path in submits.folder.glob("*_submitted.pkl"):
        job = submits.job_class(submits.folder, path.name.removesuffix("_submitted.pkl"))
        with suppress(OSError):  # the queue's own command is gone
            job.cancel(check=False)
        remove_files(job)


def remove_files(job: submitit.Job[Any]) -> None:
    """Remove a job's calls, results and logs."""
    for path in job.paths.folder.glob(f"{job.job_id}_*"):
        path.unlink(missing_ok=True)
