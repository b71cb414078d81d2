"""Worker processes: joblib's loky pool, one thread each, gone with their parent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from rltransfer.experiment.job import start_worker

__all__ = ["worker_pool"]

THREADS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}


@contextmanager
def worker_pool(jobs: int) -> Iterator[Executor]:
    """Yield an executor of `jobs` processes; whatever ends the block, they are killed with it."""
    from joblib.externals.loky import ProcessPoolExecutor

    executor = ProcessPoolExecutor(
        max_workers=jobs,
        initializer=start_worker,
        initargs=(os.getpid(),),
        env=THREADS,
        timeout=None,
    )
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, kill_workers=True)
