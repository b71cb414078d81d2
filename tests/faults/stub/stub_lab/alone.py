"""A backend without workers: jobs are done in the controller's process, so one kill ends all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rltransfer.experiment.backends import Workers
from rltransfer.experiment.workers import Crew

__all__ = ["Alone"]


class Here(Crew):
    """Does a job at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return a future that has come."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class Alone:
    """See `Backend`."""

    @contextmanager
    def open(self, run: Path) -> Iterator[Workers]:
        """Yield one worker, which is this process."""
        yield Workers(Here(), 1)
