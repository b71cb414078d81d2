"""One process at a time in a run directory: a kernel lock that dies with its owner."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rltransfer.errors import RunLocked
from rltransfer.files import parse_json, read_bytes, storage_errors

__all__ = ["locked"]

FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
"""A link or a named pipe in the lock's place is not followed, nor waited for."""

LONGEST = 1000  # bytes of what a lock says of its owner


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock while the block runs.

    Raises:
        RunLocked: if another process holds it; names that process and its host.
    """
    path = folder / ".lock"
    with storage_errors(path):
        folder.mkdir(parents=True, exist_ok=True)
        file = os.fdopen(os.open(path, FLAGS, 0o644), "a+", encoding="utf-8")
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunLocked(
                f"{folder} is in use by {owner(path)}. Wait for it, stop it, or use another name."
            ) from None
        file.truncate(0)
        file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        file.flush()
        yield


def owner(path: Path) -> str:
    """Say who wrote the lock file."""
    try:
        said = parse_json(read_bytes(path, LONGEST))
        return f"process {said['pid']} on {said['host']}"
    except (TypeError, ValueError, KeyError):
        return "another process"
