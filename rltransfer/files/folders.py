"""Folders that are there as a whole or not at all, with the sha256 of each of their files."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rltransfer.errors import CorruptRun
from rltransfer.files.reading import Unreadable, open_plain, parse_json, read_bytes
from rltransfer.files.writing import TEMPORARY, storage_errors, sync

__all__ = ["MANIFEST", "commit_folder", "digest", "require_no_links", "sweep", "verify_folder",
           "write_manifest"]  # fmt: skip

MANIFEST = "MANIFEST.json"
MANIFEST_LIMIT = 1_000_000  # bytes
FILE_LIMIT = 1 << 40  # bytes; they are hashed piece by piece
AGAIN = "Remove {folder} and resume: it will be made again."


def commit_folder(final: Path, fill: Callable[[Path], object]) -> None:
    """Let `fill` write files into a new folder, add a manifest, and commit by one rename.

    Readers accept only folders with a manifest that fits; an unfinished one keeps its temporary
    name and is removed by `sweep`.

    Raises:
        StorageError: if writing fails; nothing is left at `final`.
    """
    with storage_errors(final):
        final.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}{os.getpid()}-", dir=final.parent))
        try:
            fill(folder)
            write_manifest(folder)
            for path in folder.iterdir():
                sync(path)
            sync(folder)
            folder.chmod(0o755)
            os.rename(folder, final)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        sync(final.parent)


def write_manifest(folder: Path) -> None:
    """Write down the sha256 of each file of a folder."""
    files = sorted(path for path in folder.iterdir() if path.name != MANIFEST)
    manifest = {path.name: digest(path) for path in files}
    (folder / MANIFEST).write_text(canonical(manifest), encoding="utf-8")


def canonical(manifest: dict[str, Any]) -> str:
    """Return a manifest in the one form in which it is written."""
    return json.dumps(manifest, indent=1)


def verify_folder(folder: Path, advice: str = AGAIN) -> None:
    """Compare a committed folder with its manifest: the same files, the same bytes.

    Files whose names begin with a dot are the file system's affair.

    Args:
        folder: the folder.
        advice: what to do if something is wrong; may name {folder}.

    Raises:
        CorruptRun: naming the file that is missing, differs or was added, and what to do.
    """
    advice = advice.format(folder=folder)
    manifest = read_manifest(folder, advice)
    for name, expected in manifest.items():
        path = folder / name
        try:
            found = digest(path)
        except Unreadable as error:
            gone = "is missing" if not os.path.lexists(path) else f"cannot be read: {error}"
            raise CorruptRun(f"{path} {gone}. {advice}") from None
        if found != expected:
            raise CorruptRun(f"{path} was changed after it was written (sha256 differs). {advice}")
    for path in folder.iterdir():
        if path.name not in {*manifest, MANIFEST} and not path.name.startswith("."):
            raise CorruptRun(f"{path} was added after the folder was written. {advice}")


def read_manifest(folder: Path, advice: str) -> dict[str, Any]:
    """Return the manifest: names of files in this folder, each with its sha256."""
    path = folder / MANIFEST
    try:
        data = read_bytes(path, MANIFEST_LIMIT)
        manifest = parse_json(data)
        plain = isinstance(manifest, dict) and all(name == Path(name).name for name in manifest)
        if plain and canonical(manifest).encode() == data:
            return dict(manifest)
    except Unreadable:
        pass
    raise CorruptRun(f"{path} is missing or damaged. {advice}")


def require_no_links(folder: Path) -> None:
    """Refuse links anywhere in a folder: through them, writing into it would write elsewhere.

    Raises:
        CorruptRun: naming the link.
    """
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if os.path.islink(path := os.path.join(place, name)):
                raise CorruptRun(
                    f"{path} is a link; within {folder} there may be none, so that nothing "
                    "outside is read or written. Put what it points to in its place."
                )


def sweep(folder: Path) -> None:
    """Remove what a killed process left unfinished in a folder, not what a living one writes."""
    for leftover in folder.glob(f"{TEMPORARY}*"):
        if is_written_now(leftover):
            continue
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


def is_written_now(temporary: Path) -> bool:
    """Say whether the process that a temporary name tells of is another one, and alive."""
    pid = temporary.name.removeprefix(TEMPORARY).partition("-")[0]
    if not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def digest(path: Path) -> str:
    """Return the sha256 of a file, in hex.

    Raises:
        Unreadable: if it is no regular file.
    """
    with open_plain(path, FILE_LIMIT) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
