"""A policy on disk: `policy.safetensors` for the weights, `policy.json` for everything else.

The JSON names the sha256 of the weights and is written last, so that a folder whose writing was
interrupted does not pass for a policy. Neither file can make a reader run code.
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
from rltransfer.files import write_bytes
from rltransfer.schema import Table
from rltransfer.training.policy_spec import PolicySpec

__all__ = ["read_policy", "write_policy"]

FORMAT = 1
WEIGHTS = "policy.safetensors"
DESCRIPTION = "policy.json"
WEIGHTS_LIMIT = 1_000_000_000  # bytes
DESCRIPTION_LIMIT = 4_000_000  # bytes
ADVICE = "Take the folder from where it was saved, or train the policy again."

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
    from safetensors.numpy import save

    data = save(dict(weights))
    file = PolicyFile(weights_sha256=sha256(data).hexdigest(), policy=spec)
    write_bytes(folder / WEIGHTS, data)
    write_bytes(folder / DESCRIPTION, file.model_dump_json(indent=1).encode())


def read_policy(folder: Path) -> tuple[PolicySpec, dict[str, NDArray[np.float32]]]:
    """Read and check both files.

    Raises:
        InvalidPolicy: if one is missing, damaged, changed, too large, or of another format.
    """
    file = read_description(folder / DESCRIPTION)
    path = folder / WEIGHTS
    data = read_bytes(path, WEIGHTS_LIMIT)
    if sha256(data).hexdigest() != file.weights_sha256:
        raise InvalidPolicy(
            f"{path} is not the file that {DESCRIPTION} describes (sha256 differs): it was "
            f"changed, damaged, or only half saved. {ADVICE}"
        )
    return file.policy, read_weights(path, data)


def read_description(path: Path) -> PolicyFile:
    """Read `policy.json` against its schema; repeated keys and NaN are errors, too."""
    text = read_bytes(path, DESCRIPTION_LIMIT)
    try:
        plain = json.loads(text, object_pairs_hook=without_repeats, parse_constant=no_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidPolicy(f"{path} is not the JSON of a policy: {error}. {ADVICE}") from None
    given = plain.get("format") if isinstance(plain, dict) else None
    if given != FORMAT:
        raise InvalidPolicy(
            f"{path} has format {given!r}; this version reads {FORMAT}. Use the version of "
            "rltransfer that wrote it."
        )
    try:
        return PolicyFile.model_validate_json(text)
    except ValidationError as error:
        raise InvalidPolicy(f"{explain_validation(error, str(path))} {ADVICE}") from None


def read_weights(path: Path, data: bytes) -> dict[str, NDArray[np.float32]]:
    """Read tensors, all of which must be float32."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        weights = load(data)
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise InvalidPolicy(f"{path} is not a safetensors file: {error}. {ADVICE}") from None
    for name, array in weights.items():
        if array.dtype != np.float32:
            raise InvalidPolicy(
                f"{path}: the weight {name!r} must be float32; got {array.dtype}. {ADVICE}"
            )
    return weights


def read_bytes(path: Path, limit: int) -> bytes:
    """Read a whole file that is no larger than `limit` bytes."""
    try:
        size = path.stat().st_size
        if size > limit:
            raise InvalidPolicy(f"{path} has {size:,} bytes; at most {limit:,} are read.")
        return path.read_bytes()
    except OSError as error:
        raise InvalidPolicy(
            f"{path} cannot be read ({error.strerror}): a policy is a folder with {WEIGHTS} and "
            f"{DESCRIPTION}. {ADVICE}"
        ) from None


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a JSON object whose keys are all different."""
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a key is repeated")
    return table


def no_constant(name: str) -> float:
    """Refuse NaN and Infinity."""
    raise ValueError(f"{name} is no number that JSON knows")
