"""Transitions as a Minari dataset in HDF5, written whole or not at all, with a MANIFEST.json.

An episode's context is the option `context`: its place in the list of contexts in the metadata's
table `rltransfer`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from rltransfer.contexts import Context
from rltransfer.data.info import DatasetInfo
from rltransfer.data.shelf import DATA, ROOT_VARIABLE, dataset_folder, root_folder
from rltransfer.data.transitions import Transitions
from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidDataset, MissingDependency
from rltransfer.files import TEMPORARY, storage_errors, sweep, write_manifest

__all__ = ["OWN_TABLE", "require_free", "require_minari", "write_dataset"]

OWN_TABLE = "rltransfer"


def write_dataset(
    id: str, data: Transitions, info: DatasetInfo, env: ContextualEnv, root: Path | None = None
) -> Path:
    """Write a dataset into the root folder by one rename, and return its folder.

    Args:
        id: such as `cartpole/short/medium-v0`.
        data: of the family; `info.contexts` lists its contexts in their order.
        info: what the dataset says of itself.
        env: the family, for its spaces.
        root: None for the folder that Minari uses.

    Raises:
        InvalidDataset: if there is such a dataset already, or Minari cannot hold these data.
        MissingDependency: if Minari is not installed.
        StorageError: if the disk is full or the folder cannot be written.
    """
    require_minari()
    require_free(id, root)
    require_agreement(data, info)
    require_family(data, env)
    require_chained(data)
    base = root_folder(root)
    final = dataset_folder(id, base)
    with storage_errors(final):
        base.mkdir(parents=True, exist_ok=True)
        sweep(base)
        work = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}{os.getpid()}-", dir=base))
        try:
            with minari_root(work.resolve()):  # Minari trips over a relative one
                create(id, data, info, env)
            write_manifest(work / id / DATA)
            final.parent.mkdir(parents=True, exist_ok=True)
            os.rename(work / id, final)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return final


def create(id: str, data: Transitions, info: DatasetInfo, env: ContextualEnv) -> None:
    """Have Minari write the dataset under the root that it is told of."""
    import minari

    spaces = env.spaces
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Minari misses, an author and so on, is in our table
        dataset = minari.create_dataset_from_buffers(
            id,
            list(buffers(data)),
            observation_space=spaces.observation,
            action_space=spaces.action,
            algorithm_name=", ".join(info.algorithms) or None,
            description=f"{info.quality} data of the family {info.env}",
            data_format="hdf5",
        )
    dataset.storage.update_metadata(
        {OWN_TABLE: info.model_dump(mode="json"), **references_for_minari(info)}
    )


def buffers(data: Transitions) -> Iterator[Any]:
    """Yield an `EpisodeBuffer` per episode; observations are one more than steps."""
    from minari.data_collector import EpisodeBuffer

    for first, length in zip(data.starts.tolist(), data.episode_lengths.tolist(), strict=True):
        rows = slice(first, first + length)
        last = data.next_observations[rows.stop - 1 : rows.stop]
        yield EpisodeBuffer(
            options={"context": int(data.context_index[first])},
            observations=np.concatenate([data.observations[rows], last]),
            actions=data.actions[rows],
            rewards=data.rewards[rows],
            terminations=data.terminated[rows],
            truncations=data.truncated[rows],
        )


def references_for_minari(info: DatasetInfo) -> dict[str, float]:
    """Return what Minari's own normalised score reads, where one pair is enough."""
    first, *others = info.contexts
    if others or first.reference is None:
        return {}
    return {
        "ref_min_score": first.reference.random,
        "ref_max_score": first.reference.expert,
        "num_episodes_average_score": first.reference.episodes,
    }


@contextmanager
def minari_root(folder: Path) -> Iterator[None]:
    """Let Minari write under another root; it listens to an environment variable only."""
    before = os.environ.get(ROOT_VARIABLE)
    os.environ[ROOT_VARIABLE] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[ROOT_VARIABLE]
        else:
            os.environ[ROOT_VARIABLE] = before


def require_minari() -> None:
    """Refuse to go on without Minari and what it needs for HDF5.

    Raises:
        MissingDependency: with what to install.
    """
    try:
        import h5py  # noqa: F401
        import minari.data_collector  # noqa: F401
        import PIL  # noqa: F401
    except ImportError as error:
        library = (error.name or str(error)).partition(".")[0]
        raise MissingDependency(
            f"datasets need Minari with HDF5, and {library} is not installed. Install it with: "
            'pip install "rltransfer[offline]"'
        ) from None


def require_free(id: str, root: Path | None = None) -> None:
    """Refuse an id that is taken, or that would lie inside another dataset.

    Raises:
        InvalidDataset: naming the dataset that is there.
    """
    folder, base = dataset_folder(id, root), root_folder(root)
    if folder.exists():
        raise InvalidDataset(
            f"there is a dataset {id!r} in {base} already. Give another --name or --version, or "
            "remove it first."
        )
    for parent in folder.relative_to(base).parents:
        if (base / parent / DATA).exists() and parent != Path():
            raise InvalidDataset(
                f"{id!r} would lie inside the dataset {parent.as_posix()!r}. Give another --name."
            )


def require_agreement(data: Transitions, info: DatasetInfo) -> None:
    """Refuse a table that lists other contexts than the data have."""
    if [Context(record.context) for record in info.contexts] != list(data.contexts):
        raise InvalidDataset(
            f"the description lists {len(info.contexts)} contexts, which are not the "
            f"{len(data.contexts)} of the data in their order."
        )


def require_family(data: Transitions, env: ContextualEnv) -> None:
    """Refuse data whose steps have not the shape of the family's."""
    spaces = env.spaces
    shapes = data.observations.shape[1:], data.actions.shape[1:]
    own = spaces.observation.shape, spaces.action.shape or ()
    if shapes != own:
        raise InvalidDataset(
            f"observations and actions of {env.spec.id} have the shapes {own[0]} and {own[1]}; "
            f"those of the data are {shapes[0]} and {shapes[1]}."
        )


def require_chained(data: Transitions) -> None:
    """Refuse episodes in which a step does not begin where the one before ended."""
    inside = ~data.ends[:-1]
    if not np.array_equal(data.next_observations[:-1][inside], data.observations[1:][inside]):
        raise InvalidDataset(
            "a Minari dataset holds whole episodes, in which each step begins where the one before "
            "ended; these transitions do not."
        )
