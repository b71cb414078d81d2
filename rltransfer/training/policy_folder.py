"""A policy on disk: `policy.safetensors` for the weights, `policy.json` for everything else.

The JSON names the sha256 of the weights and of itself, and is written last, so that a folder whose
writing was interrupted does not pass for a policy. Neither file can make a reader run code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from rltransfer.errors import InvalidPolicy, explain_validation
from rltransfer.files import Unreadable, open_json, read_bytes, seal_json, write_bytes
from rltransfer.schema import Table
from rltransfer.training.policy_spec import PolicySpec

__all__ = ["read_json", "read_policy", "read_tensors", "write_pair", "write_policy"]

FORMAT = 1
WEIGHTS = "policy.safetensors"
DESCRIPTION = "policy.json"
WEIGHTS_LIMIT = 1_000_000_000  # bytes
DESCRIPTION_LIMIT = 4_000_000  # bytes
ADVICE = "Take the folder from where it was saved, or train it again."

Weights = Mapping[str, NDArray[np.float32]]


class PolicyFile(Table):
    """The schema of `policy.json`."""

    format: Literal[1] = 1
    weights_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    policy: PolicySpec


def write_policy(folder: Path, spec: PolicySpec, weights: Weights) -> None:
    """Write both files, weights first, each by one rename.

    Raises:
        StorageError: if the disk is full or the folder cannot be written.
    """
    write_pair(folder / WEIGHTS, weights, folder / DESCRIPTION, {"policy": spec})


def read_policy(folder: Path) -> tuple[PolicySpec, dict[str, NDArray[np.float32]]]:
    """Read and check both files.

    Raises:
        InvalidPolicy: if one is missing, damaged, changed, too large, or of another format.
    """
    path = folder / DESCRIPTION
    table = read_json(path)
    try:
        file = PolicyFile.model_validate_json(json.dumps(table))
    except ValidationError as error:
        raise InvalidPolicy(f"{explain_validation(error, str(path))} {ADVICE}") from None
    return file.policy, read_tensors(folder / WEIGHTS, file.weights_sha256)


# -- tensors, and a JSON file that says what they are ------------------------------------------


def write_pair(path: Path, tensors: Weights, description: Path, said: Mapping[str, Table]) -> None:
    """Write tensors, and then the description that names their sha256.

    Args:
        path: of the tensors.
        tensors: float32, by name.
        description: path of the JSON file.
        said: what else it says.

    Raises:
        StorageError: if the disk is full or the folder cannot be written.
    """
    from safetensors.numpy import save

    data = save(dict(tensors))
    table = {
        "format": FORMAT,
        "weights_sha256": sha256(data).hexdigest(),
        **{name: value.model_dump(mode="json") for name, value in said.items()},
    }
    write_bytes(path, data)
    write_bytes(description, seal_json(table).encode())


def read_json(path: Path) -> dict[str, Any]:
    """Return the table in a description; repeated keys and NaN are errors, too."""
    data = bytes_of(path, DESCRIPTION_LIMIT)
    try:
        table = open_json(data)
    except Unreadable as error:
        raise InvalidPolicy(f"{path} is not the JSON it should be: {error}. {ADVICE}") from None
    if table.get("format") != FORMAT:
        raise InvalidPolicy(
            f"{path} has format {repr(table.get('format'))[:40]}; this version reads {FORMAT}. "
            "Use the version of rltransfer that wrote it."
        )
    return table


def read_tensors(path: Path, expected: str) -> dict[str, NDArray[np.float32]]:
    """Read tensors, all of which must be float32, from the file with this sha256."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    data = bytes_of(path, WEIGHTS_LIMIT)
    if sha256(data).hexdigest() != expected:
        raise InvalidPolicy(
            f"{path} is not the file that {path.stem}.json describes (sha256 differs): it was "
            f"changed, damaged, or only half saved. {ADVICE}"
        )
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InvalidPolicy(f"{path} is not a safetensors file: {error}. {ADVICE}") from None
    for name, array in tensors.items():
        if array.dtype != np.float32:
            raise InvalidPolicy(
                f"{path}: {name[:80]!r} must be float32; got {array.dtype}. {ADVICE}"
            )
    return tensors


def bytes_of(path: Path, limit: int) -> bytes:
    """Read a whole file that is no larger than `limit` bytes."""
    try:
        return read_bytes(path, limit)
    except Unreadable as error:
        raise InvalidPolicy(
            f"{path} cannot be read ({error}): what was saved is a folder with "
            f"{path.stem}.safetensors and {path.stem}.json. {ADVICE}"
        ) from None
