"""The one SUMO of a process, and what it says when something is wrong.

libsumo keeps its simulation in global variables: a second `start` in a process silently destroys
the first one. Hence one worker process per environment.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from typing import Any

__all__ = ["Simulation", "SumoError", "words_of"]

QUIET = (
    *("--no-step-log", "true"),
    *("--no-warnings", "true"),
    *("--duration-log.disable", "true"),
)
STDERR = 2
MOST_BYTES = 4096


class SumoError(Exception):
    """SUMO refused to begin; the text is its own."""


class Simulation:
    """Starts SUMO once and reloads it for every further episode, which takes milliseconds.

    Attributes:
        sumo: the module libsumo.
    """

    def __init__(self) -> None:
        self.sumo: Any = import_module("libsumo")

    def begin(self, arguments: Sequence[str], seed: int) -> None:
        """Begin an episode with SUMO's command-line arguments.

        Raises:
            SumoError: in SUMO's own words, if it cannot.
        """
        said = size_of(STDERR)
        line = [*arguments, "--seed", str(seed % 2**31), *QUIET]
        try:
            if self.sumo.simulation.isLoaded():
                self.sumo.load(line)
            else:
                self.sumo.start(["sumo", *line])
        except Exception as error:
            raise SumoError(words_of(STDERR, said) or str(error)) from error


def size_of(file: int) -> int:
    """Return how much has been written to a regular file; 0 for a terminal or pipe."""
    return os.fstat(file).st_size


def words_of(file: int, begin: int = 0) -> str:
    """Return what was written to a file since `begin`, in one line, its last part if it is long.

    Args:
        file: a descriptor of a regular file; of anything else nothing is returned.
        begin: the byte to begin with.
    """
    size = size_of(file)
    begin = max(begin, size - MOST_BYTES)
    if size <= begin:
        return ""
    lines = os.pread(file, size - begin, begin).decode(errors="replace").split("\n")
    words = " ".join(line.strip() for line in lines if line.strip() and "Quitting" not in line)
    return words.removeprefix("Error: ")
