"""An MJCF of a stranger, looked through before MuJoCo compiles it.

MuJoCo opens any file that a model includes or takes a mesh from, and makes as many copies of a body
as `replicate` says.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from rltransfer.envs.simulators.xml_file import read_xml
from rltransfer.errors import InvalidExperiment

__all__ = ["require_plain_mjcf"]

FOLDERS = ("meshdir", "texturedir", "assetdir")
"""Attributes of `compiler` that files are looked up in."""

CODE = ("extension", "plugin")
"""Elements that ask for a compiled plug-in."""

COPIES = 10_000
"""What `count` may ask for, in one element and in all around it together."""

SIZES = {
    **dict.fromkeys(("width", "height", "nrow", "ncol"), 8192),  # of textures and height fields
    **dict.fromkeys(("nuserdata", "nkey", "njmax", "nconmax", "nstack"), 1_000_000),
}
MOST_FILES = 100


def require_plain_mjcf(path: Path) -> None:
    """Check a model and all that it includes.

    Raises:
        InvalidExperiment: if one cannot be read, names a file outside its folder, asks for a
            plug-in, or for more than a computer holds.
    """
    waiting, seen = [path], {path}
    while waiting:
        root = read_xml(current := waiting.pop())
        for element, copies in with_copies(root, 1):
            require_plain(current, element, copies)
            if element.tag == "include" and "file" in element.keys():  # noqa: SIM118
                further = path.parent / str(element.get("file"))
                if further not in seen:
                    seen.add(further)
                    waiting.append(further)
        if len(seen) > MOST_FILES:
            raise InvalidExperiment(f"{path} includes more than {MOST_FILES} files.")


def with_copies(element: Element, copies: int) -> Iterator[tuple[Element, int]]:
    """Yield each element with how often MuJoCo will make it."""
    copies *= number_of_copies(element)
    yield element, copies
    for child in element:
        yield from with_copies(child, copies)


def number_of_copies(element: Element) -> int:
    """Return how often an element makes what is in it."""
    product = 1
    for word in element.get("count", "").split():
        product *= max(1, as_whole(word))
    return product


def as_whole(word: str) -> int:
    """Return a number as MuJoCo will read it, or more than is allowed if that is not clear."""
    try:
        return int(float(word))
    except (ValueError, OverflowError):
        return COPIES + 1


def require_plain(path: Path, element: Element, copies: int) -> None:
    """Check one element."""
    where = f"{path}: <{element.tag[:40]}>"
    if element.tag in CODE:
        raise InvalidExperiment(f"{where} asks for a plug-in of MuJoCo's, which is not loaded.")
    if copies > COPIES:
        raise InvalidExperiment(f"{where} asks for more than {COPIES:,} copies (count).")
    for name, value in element.items():
        if name.startswith("file") or name in FOLDERS:
            require_inside(where, name, value)
        if name in SIZES and any(as_whole(word) > SIZES[name] for word in value.split()):
            raise InvalidExperiment(
                f"{where} has {name}={value[:40]!r}; at most {SIZES[name]:,} is possible."
            )


def require_inside(where: str, name: str, value: str) -> None:
    """Refuse a path that leaves the model's folder."""
    if os.path.isabs(value) or ".." in Path(value).parts or "\\" in value:
        raise InvalidExperiment(
            f"{where} has {name}={value[:80]!r}; a model names only files in its own folder."
        )
