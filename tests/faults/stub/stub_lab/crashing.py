"""Kill the own process at a chosen moment of a chosen write.

A write puts something into a name that begins with `.tmp-`, a file or a folder, and renames it.
The moments of one write, in order:

    before      nothing of it is on the disk
    half        a file of it has half of its bytes
    unsynced    all bytes are written, none is known to be on the disk
    synced      all bytes are on the disk, under the temporary name
    renamed     the final name is there, the folder's entry not known to be on the disk
    after       all is done

Nothing of the package is changed: Python's audit events tell of files that are opened and of
folders that are made, and `os.fsync`, `os.rename` and `os.replace` are wrapped.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["MOMENTS", "Crash", "Writes", "watch"]

MOMENTS = ("before", "half", "unsynced", "synced", "renamed", "after")
TEMPORARY = re.compile(r".*/\.tmp-(?![^/]*\.lock)[^/]*")
"""The innermost temporary name in a path; locks, as Optuna makes them, are no writes."""


@dataclass(frozen=True)
class Crash:
    """The end of a process: in its write of this number, counted from 0, at this moment."""

    write: int
    moment: str

    def meets(self, write: int, moment: str) -> bool:
        """Say whether this is the moment."""
        return (write, moment) == (self.write, self.moment)


@dataclass
class Writes:
    """The writes of this process so far.

    Attributes:
        crash: when to end; None for never.
        temporaries: the temporary names, in the order in which they were first used.
        synced: those of which something has been put on the disk.
        finals: what each became, by number.
    """

    crash: Crash | None = None
    temporaries: list[str] = field(default_factory=list)
    synced: set[str] = field(default_factory=set)
    finals: dict[int, str] = field(default_factory=dict)
    last: tuple[int, str] | None = None
    """The last rename, and the folder whose entry it changed."""

    def reached(self, write: int, moment: str, path: str = "") -> None:
        """End the process if this is the moment; `path` is a file that may be left half written."""
        if self.crash is None or not self.crash.meets(write, moment):
            return
        if moment == "half":
            os.truncate(path, os.path.getsize(path) // 2)
        os.kill(os.getpid(), signal.SIGKILL)

    def opened(self, path: str) -> str | None:
        """Hear that a file is to be written, or a folder made; return its temporary name."""
        found = TEMPORARY.match(path)
        if found is None:
            return None
        if found[0] not in self.temporaries:
            self.temporaries.append(found[0])
            self.reached(len(self.temporaries) - 1, "before")
        return found[0]

    def syncing(self, path: str) -> None:
        """Hear that a file's bytes are about to be put on the disk."""
        temporary = self.opened(path)  # what compiled code opens is heard of only now
        if temporary is None or temporary in self.synced or not os.path.isfile(path):
            return
        self.synced.add(temporary)
        write = self.temporaries.index(temporary)
        self.reached(write, "half", path)
        self.reached(write, "unsynced")

    def has_synced(self, path: str) -> None:
        """Hear that a file or the entries of a folder are on the disk."""
        if self.last is not None and path == self.last[1]:
            self.reached(self.last[0], "after")

    def renaming(self, source: str, target: str, rename: Callable[[], None]) -> None:
        """Let a rename happen, and hear of it."""
        if source not in self.temporaries:
            rename()
            return
        write = self.temporaries.index(source)
        self.reached(write, "synced")
        rename()
        self.finals[write] = target
        self.last = write, str(Path(target).parent)
        self.reached(write, "renamed")


def watch(crash: Crash | None = None) -> Writes:
    """Begin to count the writes of this process, and end it at one of them."""
    writes = Writes(crash)
    fsync, rename, replace = os.fsync, os.rename, os.replace

    def watched_fsync(descriptor: int) -> None:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        writes.syncing(path)
        fsync(descriptor)
        writes.has_synced(path)

    def watched(call: Callable[..., None]) -> Callable[..., None]:
        def renamed(source: Any, target: Any, **rest: Any) -> None:
            names = os.path.abspath(source), os.path.abspath(target)
            writes.renaming(*names, lambda: call(source, target, **rest))

        return renamed

    def hear(event: str, said: tuple[Any, ...]) -> None:
        writing = event == "os.mkdir" or (event == "open" and is_writing(said))
        if writing and isinstance(said[0], str | os.PathLike):
            writes.opened(os.path.abspath(said[0]))

    os.fsync, os.rename, os.replace = watched_fsync, watched(rename), watched(replace)
    sys.addaudithook(hear)
    return writes


def is_writing(said: tuple[Any, ...]) -> bool:
    """Say whether a file is opened to be written."""
    flags = said[2]
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
