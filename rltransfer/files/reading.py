"""Reading what a stranger may have written: plain files, so many bytes, plain data.

A reader here neither waits (for a named pipe), nor follows a link out of a folder, nor takes more
memory than a file's limit allows. It raises `Unreadable`, whose text is a clause; the caller makes
it a sentence with the file's path and what to do.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any

__all__ = ["TEXT_LIMIT", "Unreadable", "no_constant", "open_plain", "parse_json", "parse_toml",
           "read_bytes"]  # fmt: skip

TEXT_LIMIT = 16_000_000
"""Bytes of a JSON file that are read at most, unless its reader has a limit of its own."""

DEEPEST = 64
"""Tables and lists within one another."""

BITS = 1024
"""Of a whole number; Python does not even print one with many more."""

DOTTED = re.compile(r"""(?:[\w"'-]{1,64}[ \t]*\.[ \t]*){32}""")
"""A key of more parts than anybody needs; tomllib takes time with the square of their number."""


class Unreadable(ValueError):
    """Why a file cannot be read, as a clause without a full stop."""


# -- bytes -------------------------------------------------------------------------------------


@contextmanager
def open_plain(path: Path, limit: int) -> Iterator[BufferedReader]:
    """Open a regular file of `limit` bytes at most, which is not a link.

    A link that a person named is resolved by the caller; in a stranger's folder there is none.

    Raises:
        Unreadable: if it is missing, something else, or larger.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (OSError, ValueError) as error:  # a NUL in the name is a ValueError
        link = "it is a link, not a file" if os.path.islink(path) else ""
        raise Unreadable(link or getattr(error, "strerror", "") or str(error)) from None
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode):
        os.close(descriptor)
        raise Unreadable("it is not a regular file")
    with os.fdopen(descriptor, "rb") as file:
        if about.st_size > limit:
            raise Unreadable(f"it has {about.st_size:,} bytes; at most {limit:,} are read")
        yield file


def read_bytes(path: Path, limit: int = TEXT_LIMIT) -> bytes:
    """Return all of a regular file; see `open_plain`."""
    with open_plain(path, limit) as file:
        try:
            return file.read(os.fstat(file.fileno()).st_size)
        except OSError as error:
            raise Unreadable(error.strerror or str(error)) from None


# -- plain data --------------------------------------------------------------------------------


def parse_json(data: bytes | str, constant: Callable[[str], float] | None = None) -> Any:
    """Return JSON as plain data, keys unrepeated, numbers finite, nesting bounded.

    Args:
        data: the text, or its UTF-8.
        constant: what to make of NaN and Infinity, such as `float`; refused by default.

    Raises:
        Unreadable: with the reason.
    """
    try:
        plain = json.loads(
            data,
            object_pairs_hook=without_repeats,
            parse_constant=constant or no_constant,
            parse_float=finite,
        )
    except RecursionError:
        raise Unreadable("it nests too deeply") from None
    except ValueError as error:
        raise Unreadable(str(error)) from None
    require_shallow(plain)
    return plain


def parse_toml(data: bytes) -> dict[str, Any]:
    """Return TOML as plain data, nesting and whole numbers bounded.

    Raises:
        Unreadable: with the reason.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("it is not UTF-8 text") from None
    if DOTTED.search(text):
        raise Unreadable("a key in it has more than 32 parts")
    try:
        tables = tomllib.loads(text)
    except RecursionError:
        raise Unreadable("it nests too deeply") from None
    except ValueError as error:
        raise Unreadable(f"it is not TOML ({str(error)[:200]})") from None
    for value in require_shallow(tables):
        if isinstance(value, int) and value.bit_length() > BITS:
            raise Unreadable(f"a whole number in it has more than {BITS} bits")
    return tables


def require_shallow(value: Any) -> list[Any]:
    """Return the values in nested tables and lists, or refuse nesting that goes too deep."""
    found: list[Any] = []
    level = [value]
    for _ in range(DEEPEST):
        level = [child for parent in level for child in children(parent)]
        found += level
        if not level:
            return found
    raise Unreadable(f"it nests deeper than {DEEPEST} levels")


def children(value: Any) -> list[Any]:
    """Return what lies directly in a table or a list; nothing for all else."""
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a JSON object whose keys are all different."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key is repeated")
    return table


def no_constant(name: str) -> float:
    """Refuse NaN and Infinity."""
    raise ValueError(f"{name} is no number that JSON knows")


def finite(text: str) -> float:
    """Return a number that is not too large for a float."""
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text[:40]} is too large a number")
    return number
