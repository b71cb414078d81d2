"""What controller and workers must have in common, checked before anything is trained.

A worker elsewhere needs the controller's working folder and the run's folder under the same paths
(a shared file system), and the same conditions: results are equal bit for bit only then.

While a controller works, there is a folder of its own within the run's: in it lie a word, by which
workers know that they see the same folder, and a leave for each call, which the controller takes
away to end the call. A worker whose leave is gone ends, so that nothing is trained for nobody.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rltransfer.errors import InvalidExperiment
from rltransfer.files import write_text
from rltransfer.files.writing import TEMPORARY
from rltransfer.runs.conditions import decisive
from rltransfer.runs.provenance import provenance

__all__ = ["Premises", "shared_premises"]

NAME = "premises"


@dataclass(frozen=True)
class Premises:
    """What a worker must find where it is.

    Attributes:
        home: the controller's working folder, in which paths are understood.
        folder: the controller's own folder within the run's.
        word: what it says there, new each time.
        conditions: versions and vector instructions; see `runs.conditions`.
    """

    home: Path
    folder: Path
    word: str
    conditions: Mapping[str, Any]

    def enter(self) -> None:
        """Work in the controller's working folder from now on, if everything is as it must be.

        Raises:
            InvalidExperiment: naming this worker and what it lacks.
        """
        me = f"the worker {os.getpid()} on {socket.gethostname()}"
        if (unseen := self.unseen()) is not None:
            raise InvalidExperiment(
                f"{me} does not see {unseen} as the controller does: they need one file system, "
                "with the same paths. Put --runs, and the folder that you work in, on a shared one."
            )
        if differences := self.differences():
            raise InvalidExperiment(
                f"{me} works under other conditions than the controller: {'; '.join(differences)}. "
                "Results would depend on who trained: install the same versions, and use machines "
                "with the same vector instructions."
            )
        os.chdir(self.home)

    def unseen(self) -> Path | None:
        """Return a folder that is not here what it is to the controller; None if all is well."""
        try:
            said = (self.folder / NAME).read_text(encoding="utf-8")
        except OSError:
            return self.folder.parent
        if said != self.word:
            return self.folder.parent
        return None if self.home.is_dir() else self.home

    def differences(self) -> list[str]:
        """Return how the conditions here differ from the controller's."""
        here = decisive(provenance())
        return [
            f"{name.rpartition('.')[2]} {here.get(name, 'is missing')} instead of {theirs}"
            for name, theirs in self.conditions.items()
            if here.get(name) != theirs
        ]

    def leave(self) -> Path:
        """Return a new leave, for one call."""
        path = self.folder / secrets.token_hex(8)
        write_text(path, "")
        return path


@contextmanager
def shared_premises(run: Path) -> Iterator[Premises]:
    """Keep the controller's own folder while the block runs; one that a dead one left is removed.

    Args:
        run: the run's folder, locked by this process.
    """
    place, word = run.resolve(), secrets.token_hex(8)
    for left in place.glob(f"{TEMPORARY}*-{NAME}"):
        shutil.rmtree(left, ignore_errors=True)
    folder = place / f"{TEMPORARY}{os.getpid()}-{NAME}"
    write_text(folder / NAME, word)
    try:
        yield Premises(Path.cwd(), folder, word, decisive(provenance()))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
