"""What datasets lie under a root folder, told from their metadata alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rltransfer.data.info import DatasetInfo
from rltransfer.data.minari_reader import own_info, read_metadata
from rltransfer.data.shelf import dataset_folder, found_ids
from rltransfer.errors import InvalidDataset

__all__ = ["DatasetSummary", "Library", "read_library", "summary_of"]


@dataclass(frozen=True)
class DatasetSummary:
    """One dataset in a list.

    Attributes:
        id: its name.
        info: what it says of itself; None for a stranger's.
        episodes, steps: recorded.
        size: bytes on the disk.
        metadata: everything else that Minari keeps with it.
    """

    id: str
    info: DatasetInfo | None
    episodes: int
    steps: int
    size: int
    metadata: Mapping[str, Any]


@dataclass(frozen=True)
class Library:
    """All datasets under a root.

    Attributes:
        datasets: those that can be read, by id.
        broken: why the others cannot, by id.
    """

    datasets: tuple[DatasetSummary, ...] = ()
    broken: Mapping[str, str] = field(default_factory=dict)


def read_library(root: Path | None = None) -> Library:
    """Return what lies under the root folder; nothing if there is no such folder."""
    found: list[DatasetSummary] = []
    broken: dict[str, str] = {}
    for id in found_ids(root):
        try:
            found.append(summary_of(id, root))
        except InvalidDataset as error:
            broken[id] = str(error)
    return Library(tuple(found), broken)


def summary_of(id: str, root: Path | None = None) -> DatasetSummary:
    """Return what one dataset holds.

    Raises:
        InvalidDataset: if there is none of this name, or its metadata cannot be read.
    """
    metadata = read_metadata(id, root)
    try:
        episodes, steps = int(metadata["total_episodes"]), int(metadata["total_steps"])
    except (KeyError, TypeError, ValueError):
        raise InvalidDataset(
            f"the dataset {id!r} does not tell how many episodes and steps it has. It may not "
            "have been written to the end; remove it and record it again."
        ) from None
    files = [path for path in dataset_folder(id, root).rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return DatasetSummary(id, own_info(id, metadata), episodes, steps, size, metadata)
