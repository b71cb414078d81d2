"""Writing so that a kill, at any moment, leaves either the old state or the new one."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from rltransfer.errors import CorruptRun, StorageError

__all__ = [
    "commit_folder",
    "sweep",
    "verify_folder",
    "write_atomically",
    "write_bytes",
    "write_text",
]

MANIFEST = "MANIFEST.json"
TEMPORARY = ".tmp-"


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn the operating system's refusal to write into a sentence with the path."""
    try:
        yield
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(
            f"{path} could not be written: {error.strerror or error}. What was there before is "
            "intact; free space or mend the permissions, then try again."
        ) from error


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place by one rename.

    Raises:
        StorageError: if the disk is full or the folder cannot be written; `path` is unchanged.
    """
    with storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f"{TEMPORARY}{os.getpid()}-{path.name}")
        try:
            write(temporary)
            sync(temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
        sync(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically."""
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a binary file atomically."""
    write_atomically(path, lambda temporary: temporary.write_bytes(data))


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
            manifest = {path.name: digest(path) for path in sorted(folder.iterdir())}
            (folder / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            for path in folder.iterdir():
                sync(path)
            sync(folder)
            folder.chmod(0o755)
            os.rename(folder, final)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        sync(final.parent)


def verify_folder(folder: Path) -> None:
    """Compare every file of a committed folder with its manifest.

    Raises:
        CorruptRun: naming the file that is missing or differs, and what to do.
    """
    advice = f"Remove {folder} and resume: it will be made again."
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        pairs = [(str(name), str(expected)) for name, expected in manifest.items()]
    except (OSError, ValueError, AttributeError):
        raise CorruptRun(f"{folder / MANIFEST} is missing or damaged. {advice}") from None
    for name, expected in pairs:
        path = folder / Path(name).name
        if not path.is_file():
            raise CorruptRun(f"{path} is missing. {advice}")
        if digest(path) != expected:
            raise CorruptRun(f"{path} was changed after it was written (sha256 differs). {advice}")


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
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def digest(path: Path) -> str:
    """Return the sha256 of a file, in hex."""
    return sha256(path.read_bytes()).hexdigest()


def sync(path: Path) -> None:
    """Have the operating system put a file or a folder's entries on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
