"""Worker processes: joblib's loky pool, one thread each, gone with their parent."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from rltransfer.envs.cores import THREADS, thread_count

__all__ = ["start_worker", "worker_pool"]

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}


def share_of_cores(jobs: int) -> dict[str, str]:
    """Return how many threads each of `jobs` workers may step simulators with."""
    return {THREADS: str(max(1, thread_count() // jobs))}


@contextmanager
def worker_pool(jobs: int) -> Iterator[Executor]:
    """Yield an executor of `jobs` processes; whatever ends the block, they are killed with it."""
    from joblib.externals.loky import ProcessPoolExecutor

    executor = ProcessPoolExecutor(
        max_workers=jobs,
        initializer=start_worker,
        initargs=(os.getpid(),),
        env={**ONE_THREAD, **share_of_cores(jobs)},
        timeout=None,
    )
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, kill_workers=True)


def start_worker(parent: int) -> None:
    """Prepare a worker process: deaf to Ctrl-C, which its parent handles, and gone when it is.

    Args:
        parent: the parent's process id, told by itself: it may be dead by now.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=follow, args=(parent,), daemon=True).start()


def follow(parent: int) -> None:
    """End this process within a second of its parent's death."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
