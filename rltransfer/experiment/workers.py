"""Worker processes: joblib's loky pool, one thread each, gone with their parent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from rltransfer.envs.cores import THREADS, thread_count
from rltransfer.experiment.job import start_worker

__all__ = ["worker_pool"]

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
