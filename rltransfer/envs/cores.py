"""How many cores a process uses at once. Results do not depend on it."""

from __future__ import annotations

import os

from rltransfer.errors import InvalidExperiment

__all__ = ["THREADS", "thread_count", "usable_cores"]

THREADS = "RLTRANSFER_THREADS"
"""The environment variable that says it."""


def thread_count() -> int:
    """Return the number in `RLTRANSFER_THREADS`, or the cores that this process may use.

    Raises:
        InvalidExperiment: if the variable holds no whole number from 1 on.
    """
    text = os.environ.get(THREADS, "").strip()
    if not text:
        return usable_cores()
    if not text.isdecimal() or int(text) < 1:
        raise InvalidExperiment(
            f"the environment variable {THREADS} must be a whole number from 1 on; got {text!r}. "
            "Without it, as many threads are used as there are cores."
        )
    return int(text)


def usable_cores() -> int:
    """Return the cores that this process may use; all, where the system tells no more."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
