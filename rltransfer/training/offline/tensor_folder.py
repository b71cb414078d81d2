"""Named tensors on disk: `<stem>.safetensors`, and `<stem>.json` that says what they are.

As with a policy's folder, the JSON names the sha256 of the tensors and is written last, so that
half a writing does not pass for a whole, and neither file can make a reader run code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from rltransfer.errors import InvalidPolicy, explain_validation
from rltransfer.files import write_bytes
from rltransfer.schema import Table
from rltransfer.training.policy_folder import no_constant, without_repeats

__all__ = ["Tensors", "read_tensors", "write_tensors"]

FORMAT = 1
LIMIT = 1_000_000_000
"""Bytes of a file that are read at most."""

ADVICE = "Take the folder from where it was saved, or fit it again."

Tensors = Mapping[str, NDArray[np.float32]]
Spec = TypeVar("Spec", bound=Table)


class Description(Table, Generic[Spec]):
    """The schema of the JSON file."""

    format: Literal[1] = 1
    weights_sha256: str = Field(pattern="^[0-9a-f]{64}$")
    spec: Spec


def write_tensors(folder: Path, stem: str, spec: Table, tensors: Tensors) -> None:
    """Write both files, tensors first, each by one rename.

    Raises:
        StorageError: if the disk is full or the folder cannot be written.
    """
    from safetensors.numpy import save

    data = save(dict(tensors))
    table = {
        "format": FORMAT,
        "weights_sha256": sha256(data).hexdigest(),
        "spec": spec.model_dump(mode="json"),
    }
    write_bytes(folder / f"{stem}.safetensors", data)
    write_bytes(folder / f"{stem}.json", json.dumps(table, indent=1).encode())


def read_tensors(
    folder: Path, stem: str, kind: type[Spec]
) -> tuple[Spec, dict[str, NDArray[np.float32]]]:
    """Read and check both files.

    Raises:
        InvalidPolicy: if one is missing, damaged, changed, too large, or of another format.
    """
    file = read_description(folder / f"{stem}.json", kind)
    path = folder / f"{stem}.safetensors"
    data = read_bytes(path)
    if sha256(data).hexdigest() != file.weights_sha256:
        raise InvalidPolicy(
            f"{path} is not the file that {stem}.json describes (sha256 differs): it was changed, "
            f"damaged, or only half saved. {ADVICE}"
        )
    return file.spec, tensors_of(path, data)


def read_description(path: Path, kind: type[Spec]) -> Description[Spec]:
    """Read the JSON against its schema; repeated keys and NaN are errors, too."""
    text = read_bytes(path)
    try:
        json.loads(text, object_pairs_hook=without_repeats, parse_constant=no_constant)
        return Description[kind].model_validate_json(text)  # type: ignore[valid-type]
    except ValidationError as error:
        raise InvalidPolicy(f"{explain_validation(error, str(path))} {ADVICE}") from None
    except (ValueError, RecursionError) as error:
        raise InvalidPolicy(f"{path} is not the JSON it should be: {error}. {ADVICE}") from None


def tensors_of(path: Path, data: bytes) -> dict[str, NDArray[np.float32]]:
    """Read tensors, all of which must be float32."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InvalidPolicy(f"{path} is not a safetensors file: {error}. {ADVICE}") from None
    for name, array in tensors.items():
        if array.dtype != np.float32:
            raise InvalidPolicy(f"{path}: {name!r} must be float32; got {array.dtype}. {ADVICE}")
    return tensors


def read_bytes(path: Path) -> bytes:
    """Read a whole file that is not too large."""
    try:
        if (size := path.stat().st_size) > LIMIT:
            raise InvalidPolicy(f"{path} has {size:,} bytes; at most {LIMIT:,} are read.")
        return path.read_bytes()
    except OSError as error:
        raise InvalidPolicy(f"{path} cannot be read ({error.strerror}). {ADVICE}") from None
