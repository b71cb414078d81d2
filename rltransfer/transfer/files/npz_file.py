"""A whole transfer matrix as a NumPy archive: `J`, `sources`, `targets`, `names`."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.lib.format import read_array_header_1_0, read_array_header_2_0, read_magic
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from rltransfer.contexts import Scale
from rltransfer.errors import InvalidTransferMatrix, said
from rltransfer.files import Unreadable, open_plain, require_small_archive
from rltransfer.files.archives import MOST_BYTES
from rltransfer.transfer.files.columns import NUMBERS, FeatureColumn
from rltransfer.transfer.files.complete import CompleteMatrix

__all__ = ["read_npz"]

UNREADABLE = (ValueError, OSError, EOFError, RuntimeError, MemoryError, BadZipFile, zlib.error)
"""What NumPy and zipfile raise at damaged, encrypted or forged archives."""

ARRAYS = ("J", "sources", "targets", "names")
LAYOUT = "`J` (sources × targets), `sources` (n × d), `targets` (m × d), and, if you like, `names`"


def read_npz(path: Path, scales: Mapping[str, Scale]) -> CompleteMatrix:
    """Read an archive; pickled objects in it are never loaded.

    Raises:
        InvalidTransferMatrix: if it is no such archive, or its arrays do not fit together.
    """
    arrays = load(path)
    for name in ("J", "sources"):
        if name not in arrays:
            raise InvalidTransferMatrix(
                f"{path} must hold {LAYOUT}; it lacks {name!r} and has "
                f"{', '.join(arrays) or 'nothing of it'}."
            )
    J = returns(path, arrays["J"])
    sources = contexts(path, "sources", arrays["sources"], len(J))
    targets = contexts(path, "targets", arrays.get("targets", sources), J.shape[1])
    if sources.shape[1] != targets.shape[1]:
        raise InvalidTransferMatrix(
            f"sources and targets in {path} must have the same features; got {sources.shape[1]} "
            f"and {targets.shape[1]}."
        )
    names = feature_names(path, arrays.get("names"), sources.shape[1])
    columns = [
        FeatureColumn.of(name, column(sources, j), column(targets, j))
        for j, name in enumerate(names)
    ]
    return CompleteMatrix.of(J, columns, scales)


def load(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of the archive that are used here, after checking all that it lists."""
    try:
        with open_plain(path.resolve(), MOST_BYTES) as file:
            require_small_archive(file)
            file.seek(0)
            archive = np.load(file, allow_pickle=False)
            wanted = [name for name in ARRAYS if name in archive.files]
            return {name: member(path, archive, name) for name in wanted}
    except InvalidTransferMatrix:
        raise
    except UNREADABLE as error:
        reason = f" ({error})" if isinstance(error, Unreadable) else ""
        raise InvalidTransferMatrix(
            f"{path} is no NPZ archive{reason}. Write one with numpy.savez: {LAYOUT}."
        ) from None


def member(path: Path, archive: NpzFile, name: str) -> NDArray[Any]:
    """Return one array of numbers or text."""
    try:
        require_held(archive, name)
        array = archive[name]
    except UNREADABLE as error:
        raise InvalidTransferMatrix(
            f"{name!r} in {path} cannot be read: {said(error)}. It must be an array of numbers (or "
            "of text, for names and categories); arrays of Python objects are refused, for loading "
            "them runs whatever code they hold."
        ) from None
    if array.dtype.kind not in f"{NUMBERS}bUS":
        raise InvalidTransferMatrix(
            f"{name!r} in {path} must be an array of real numbers or text; its type is "
            f"{array.dtype}."
        )
    return np.asarray(array.astype(str) if array.dtype.kind == "S" else array)


def require_held(archive: NpzFile, name: str) -> None:
    """Refuse an array that claims more numbers than its member holds: NumPy makes room for all."""
    members = archive.zip
    assert members is not None  # it is open
    with members.open(f"{name}.npy") as file:
        read = read_array_header_1_0 if read_magic(file) == (1, 0) else read_array_header_2_0
        shape, _, dtype = read(file)
    claimed = math.prod(shape) * dtype.itemsize
    if claimed > (held := members.getinfo(f"{name}.npy").file_size):
        raise Unreadable(f"it claims {claimed:,} bytes and has {held:,}")


def returns(path: Path, J: NDArray[Any]) -> NDArray[Any]:
    """Return J if it is numbers of shape (N, M)."""
    if J.dtype.kind not in f"{NUMBERS}b" or J.ndim != 2 or not J.size:
        raise InvalidTransferMatrix(
            f"'J' in {path} must be numbers of shape (sources, targets), at least one of each; "
            f"got {J.dtype} of shape {J.shape}."
        )
    return J


def contexts(path: Path, role: str, values: NDArray[Any], count: int) -> NDArray[Any]:
    """Return the sources or the targets, shape (count, d); one feature may be a plain list."""
    table = values[:, None] if values.ndim == 1 else values
    if table.ndim != 2 or len(table) != count or not table.shape[1]:
        advice = (
            ""
            if role == "sources"
            else " (`targets` may be left out only where they are the sources)"
        )
        raise InvalidTransferMatrix(
            f"{role!r} in {path} must have shape ({count}, features), for J has {count} {role}; "
            f"got {values.shape}{advice}."
        )
    return table


def column(table: NDArray[Any], j: int) -> NDArray[Any]:
    """Return one feature; text that says numbers throughout is numbers."""
    values = table[:, j]
    if values.dtype.kind != "U":
        return values
    try:
        return values.astype(np.float64)
    except ValueError:
        return values


def feature_names(path: Path, given: NDArray[Any] | None, count: int) -> list[str]:
    """Return the features' names: those of the file, or else x0, x1 and so on."""
    if given is None:
        return [f"x{j}" for j in range(count)]
    names = [str(name) for name in given.ravel()]
    if len(names) != count or len(set(names)) != count:
        raise InvalidTransferMatrix(
            f"'names' in {path} must name the {count} features, each once; got {str(names)[:200]}."
        )
    return names
