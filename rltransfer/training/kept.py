"""What a training keeps at the boundary of two segments, as plain data: numbers, words, arrays.

tree    a dictionary of trees, of arrays, and of what JSON can hold; names without "/"
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rltransfer.files import TEXT_LIMIT, Unreadable, open_json, read_bytes, seal_json

__all__ = ["Growing", "Kept", "Rows", "Together", "Tree", "read_tree", "write_tree"]

Tree = Mapping[str, Any]
Rows = Mapping[str, NDArray[Any]]

FACTS, ARRAYS = "state.json", "state.safetensors"
ARRAYS_LIMIT = 1 << 36  # bytes


class Kept(Protocol):
    """A part of a training whose state is small, and kept as a whole."""

    def state(self) -> Tree:
        """Return all that the training's continuation depends on."""

    def restore(self, state: Tree) -> None:
        """Become as the part was that returned `state`."""


class Together:
    """Several parts as one.

    Args:
        parts: by name.
    """

    def __init__(self, **parts: Kept) -> None:
        self._parts = parts

    def state(self) -> Tree:
        """Return all states."""
        return {name: part.state() for name, part in self._parts.items()}

    def restore(self, state: Tree) -> None:
        """Restore all parts."""
        for name, part in self._parts.items():
            part.restore(state[name])


class Growing(Protocol):
    """A table that rows are added to; the last `capacity` of them are remembered."""

    @property
    def count(self) -> int:
        """How many rows were added so far, forgotten ones included."""

    @property
    def capacity(self) -> int:
        """How many rows are remembered."""

    def rows(self, first: int) -> Rows:
        """Return the columns from row `first` on; it must still be remembered."""

    def put(self, first: int, rows: Rows) -> None:
        """Put back what `rows` returned; called in order, until all that is remembered is back."""


# -- files ---------------------------------------------------------------------------------------


def write_tree(folder: Path, tree: Tree) -> None:
    """Write a tree: its arrays as safetensors, all else as sealed JSON."""
    from safetensors.numpy import save

    arrays = {name: np.asarray(array, order="C") for name, array in arrays_of(tree)}
    (folder / ARRAYS).write_bytes(save(arrays))
    (folder / FACTS).write_text(seal_json(facts_of(tree)), encoding="utf-8")


def read_tree(folder: Path) -> dict[str, Any]:
    """Read a tree.

    Raises:
        Unreadable: if one of the two files is not what `write_tree` wrote.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    tree = open_json(read_bytes(folder / FACTS, TEXT_LIMIT), constant=float)
    try:
        arrays = load(read_bytes(folder / ARRAYS, ARRAYS_LIMIT))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise Unreadable(f"{ARRAYS} is not a safetensors file: {error}") from None
    for path, array in arrays.items():
        put_at(tree, path.split("/"), array)
    return tree


def arrays_of(tree: Tree, path: str = "") -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the arrays of a tree with their paths."""
    for name, value in tree.items():
        if isinstance(value, np.ndarray):
            yield f"{path}{name}", value
        elif isinstance(value, Mapping):
            yield from arrays_of(value, f"{path}{name}/")


def facts_of(tree: Tree) -> dict[str, Any]:
    """Return a tree without its arrays."""
    return {
        name: facts_of(value) if isinstance(value, Mapping) else value
        for name, value in tree.items()
        if not isinstance(value, np.ndarray)
    }


def put_at(tree: dict[str, Any], path: list[str], array: NDArray[Any]) -> None:
    """Put an array back into a tree."""
    *places, name = path
    for place in places:
        tree = tree.setdefault(place, {})
        if not isinstance(tree, dict):
            raise Unreadable(f"{place[:80]!r} is not a table")
    tree[name] = array
