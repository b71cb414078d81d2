"""A crew of nobody: jobs are done in the process that submits them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from rltransfer.experiment.workers import Crew

__all__ = ["AtOnce"]


class AtOnce(Crew):
    """Does each job when it is submitted; what a job raises, its future raises."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return a future that is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
