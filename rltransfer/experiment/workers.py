"""Worker processes of this machine: one thread each, in their own groups, gone with their parent.

A slot is one worker, by a loky executor of its own, for loky gives up all workers of an executor
when one dies. So a death costs the job of one slot, which starts another worker for its next job.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from rltransfer.envs.cores import THREADS, thread_count
from rltransfer.errors import WorkerDied
from rltransfer.experiment.lifeline import die_with_parent, lead_group

if TYPE_CHECKING:
    from joblib.externals.loky import ProcessPoolExecutor

__all__ = ["Crew", "Slots", "start_worker", "worker_pool"]

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}

DIED = "its worker process died: killed, or out of memory"


class Crew(Executor):
    """An executor whose workers can be made ready, asked to stop, and ended.

    `submit` returns a future that fails with `WorkerDied` where the worker is lost.
    """

    def warm(self, prepare: Callable[..., object], *args: Any) -> None:
        """Have every worker call a function now, while there is no job yet; or do nothing."""

    def ask_to_stop(self) -> None:
        """Ask the workers to keep what they have, and to end their jobs with `Interrupted`."""

    def end(self, future: Future[Any]) -> None:
        """Give up a job; its future ends soon, if it can, and its worker does no more for it."""
        future.cancel()


def share_of_cores(jobs: int) -> dict[str, str]:
    """Return how many threads each of `jobs` workers may step simulators with."""
    return {THREADS: str(max(1, thread_count() // jobs))}


@contextmanager
def worker_pool(jobs: int) -> Iterator[Crew]:
    """Yield a crew of `jobs` processes; whatever ends the block, they are killed with it."""
    slots = Slots(jobs)
    try:
        yield slots
    finally:
        slots.shutdown()


class Slots(Crew):
    """So many worker processes, each started at its first job or when it is to be warmed."""

    def __init__(self, jobs: int) -> None:
        env = {**ONE_THREAD, **share_of_cores(jobs)}
        self._slots = [Slot(env) for _ in range(jobs)]

    def warm(self, prepare: Callable[..., object], *args: Any) -> None:
        """Start all workers, and have each call a function."""
        for slot in self._slots:
            slot.call(prepare, *args)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Give a job to the worker with the fewest."""
        return min(self._slots, key=lambda slot: len(slot.jobs)).do(fn, *args, **kwargs)

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the workers that have a job, which ends those that do not train."""
        for slot in self._slots:
            if slot.jobs:
                slot.ask_to_stop()

    def end(self, future: Future[Any]) -> None:
        """Kill the worker that has the job, and all that it has started."""
        for slot in self._slots:
            if future in slot.jobs:
                slot.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Kill all workers, then see to what each leaves behind."""
        for slot in self._slots:
            slot.strike()
        for slot in self._slots:
            slot.kill()


@contextmanager
def deaf_children() -> Iterator[None]:
    """Have the processes that are started here hear no Ctrl-C: it is for their parent."""
    resource_tracker.ensure_running()  # its start would clear the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class Slot:
    """One worker process, and the next one where that has died.

    Attributes:
        jobs: the futures of what it has to do.
    """

    def __init__(self, env: dict[str, str]) -> None:
        self.jobs: set[Future[Any]] = set()
        self._env = env
        self._executor: ProcessPoolExecutor | None = None
        self._pid: Future[int] | None = None

    def do(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return the future of a job."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        self.jobs.add(future)

        def settle(done: Future[Any]) -> None:
            self.jobs.discard(future)
            hand_on(done, future)

        self.call(fn, *args, **kwargs).add_done_callback(settle)
        return future

    def call(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call a function in the worker, in a new one if the last has died."""
        if self._executor is not None:
            with suppress(*lost()):
                return self._executor.submit(fn, *args, **kwargs)  # type: ignore[no-any-return]
            self.kill()
        self._start()
        assert self._executor is not None
        return self._executor.submit(fn, *args, **kwargs)  # type: ignore[no-any-return]

    def _start(self) -> None:
        from joblib.externals.loky import ProcessPoolExecutor

        with deaf_children():
            self._executor = ProcessPoolExecutor(
                max_workers=1, initializer=start_worker, initargs=(os.getpid(),), env=self._env
            )
            self._pid = self._executor.submit(os.getpid)

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the worker; one that is about to start need not."""
        if self.pid is None:
            self.kill()
        else:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def strike(self) -> None:
        """Kill the worker's group, if it has begun to work."""
        if (pid := self.pid) is not None:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)

    def kill(self) -> None:
        """Kill the worker with its whole group; its jobs fail with `WorkerDied`."""
        self.strike()
        executor, self._executor, self._pid = self._executor, None, None
        if executor is not None:
            executor.shutdown(wait=True, kill_workers=True)

    @property
    def pid(self) -> int | None:
        """The worker's process id, and that of its group; None while it starts."""
        ready = self._pid is not None and self._pid.done() and self._pid.exception() is None
        return self._pid.result() if ready and self._pid is not None else None


def hand_on(done: Future[Any], future: Future[Any]) -> None:
    """Give a future what another one has come to."""
    error = done.exception()
    if error is None:
        future.set_result(done.result())
    else:
        future.set_exception(WorkerDied(DIED) if isinstance(error, lost()) else error)


def lost() -> tuple[type[Exception], ...]:
    """Return what loky raises where a worker is gone."""
    from joblib.externals.loky.process_executor import BrokenProcessPool, ShutdownExecutorError

    return BrokenProcessPool, ShutdownExecutorError


def start_worker(parent: int) -> None:
    """Prepare a worker process: in a group of its own, so that Ctrl-C is its parent's to handle.

    Args:
        parent: the parent's process id.
    """
    lead_group()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with_parent(parent)
    stay()


def stay() -> None:
    """Have loky keep the worker when it grows: loading torch looks to it like a memory leak."""
    from joblib.externals.loky import process_executor

    process_executor._USE_PSUTIL = False
