"""A future whose failure is told in this package's words."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any

__all__ = ["Translation", "handed_on"]

Translation = Callable[[BaseException], BaseException]
"""From what a library raises to what this package raises; other errors pass as they are."""


def handed_on(inner: Future[Any], translated: Translation) -> Future[Any]:
    """Return a future with the result of another one, and its failure translated.

    Cancelling it cancels the other one, too.
    """
    outer: Future[Any] = Future()

    def settle(done: Future[Any]) -> None:
        if not outer.set_running_or_notify_cancel():
            return
        error = CancelledError() if done.cancelled() else done.exception()
        if error is None:
            outer.set_result(done.result())
        else:
            outer.set_exception(translated(error))

    outer.add_done_callback(lambda told: inner.cancel() if told.cancelled() else None)
    inner.add_done_callback(settle)
    return outer
