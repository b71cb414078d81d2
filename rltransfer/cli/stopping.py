"""Ctrl-C and SIGTERM: what is said of how to go on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rltransfer.cli.output import console, errors, print_json
from rltransfer.errors import Interrupted

__all__ = ["GOES_ON", "continuable", "tell_stopped"]

GOES_ON = "The same command goes on where it stopped."
SAME = "the same command"


@contextmanager
def continuable(
    as_json: bool, command: str | None = None, begun: Path | None = None
) -> Iterator[None]:
    """Say how to go on when the work in the block is stopped.

    Args:
        as_json: whether to say it as a document.
        command: that goes on; the same one by default.
        begun: what must be there for that command; until then it is the same one.
    """
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as stop:
        if begun is not None and not begun.exists():
            command = None
        if as_json:
            print_json({"error": "stopped", "resume": command or SAME})
        else:
            how = GOES_ON if command is None else f"Continue with: {command}"
            console.print(f"Stopped. {how}", soft_wrap=True, markup=False)
        if isinstance(stop, SystemExit):
            raise
        sys.exit(Interrupted.exit_code)


def tell_stopped(as_json: bool) -> None:
    """Say that a command was stopped of which nothing is kept."""
    errors.print("Stopped; the same command starts again.")
    if as_json:
        print_json({"error": "stopped"})
