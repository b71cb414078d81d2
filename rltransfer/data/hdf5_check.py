"""An HDF5 file of a stranger, looked through before anything in it is read.

HDF5 can name other files (external and soft links, external and virtual storage), claim more
numbers than it holds, and hold itself. What is read here is a tree of groups with arrays of
numbers in it, no larger in memory than the file's own size allows for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rltransfer.errors import InvalidDataset

__all__ = ["require_plain_hdf5"]

DEEPEST = 8
"""Groups within one another; Minari needs three."""

SMALLEST = 32
"""Bytes that an object takes in a file, at least."""

MOST_TIMES = 100
"""How much larger than the file its arrays may be, beyond `HARMLESS` bytes."""

HARMLESS = 32_000_000
MOST_BYTES = 16_000_000_000
NUMBERS = "biuf"


def require_plain_hdf5(path: Path) -> None:
    """Refuse a file that is not a tree of arrays of numbers of a reasonable size.

    Raises:
        InvalidDataset: naming the object that is something else.
        OSError: if it is no HDF5 file.
    """
    import h5py

    size = path.stat().st_size
    most = min(max(HARMLESS, MOST_TIMES * size), MOST_BYTES)
    claimed = 0
    with h5py.File(path, "r") as file:
        for count, (name, found) in enumerate(objects(file, "", DEEPEST)):
            if count > max(1000, size // SMALLEST):
                raise InvalidDataset("its HDF5 file holds some object again and again.")
            if isinstance(found, h5py.Dataset):
                claimed += bytes_of(name, found)
            if claimed > most:
                raise InvalidDataset(
                    f"its HDF5 file of {size:,} bytes claims arrays of more than {most:,}."
                )


def objects(group: Any, place: str, deepest: int) -> Iterator[tuple[str, Any]]:
    """Yield all groups and arrays below a group with their paths, following hard links only."""
    import h5py

    if not deepest:
        raise InvalidDataset(f"{place[:80]} in its HDF5 file has groups nested too deep.")
    for key in group:
        name = f"{place}/{key}"
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            raise InvalidDataset(
                f"{name[:80]} in its HDF5 file is a link to another place, which is not followed."
            )
        found = group[key]
        yield name, found
        if isinstance(found, h5py.Group):
            yield from objects(found, name, deepest - 1)


def bytes_of(name: str, array: Any) -> int:
    """Return what reading an array takes, or refuse one whose numbers are not in the file itself.

    A chunk is unpacked whole, even where the array is smaller.
    """
    if array.external or array.is_virtual:
        raise InvalidDataset(f"{name[:80]} in its HDF5 file keeps its numbers in another file.")
    if array.dtype.kind not in NUMBERS:
        raise InvalidDataset(
            f"{name[:80]} in its HDF5 file must hold numbers; its type is {str(array.dtype)[:80]}."
        )
    chunk = math.prod(array.chunks or ())
    return max(int(array.size or 0), chunk) * int(array.dtype.itemsize)
