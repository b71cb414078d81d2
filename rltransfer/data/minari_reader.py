"""Minari datasets as transitions, ours or a stranger's. Runs no code that a dataset names.

Minari's own loader builds the environment that the metadata name when they lack a space, which
imports any module they like. Here the spaces are the family's, the metadata are plain data, and
only Minari's storage, which reads arrays, is asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from rltransfer.contexts import Context
from rltransfer.data.episodes import DAMAGE, read_episodes, require_spaces
from rltransfer.data.info import ContextRecord, DatasetInfo, ReturnSummary
from rltransfer.data.minari_writer import OWN_TABLE, require_minari
from rltransfer.data.shelf import DATA, dataset_folder, found_ids, root_folder
from rltransfer.data.transitions import Transitions
from rltransfer.envs import ContextualEnv
from rltransfer.errors import (
    CorruptRun,
    InvalidContext,
    InvalidDataset,
    did_you_mean,
    explain_validation,
)
from rltransfer.files import MANIFEST, Unreadable, parse_json, read_bytes, verify_folder

__all__ = ["Dataset", "load_dataset", "own_info", "read_metadata"]

Metadata = Mapping[str, Any]
ADVICE = "Remove it, and record or download it again."


@dataclass(frozen=True)
class Dataset:
    """Transitions, and what is known of them."""

    info: DatasetInfo
    transitions: Transitions


def load_dataset(
    id: str,
    env: ContextualEnv,
    root: Path | None = None,
    context: Mapping[str, float] | None = None,
) -> Dataset:
    """Read a Minari dataset of a family.

    Args:
        id: such as `rltransfer/cartpole/length-0p5/medium-v0`.
        env: the family; actions and observations must be those of its spaces.
        root: None for the folder that Minari uses.
        context: the context to take all episodes for; None for what the dataset says, or the
            family's default if it says nothing.

    Raises:
        InvalidDataset: if it is not there, is damaged, has other spaces, is of another family
            or an unknown context, has an episode without an end, or a number that is not finite.
        InvalidContext: if `context` is not one of the family's.
        MissingDependency: if Minari is not installed.
    """
    require_minari()
    metadata = read_metadata(id, root)
    spaces = env.spaces
    files = dataset_folder(id, root) / DATA
    try:
        require_unchanged(files, metadata)
    except CorruptRun as error:
        raise InvalidDataset(damaged(id, str(error).rstrip(". "))) from None
    stated = None if context is not None else own_info(id, metadata)
    contexts = contexts_of(id, stated, env, context)
    try:
        require_spaces(metadata, *spaces)
        data = read_episodes(files, metadata, spaces, contexts, stated is not None)
    except InvalidDataset as error:
        raise InvalidDataset(f"the dataset {id!r} cannot be used: {error}") from None
    except DAMAGE as error:
        raise InvalidDataset(damaged(id, error)) from None
    return Dataset(stated or stranger(data, env), data)


def read_metadata(id: str, root: Path | None = None) -> dict[str, Any]:
    """Return the metadata of a dataset as plain data.

    Raises:
        InvalidDataset: if there is no such dataset, or its metadata cannot be read.
    """
    path = dataset_folder(id, root) / DATA / "metadata.json"
    if not path.parent.is_dir():
        known = list(found_ids(root))
        raise InvalidDataset(
            f"there is no dataset {id!r} in {root_folder(root)}{did_you_mean(id, known)} "
            "See: rltransfer dataset list"
        )
    try:
        metadata = parse_json(read_bytes(path), float)
    except Unreadable as error:
        raise InvalidDataset(damaged(id, f"{path.name} cannot be read: {error}")) from None
    if not isinstance(metadata, dict):
        raise InvalidDataset(damaged(id, "its metadata are not a table"))
    return metadata


def require_unchanged(files: Path, metadata: Metadata) -> None:
    """Compare the files of a dataset of ours with their manifest.

    Those of format 1, and strangers', have none.

    Raises:
        CorruptRun: naming the file that differs.
    """
    table = metadata.get(OWN_TABLE)
    listed = isinstance(table, dict) and table.get("format") != 1
    if listed or (files / MANIFEST).exists():
        verify_folder(files, advice="")


def own_info(id: str, metadata: Metadata) -> DatasetInfo | None:
    """Return what a dataset of ours says of itself; None for a stranger's.

    Raises:
        InvalidDataset: naming the field that is wrong.
    """
    if OWN_TABLE not in metadata:
        return None
    try:
        return DatasetInfo.model_validate_json(json.dumps(metadata[OWN_TABLE]))
    except ValidationError as error:
        raise InvalidDataset(
            f"{explain_validation(error, f'the dataset {id!r}')} {ADVICE}"
        ) from None


def contexts_of(
    id: str, info: DatasetInfo | None, env: ContextualEnv, given: Mapping[str, float] | None
) -> tuple[Context, ...]:
    """Return the complete contexts of a dataset in this family."""
    if info is None:
        return (env.space.validate(given),)
    if info.env != env.spec.id:
        raise InvalidDataset(
            f"the dataset {id!r} is of the family {info.env!r}, and {env.spec.id!r} is meant. To "
            "use it all the same, say which context it shall count as."
        )
    try:
        return tuple(env.space.validate(record.context) for record in info.contexts)
    except InvalidContext as error:
        raise InvalidDataset(
            f"the dataset {id!r} was recorded in a context that {env.spec.id} does not have: "
            f"{error}"
        ) from None


def stranger(data: Transitions, env: ContextualEnv) -> DatasetInfo:
    """Return what can be said of a dataset that says nothing of itself."""
    record = ContextRecord(
        context=dict(data.contexts[0]), returns=ReturnSummary.of(data, env.spec.horizon)
    )
    return DatasetInfo(env=env.spec.id, quality="unstated", contexts=(record,))


def damaged(id: str, reason: object) -> str:
    """Return the sentence for a dataset that is not as Minari wrote it."""
    return (
        f"the dataset {id!r} is damaged: {reason or 'its files are not as Minari writes them'}. "
        f"{ADVICE}"
    )
