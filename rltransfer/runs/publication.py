"""What is made from the committed sources, and whether it still is as it was made.

`published.json` is written when a run is complete: the sha256 of the study and of each table, and
a digest of what they were made from. As long as both fit, there is nothing to make again; where one
does not, whoever changed or removed what, everything is.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from rltransfer.files import (
    MANIFEST,
    Unreadable,
    digest,
    open_json,
    read_bytes,
    seal_json,
    write_text,
)

__all__ = ["is_published", "publish", "was_published"]

FILE = "published.json"
MADE = ("study.journal", "returns.parquet", "gaps.parquet", "gaps.csv", "rounds.csv", "served.csv")
"""What is made, as far as there is something to tell."""


def publish(run: Path) -> None:
    """Write down that study and tables are as they must be.

    Raises:
        StorageError: if it cannot be written.
    """
    write_text(run / FILE, seal_json(state_of(run)))


def was_published(run: Path) -> bool:
    """Say whether the run was complete at some time."""
    return (run / FILE).is_file()


def is_published(run: Path) -> bool:
    """Say whether study and tables are those that were made, from what is committed now."""
    try:
        return open_json(read_bytes(run / FILE)) == state_of(run)
    except Unreadable:
        return False


def state_of(run: Path) -> dict[str, str | dict[str, str]]:
    """Return what tells one state of a run from another."""
    made = [run / name for name in MADE]
    return {
        "committed": digest_of((*run.glob(f"sources/*/{MANIFEST}"), *run.glob("failed/*.json"))),
        "made": {path.name: digest(path) for path in made if path.is_file()},
    }


def digest_of(files: Iterable[Path]) -> str:
    """Return one digest of some files, by their places in the run."""
    hashed = sha256()
    for path in sorted(files):
        hashed.update(f"{path.parent.name}/{path.name} {digest(path)}\n".encode())
    return hashed.hexdigest()
