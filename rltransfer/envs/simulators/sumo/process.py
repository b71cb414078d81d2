"""The owner's side of a worker process: started, asked, and ended whatever happens."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import weakref
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import IO, Any

from rltransfer.envs.simulators.sumo.protocol import FAILED, REFUSED, SCRATCH, WorldAddress
from rltransfer.envs.simulators.sumo.simulation import words_of

__all__ = ["WorkerLost", "WorkerProcess"]

WORKER = "rltransfer.envs.simulators.sumo.worker"
SECONDS_TO_END = 2.0
SECONDS_TO_START = 60.0
"""What the first answer may take longer, for a cold disk or a busy machine."""


class WorkerLost(Exception):
    """A worker died, hung or failed; the text says how, with SUMO's own words."""


class WorkerProcess:
    """One world in one process, which ends with this object, or with the process that made it.

    A call is posted, then its answer is awaited; in between, other workers can be posted to.
    """

    def __init__(self, address: WorldAddress) -> None:
        self._timeout, self._owner = address.timeout, os.getpid()
        self._seconds = self._timeout + SECONDS_TO_START  # for the next answer
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed by `end`
        scratch = tempfile.mkdtemp(prefix=SCRATCH)
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", WORKER, str(theirs.fileno()), scratch],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # libsumo prints to it
                stderr=self._errors,
                pass_fds=[theirs.fileno()],
                env=environment(),
            )
        self._connection: Connection[Any, Any] = Connection(ours.detach())
        self._end = weakref.finalize(
            self, end, self._process, self._connection, self._errors, Path(scratch), self._owner
        )
        with suppress(OSError):  # as in `post`
            self._connection.send(address)

    @property
    def pid(self) -> int:
        """The worker's process id."""
        return self._process.pid

    @property
    def is_ours(self) -> bool:
        """Whether this process may talk to the worker: not after a fork, nor after `close`."""
        return self._end.alive and self._owner == os.getpid()

    def post(self, method: str, *arguments: Any) -> None:
        """Call a method of the world without waiting for its answer."""
        with suppress(OSError):  # `answer` finds out what became of the worker
            self._connection.send((method, arguments))

    def answer(self) -> tuple[Any, dict[str, float]]:
        """Wait for what the posted call returns, and for the world's `info`.

        Raises:
            WorkerLost: if no answer comes.
            RLTransferError: if the world refuses.
        """
        try:
            if not self._connection.poll(self._seconds):
                raise WorkerLost(f"it did not answer within {self._seconds:g} s")
            kind, value = self._connection.recv()
            self._seconds = self._timeout
        except (EOFError, OSError):
            raise WorkerLost(self._last_words()) from None
        if kind == REFUSED:
            raise value
        if kind == FAILED:
            raise WorkerLost(value)
        return value  # type: ignore[no-any-return]

    def _last_words(self) -> str:
        try:
            code = self._process.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            return "it hung up"
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        said = words_of(self._errors.fileno())
        return f"its process ended ({how})" + (f"; it said: {said}" if said else "")

    def close(self) -> None:
        """End the process; a second call does nothing."""
        self._end()


def environment() -> dict[str, str]:
    """Return the environment of a worker: our own, with our import path and one thread."""
    path = os.pathsep.join(place or os.getcwd() for place in sys.path)
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def end(
    process: subprocess.Popen[bytes],
    connection: Connection[Any, Any],
    errors: IO[bytes],
    scratch: Path,
    owner: int,
) -> None:
    """Hang up and, in the process that started it, see the worker end."""
    connection.close()
    errors.close()
    if os.getpid() != owner:
        process.returncode = 0  # a fork holds copies only; the worker is not its child
        return
    process.kill()  # a world has nothing to save
    process.wait()
    shutil.rmtree(scratch, ignore_errors=True)
