"""Text files that tell the sha256 of the rest of themselves, so that no change goes unnoticed.

JSON says it under the key `sha256`, last; other text in a first line `# sha256 …`, which is a
comment in TOML. A file that is opened is sealed again and must come out the same, byte for byte. A
file without a seal is one of an older version and is taken as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from rltransfer.files.reading import Unreadable, parse_json

__all__ = ["SEAL", "open_json", "open_text", "seal_json", "seal_text"]

SEAL = "sha256"
CHANGED = "it was changed after it was written (sha256 differs)"


def seal_json(table: Mapping[str, Any]) -> str:
    """Return a table as JSON with its seal."""
    body = json.dumps(dict(table), indent=1)
    return json.dumps({**table, SEAL: sha256(body.encode()).hexdigest()}, indent=1)


def open_json(data: bytes, constant: Callable[[str], float] | None = None) -> dict[str, Any]:
    """Return the table that `seal_json` wrote.

    Args:
        data: the file.
        constant: see `parse_json`.

    Raises:
        Unreadable: if it was changed, or is no table.
    """
    table = parse_json(data, constant)
    if not isinstance(table, dict):
        raise Unreadable("it is not a table")
    if table.pop(SEAL, None) is not None and seal_json(table).encode() != data:
        raise Unreadable(CHANGED)
    return table


def seal_text(text: str) -> str:
    """Return a text below a line with its seal."""
    return f"# {SEAL} {sha256(text.encode()).hexdigest()}\n{text}"


def open_text(data: bytes) -> bytes:
    """Return the text below its seal, or an older version's text as it is.

    Raises:
        Unreadable: if it was changed.
    """
    if not data.startswith(b"#"):
        return data
    text = data.partition(b"\n")[2]
    if data != f"# {SEAL} {sha256(text).hexdigest()}\n".encode() + text:
        raise Unreadable(CHANGED)
    return text
