"""XML that somebody else wrote, looked through before a simulator opens it.

Simulators open every file that their XML names, and SUMO also writes to them. What is read here
lies beside the family, defines no entities, and has known elements only.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path
from xml.etree import ElementTree

from rltransfer.errors import InvalidExperiment
from rltransfer.files import Unreadable, read_bytes

__all__ = ["beside", "read_xml", "require_elements"]

LARGEST = 50_000_000  # bytes
DEEPEST = 100  # elements within one another


def beside(folder: Path, name: str, option: str) -> Path:
    """Return the path of a file that a family names: in its folder, or in that of a neighbour.

    Args:
        folder: of the family.
        name: of the file, from there.
        option: that names it.

    Raises:
        InvalidExperiment: if it is somewhere else, or not there.
    """
    path = folder / name
    catalogue = Path(os.path.abspath(folder)).parent
    if os.path.isabs(name) or not Path(os.path.abspath(path)).is_relative_to(catalogue):
        raise InvalidExperiment(
            f"{folder}: the option {option!r} must be a path from there to a file within "
            f"{catalogue}; got {name[:200]!r}."
        )
    if not path.is_file():
        raise InvalidExperiment(
            f"{folder}: there is no file {name[:200]}. The option {option!r} names one, relative "
            "to the folder of the env.toml."
        )
    return path


def read_xml(path: Path) -> ElementTree.Element:
    """Return the root of an XML file without a document type, in which entities are defined.

    Raises:
        InvalidExperiment: if it cannot be read, or nests too deep.
    """
    try:
        data = read_bytes(path.resolve(), LARGEST)
        root = parsed(data)
    except (Unreadable, ElementTree.ParseError, ValueError, LookupError) as error:
        raise InvalidExperiment(f"{path} cannot be read as XML: {error}.") from None
    level = [root]
    for _ in range(DEEPEST):
        level = [child for parent in level for child in parent]
        if not level:
            return root
    raise InvalidExperiment(f"{path} nests its elements deeper than {DEEPEST} levels.")


def parsed(data: bytes) -> ElementTree.Element:
    """Parse XML with a parser that stops at a document type."""
    parser = ElementTree.XMLParser(target=PlainBuilder())
    parser.feed(data)
    root: ElementTree.Element = parser.close()
    return root


class PlainBuilder(ElementTree.TreeBuilder):
    """Builds the tree of a document without a type."""

    def doctype(self, *_: object) -> None:
        """Refuse a document type as soon as it begins."""
        raise Unreadable("it has a DOCTYPE; take it out, with the entities that it defines")


def require_elements(path: Path, known: Collection[str]) -> ElementTree.Element:
    """Read a file in which no other than the known elements are, and no attribute names a file.

    Raises:
        InvalidExperiment: naming the first that is something else.
    """
    root = read_xml(path)
    for element in root.iter():
        if element.tag not in known:
            raise InvalidExperiment(
                f"{path} has an element <{element.tag[:60]}>, which has no place there. "
                f"Known: {', '.join(sorted(known))}."
            )
        for name, value in (*element.items(), (element.get("key", ""), "")):
            if name.lower().endswith(("file", "output", "prefix")):
                raise InvalidExperiment(
                    f"{path}: {name[:60]}={value[:60]!r} of <{element.tag}> names a file, and "
                    "nothing but this one is read or written. Take it out."
                )
    return root
