"""The boundaries of one stage on the disk; see `segments` for what they are.

    000004/        state.json, state.safetensors, MANIFEST.json: before segment 4 begins
    rows-000004/   what tables have grown by since the folder of rows before it, the same files

The last two boundaries are there, with the rows that they name.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rltransfer.files import Unreadable, commit_folder, sweep, verify_folder
from rltransfer.training.kept import Growing, Tree, read_tree, write_tree

__all__ = ["Boundaries", "Piece"]

LAST = 2
"""How many boundaries stay on the disk."""

Piece = dict[str, Any]
"""What tables have grown by: {"first": int, "rows": {name: array}} of each, by name."""

Ends = dict[str, int]
"""Where each table ended when a piece was written."""


class Boundaries:
    """A folder of boundaries.

    Args:
        folder: made when the first is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pieces: dict[str, Ends] = {}  # by folder of rows, those behind the last boundary

    @property
    def places(self) -> list[Path]:
        """The folders of the boundaries, in order."""
        if not self._folder.is_dir():
            return []
        return sorted(p for p in self._folder.iterdir() if re.fullmatch(r"\d{6}", p.name))

    def sweep(self) -> None:
        """Remove what a killed process has left unfinished."""
        sweep(self._folder)

    def read(self, place: Path) -> tuple[dict[str, Any], list[Piece]]:
        """Return what a boundary says, and the pieces it names; the next one grows from here.

        Raises:
            CorruptRun: if a file is missing or was changed.
            Unreadable: if one is not what `write` writes.
        """
        said = verified(place)
        names = [str(name) for name in said.get("rows", [])]
        if not all(re.fullmatch(r"rows-\d{6}", name) for name in names):
            raise Unreadable(f"{place} names rows that are none")
        pieces = {name: verified(self._folder / name) for name in names}
        try:
            self._pieces = {name: ends_of(piece) for name, piece in pieces.items()}
        except (AttributeError, KeyError, StopIteration, TypeError, ValueError):
            raise Unreadable(f"{place} names rows that are none") from None
        return said, list(pieces.values())

    def write(self, number: int, said: Tree, tables: Mapping[str, Growing]) -> None:
        """Write a boundary: first the rows that are new, then the rest.

        Raises:
            StorageError: if the disk is full, or the folder cannot be written.
        """
        pieces, rows = dict(self._pieces), f"rows-{number:06d}"
        if grown := grown_since(pieces, tables):
            pieces[rows] = ends_of(grown)
            commit_tree(self._folder / rows, grown)
        pieces = {name: ends for name, ends in pieces.items() if remembered(ends, tables)}
        commit_tree(self._folder / f"{number:06d}", {**said, "rows": list(pieces)})
        self._tidy({*pieces, *self._pieces})
        self._pieces = pieces

    def _tidy(self, rows: set[str]) -> None:
        """Remove the boundaries before the last two, and rows that neither of these names."""
        unnamed = [place for place in self._folder.glob("rows-*") if place.name not in rows]
        for place in [*self.places[:-LAST], *unnamed]:
            self.remove(place)

    def remove(self, place: Path) -> None:
        """Remove one boundary."""
        shutil.rmtree(place, ignore_errors=True)

    def clear(self) -> None:
        """Remove all of them."""
        self._pieces = {}
        shutil.rmtree(self._folder, ignore_errors=True)


def verified(place: Path) -> dict[str, Any]:
    """Return what a committed folder holds; raises `CorruptRun` or `Unreadable`."""
    verify_folder(place)
    return read_tree(place)


def commit_tree(place: Path, tree: Tree) -> None:
    """Write a tree into a committed folder; what a killed process left there gives way."""
    shutil.rmtree(place, ignore_errors=True)
    commit_folder(place, lambda folder: write_tree(folder, tree))


# -- tables --------------------------------------------------------------------------------------


def grown_since(pieces: Mapping[str, Ends], tables: Mapping[str, Growing]) -> Piece:
    """Return the rows of tables behind those of all pieces, as far as they are remembered."""
    grown = {}
    for name, table in tables.items():
        end = max((ends.get(name, 0) for ends in pieces.values()), default=0)
        first = max(end, table.count - table.capacity)
        if first < table.count:
            grown[name] = {"first": first, "rows": table.rows(first)}
    return grown


def ends_of(piece: Piece) -> Ends:
    """Return where tables ended when a piece was written."""
    return {
        name: int(grown["first"]) + len(next(iter(grown["rows"].values())))
        for name, grown in piece.items()
    }


def remembered(ends: Ends, tables: Mapping[str, Growing]) -> bool:
    """Say whether a table still remembers a row of a piece that ended so."""
    return any(end > tables[name].count - tables[name].capacity for name, end in ends.items())
