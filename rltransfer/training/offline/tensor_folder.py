"""Named tensors on disk: `<stem>.safetensors`, and `<stem>.json` that says what they are.

As in a policy's folder, the JSON names the sha256 of the tensors and of itself, and is written
last, so that half a writing does not pass for a whole. Neither file can make a reader run code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from rltransfer.errors import InvalidPolicy, explain_validation
from rltransfer.schema import Table
from rltransfer.training.policy_folder import read_json, write_pair
from rltransfer.training.policy_folder import read_tensors as read_weights

__all__ = ["Tensors", "read_tensors", "write_tensors"]

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
    path = folder / f"{stem}.safetensors"
    write_pair(path, tensors, folder / f"{stem}.json", {"spec": spec})


def read_tensors(
    folder: Path, stem: str, kind: type[Spec]
) -> tuple[Spec, dict[str, NDArray[np.float32]]]:
    """Read and check both files.

    Raises:
        InvalidPolicy: if one is missing, damaged, changed, too large, or of another format.
    """
    path = folder / f"{stem}.json"
    try:
        file: Description[Spec] = Description[kind].model_validate_json(  # type: ignore[valid-type]
            json.dumps(read_json(path))
        )
    except ValidationError as error:
        raise InvalidPolicy(explain_validation(error, str(path))) from None
    return file.spec, read_weights(folder / f"{stem}.safetensors", file.weights_sha256)
