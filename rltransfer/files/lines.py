"""Text files that grow by a line at a time, while others read them."""

from __future__ import annotations

import os
from pathlib import Path

from rltransfer.files.reading import TEXT_LIMIT, read_bytes

__all__ = ["read_lines"]


def read_lines(path: Path, limit: int = TEXT_LIMIT) -> list[str]:
    """Return the lines of a file; none if it is missing.

    What follows the last line's end is left out: it is being written, or a kill has torn it.

    Raises:
        Unreadable: if it is no plain file, or larger than `limit` bytes.
    """
    if not os.path.lexists(path):
        return []
    return read_bytes(path, limit).decode("utf-8", errors="replace").split("\n")[:-1]
