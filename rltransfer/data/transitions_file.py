"""Transitions on disk: one safetensors file, arrays as they are, contexts in its header.

Nothing in the file can make a reader run code.
"""

from __future__ import annotations

import json
from pathlib import Path

from rltransfer.contexts import Context
from rltransfer.data.transitions import Transitions
from rltransfer.errors import InvalidContext, InvalidDataset
from rltransfer.files import open_plain, parse_json, write_bytes

__all__ = ["FILE", "read_transitions", "write_transitions"]

FILE = "transitions.safetensors"
"""The name of the file in a folder."""

FORMAT = 1
MOST_BYTES = 16_000_000_000
HEADER = "rltransfer"
"""The one key of the file's metadata; several would be written in an order of their own."""

DTYPES = {
    "observations": ("float32",),
    "actions": ("float32", "int64"),
    "rewards": ("float32",),
    "next_observations": ("float32",),
    "terminated": ("bool",),
    "truncated": ("bool",),
    "context_index": ("int32",),
}
"""The arrays, and what their numbers may be."""

ADVICE = "Take the file from where it was written, or record the transitions again."


def write_transitions(path: Path, transitions: Transitions) -> None:
    """Write a file by one rename.

    Raises:
        StorageError: if the disk is full or the folder cannot be written.
    """
    from safetensors.numpy import save

    arrays = {name: getattr(transitions, name) for name in DTYPES}
    said = {"format": FORMAT, "contexts": [dict(context) for context in transitions.contexts]}
    write_bytes(path, save(arrays, metadata={HEADER: json.dumps(said)}))


def read_transitions(path: Path) -> Transitions:
    """Read what `write_transitions` wrote, exactly.

    Raises:
        InvalidDataset: if the file is missing, damaged, of another format, or holds something
            else.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with open_plain(path, MOST_BYTES), safe_open(path, framework="numpy") as file:
            said = parse_json((file.metadata() or {}).get(HEADER, "{}"))
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise InvalidDataset(f"{path} cannot be read as transitions: {error}. {ADVICE}") from None
    given = said.get("format") if isinstance(said, dict) else None
    if given != FORMAT:
        raise InvalidDataset(
            f"{path} has format {repr(given)[:40]}; this version reads {FORMAT}. Use the version "
            "of rltransfer that wrote it."
        )
    for name, known in DTYPES.items():
        found = str(arrays[name].dtype) if name in arrays else "nothing"
        if found not in known:
            raise InvalidDataset(
                f"{path}: {name} must be {' or '.join(known)}; got {found}. {ADVICE}"
            )
    try:
        contexts = tuple(Context(values) for values in said["contexts"])
    except (KeyError, TypeError, ValueError, InvalidContext):
        raise InvalidDataset(f"{path} does not say its contexts. {ADVICE}") from None
    return Transitions(**{name: arrays[name] for name in DTYPES}, contexts=contexts)
