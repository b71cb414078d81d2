"""Workers of a Dask cluster, wherever it runs: `Client`, and its own `concurrent.futures` executor.

A training whose worker is lost is given to another one by Dask's scheduler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rltransfer.errors import (
    InvalidExperiment,
    MissingDependency,
    RLTransferError,
    WorkerDied,
    said,
)
from rltransfer.experiment.backends.backend import Workers
from rltransfer.experiment.backends.handed_on import handed_on
from rltransfer.experiment.backends.premises import Premises, shared_premises
from rltransfer.experiment.backends.remote_call import RemoteCall
from rltransfer.experiment.workers import Crew

if TYPE_CHECKING:
    from distributed import Client
    from distributed.cfexecutor import ClientExecutor

__all__ = ["Dask"]

PATIENCE = 10.0
"""Seconds to find the scheduler in, and then a worker."""


@dataclass(frozen=True)
class Dask:
    """The workers of a Dask scheduler.

    Attributes:
        address: of the scheduler, such as tcp://10.0.0.1:8786.
        jobs: trainings at once; None for one on each worker that is there at the beginning.
    """

    address: str
    jobs: int | None = None

    @contextmanager
    def open(self, run: Path) -> Iterator[Workers]:
        """Connect and check every worker; see `Backend.open`.

        Raises:
            InvalidExperiment: if there is no scheduler or no worker, or one cannot take part.
        """
        with connected(self.address) as client, shared_premises(run) as premises:
            count = require_workers(client, self.address)
            require_premises(client, premises)
            crew = DaskCrew(client.get_executor(pure=False), premises, self.address)
            try:
                yield Workers(crew, self.jobs or count)
            finally:
                crew.shutdown(wait=False)


class DaskCrew(Crew):
    """Dask's executor, each call with a leave of its own."""

    def __init__(self, executor: ClientExecutor, premises: Premises, address: str) -> None:
        self._executor, self._premises, self._address = executor, premises, address
        self._leaves: dict[Future[Any], Path] = {}

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Send a call to whichever worker is free."""
        leave = self._premises.leave()
        inner = self._executor.submit(RemoteCall(fn, self._premises, leave), *args, **kwargs)
        future = handed_on(inner, self._translated)
        self._leaves[future] = leave
        future.add_done_callback(self._settled)
        return future

    def _settled(self, future: Future[Any]) -> None:
        """Take the leave of a call that is over."""
        self._leaves.pop(future).unlink(missing_ok=True)

    def ask_to_stop(self) -> None:
        """Give up all calls: what their trainings have kept is in the run's folder."""
        for future in list(self._leaves):
            self.end(future)

    def _translated(self, error: BaseException) -> BaseException:
        """Say in a sentence that workers died, or that the scheduler is gone."""
        from distributed import KilledWorker

        if isinstance(error, KilledWorker):
            return WorkerDied(
                f"Dask workers of {self._address} died one after another: killed, or out of "
                "memory; their logs tell more"
            )
        if isinstance(error, CancelledError):
            return WorkerDied(f"the Dask scheduler {self._address} gave it up, or is gone")
        return error

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let go of the cluster; what is not finished is given up unless waited for."""
        self._executor.shutdown(wait=wait and not cancel_futures)


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Yield a client of the scheduler.

    Raises:
        MissingDependency: without Dask.
        InvalidExperiment: if nobody answers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise MissingDependency(
            "the backend 'dask' needs Dask's distributed: pip install 'rltransfer[cluster]'."
        ) from None
    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise InvalidExperiment(
            f"no Dask scheduler answers at {address!r} ({type(error).__name__}). Start one with "
            "`dask scheduler`, and give the address that it prints, such as tcp://10.0.0.1:8786."
        ) from None
    with client:
        yield client


def require_premises(client: Client, premises: Premises) -> None:
    """Have every worker enter the premises.

    Raises:
        InvalidExperiment: naming the first that cannot, and why.
    """
    try:
        client.run(premises.enter)
    except RLTransferError:
        raise
    except Exception as error:
        raise InvalidExperiment(
            f"a Dask worker cannot work for this package: {said(error)}. Start it where the same "
            "version of rltransfer is installed."
        ) from None


def require_workers(client: Client, address: str) -> int:
    """Return how many workers there are, each one thread.

    Raises:
        InvalidExperiment: if there are none, or one has several threads.
    """
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise InvalidExperiment(
            f"the Dask scheduler {address} has no workers. Start some with "
            f"`dask worker {address} --nworkers 4 --nthreads 1`."
        ) from None
    workers = client.scheduler_info(n_workers=-1)["workers"]
    for name, told in workers.items():
        if told["nthreads"] != 1:
            raise InvalidExperiment(
                f"the Dask worker {name} has {told['nthreads']} threads, and trainings in one "
                "process disturb each other. Start workers with --nthreads 1, several for each "
                "machine with --nworkers."
            )
    return len(workers)
