"""A backend without workers: jobs are done in the controller's process, so one kill ends all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rltransfer.experiment.backends import Workers
from rltransfer.testing.at_once import AtOnce

__all__ = ["Alone"]


class Alone:
    """See `Backend`."""

    @contextmanager
    def open(self, run: Path) -> Iterator[Workers]:
        """Yield one worker, which is this process."""
        yield Workers(AtOnce(), 1)
