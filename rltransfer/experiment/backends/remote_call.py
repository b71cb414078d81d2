"""A call of a function on another machine, or in another session of this one."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltransfer.envs.cores import THREADS
from rltransfer.errors import RunLocked
from rltransfer.experiment.backends.premises import Premises
from rltransfer.experiment.job import Job
from rltransfer.experiment.workers import ONE_THREAD
from rltransfer.runs.lock import locked

__all__ = ["RemoteCall"]

POLL = 1.0
"""Seconds between two looks whether the leave is still there."""

PATIENCE = 10.0
"""Seconds that a call waits for one before it, of the same training, to end."""


@dataclass(frozen=True)
class RemoteCall:
    """Calls a function where the premises are met, on one core, while it has leave.

    The folder of a training is locked meanwhile: a cluster may still train for a controller that
    was killed, and no two may write there.

    Attributes:
        function: of the arguments that come with it.
        premises: what must be so where it is called.
        leave: a file; once it is gone, this process ends.
    """

    function: Callable[..., Any]
    premises: Premises
    leave: Path

    def __call__(self, *args: Any) -> Any:
        """Call the function.

        Raises:
            InvalidExperiment: if the premises are not met.
            RunLocked: if another process trains the same policy of the same run.
        """
        self.premises.enter()
        os.environ.update({**ONE_THREAD, THREADS: "1"})
        with while_there(self.leave), guarded(args):
            return self.function(*args)


@contextmanager
def while_there(leave: Path) -> Iterator[None]:
    """End this process at once if the file goes while the block runs."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(POLL):
            if not leave.exists():
                os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def guarded(args: tuple[Any, ...]) -> AbstractContextManager[None]:
    """Lock the working folder of a training; nothing where none is among the arguments."""
    folders = [job.working for job in args if isinstance(job, Job)]
    return patiently_locked(folders[0]) if folders else nullcontext()


@contextmanager
def patiently_locked(folder: Path) -> Iterator[None]:
    """Hold a folder's lock; wait a moment for one who is about to let go of it."""
    deadline = time.monotonic() + PATIENCE
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(locked(folder))
                break
            except RunLocked:
                if time.monotonic() > deadline:
                    raise
            time.sleep(POLL)
        yield
