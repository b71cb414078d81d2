"""Signals as wishes to stop: the first asks, the second does what it has always done."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rltransfer.training.interruption import GRACE, Interruption

__all__ = ["PATIENCE", "Wish", "asked_by"]

TO_LEAVE = 4.0
"""Seconds in which a process that has been asked writes its last words and ends."""

PATIENCE = GRACE - TO_LEAVE
"""Seconds that a training has to stop in, so that its process is gone within the grace."""


class Wish(Interruption):
    """A wish to stop that a signal makes.

    Attributes:
        number: of the signal; None until there is one.
    """

    number: int | None = None

    @property
    def exit_code(self) -> int:
        """What a process returns that has stopped as it was asked to."""
        return 128 + (self.number or signal.SIGINT)


@contextmanager
def asked_by(*numbers: signal.Signals) -> Iterator[Wish]:
    """Yield a wish to stop, which the first of some signals makes.

    A second signal finds the handlers that were there before; so does the first, sent again,
    where the block goes on for longer than a training may take to stop. Beside the main thread
    signals cannot be handled, and nobody asks.
    """
    wish = Wish(PATIENCE)
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return
    before = {number: signal.getsignal(number) for number in numbers}
    alarms: list[threading.Timer] = []

    def ask(number: int, frame: FrameType | None) -> None:
        wish.number = number
        wish.ask()
        restore()
        alarms.append(threading.Timer(PATIENCE, os.kill, (os.getpid(), number)))
        alarms[0].daemon = True
        alarms[0].start()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in numbers:
        signal.signal(number, ask)
    try:
        yield wish
    finally:
        restore()
        for alarm in alarms:
            alarm.cancel()
