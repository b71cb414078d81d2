"""Where the controller's time goes: its CPU seconds by part, as the pool of sources grows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property, wraps
from typing import Any

from rltransfer.experiment import controller
from rltransfer.experiment.agenda import Agenda
from rltransfer.experiment.controller import Controller
from rltransfer.experiment.events import Events
from rltransfer.experiment.lanes import Lane, LaneState
from rltransfer.experiment.study_view import StudyView
from rltransfer.runs import Run, SourceRecord

DECISION = "a selector's decision"

PARTS: dict[str, list[tuple[Any, str]]] = {
    DECISION: [(LaneState, "following")],
    "replay of the lanes": [(Lane, "replay"), (Agenda, "after")],
    "what is wanted": [(Agenda, "wanted")],
    "writing a source": [(Run, "commit")],
    "reading it back": [(SourceRecord, "read")],
    "Optuna's study": [(StudyView, "begin"), (StudyView, "show"), (StudyView, "progressed")],
    "workers' progress": [(Controller, "listen")],
    "handing out": [(Controller, "hand_out")],
    "tables at the end": [(controller, "write_tables")],
}


class Stopwatch(Events):
    """CPU seconds of each part, without those of the parts within it; and after each commit.

    Attributes:
        seconds: of each part.
        calls: of each part.
        busy: CPU seconds of all parts until each commit.
        moments: of each commit, by the clock.
    """

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(PARTS, 0.0)
        self.calls = dict.fromkeys(PARTS, 0)
        self.busy: list[float] = []
        self.moments: list[float] = []
        self._stack: list[str] = []
        self._since = 0.0

    def committed(self, job: Any, record: Any) -> None:
        """Note how busy the controller has been so far."""
        self.busy.append(sum(self.seconds.values()))
        self.moments.append(time.perf_counter())

    def switch(self) -> None:
        """Give the time since the last switch to the part that is on."""
        now = time.thread_time()
        if self._stack:
            self.seconds[self._stack[-1]] += now - self._since
        self._since = now

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that is timed as a part."""

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            self.switch()
            self._stack.append(part)
            self.calls[part] += 1
            try:
                return function(*args, **kwargs)
            finally:
                self.switch()
                self._stack.pop()

        return call

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Time every part in this process while the block runs."""
        with ExitStack() as undo:
            for part, places in PARTS.items():
                for owner, name in places:
                    self.attach(part, owner, name, undo)
            yield

    def attach(self, part: str, owner: Any, name: str, undo: ExitStack) -> None:
        """Put a timed function in the place of one."""
        found = vars(owner)[name]
        if isinstance(found, cached_property):
            undo.callback(setattr, found, "func", found.func)
            found.func = self.timed(part, found.func)
            return
        undo.callback(setattr, owner, name, found)
        if isinstance(found, classmethod):
            setattr(owner, name, classmethod(self.timed(part, found.__func__)))
        else:
            setattr(owner, name, self.timed(part, found))
