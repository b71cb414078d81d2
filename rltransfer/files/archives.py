"""Zip archives of strangers: what they list is checked before anything is unpacked.

`zipfile` keeps about a kilobyte per member as soon as it opens an archive, so members are counted
before that, by their signature.
"""

from __future__ import annotations

import mmap
from typing import IO
from zipfile import ZipFile

from rltransfer.files.reading import Unreadable

__all__ = ["MOST_BYTES", "require_small_archive"]

MOST_BYTES = 1_000_000_000
"""Of all members together, unpacked."""

MOST_TIMES = 100
"""What a member may grow by."""

HARMLESS = 32_000_000
"""Bytes that a member may unpack to however much it grows: a table of zeros packs well."""

MOST_MEMBERS = 10_000
MEMBER = b"PK\x01\x02"  # begins each entry of an archive's directory


def require_small_archive(file: IO[bytes]) -> None:
    """Refuse an archive that would unpack to too much, suspiciously well, or to too many members.

    Args:
        file: of the operating system, or in memory; its position does not matter.

    Raises:
        Unreadable: with the reason.
        zipfile.BadZipFile: if it is no archive.
    """
    require_few_members(file)
    with ZipFile(file) as archive:
        members = archive.infolist()
    if sum(member.file_size for member in members) > MOST_BYTES:
        raise Unreadable(f"it would unpack to more than {MOST_BYTES:,} bytes")
    for member in members:
        grown = member.file_size > MOST_TIMES * max(member.compress_size, 1)
        if grown and member.file_size > HARMLESS:
            raise Unreadable(
                f"{member.filename[:80]} would unpack to more than {MOST_TIMES} times its size, "
                "as a decompression bomb does"
            )


def require_few_members(file: IO[bytes]) -> None:
    """Count what looks like an entry of the directory, and refuse too many."""
    file.seek(0)
    if not (data := contents(file)):
        return
    at = -1
    for _ in range(MOST_MEMBERS):
        if (at := data.find(MEMBER, at + 1)) < 0:
            return
    raise Unreadable(f"it lists more than {MOST_MEMBERS:,} members")


def contents(file: IO[bytes]) -> bytes | mmap.mmap:
    """Return what a file holds; one on the disk is not copied into memory."""
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # in memory, or empty
        return file.read()
