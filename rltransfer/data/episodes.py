"""The episodes of a Minari dataset, checked against a family's spaces, as arrays.

Minari's storage reads them; it is told the spaces, so that it builds no environment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.data.hdf5_check import require_plain_hdf5
from rltransfer.data.transitions import Transitions
from rltransfer.envs import Spaces
from rltransfer.errors import InvalidDataset

__all__ = ["DAMAGE", "read_episodes", "require_spaces"]

Metadata = Mapping[str, Any]
DAMAGE = (
    OSError, KeyError, AssertionError, AttributeError, NotImplementedError, TypeError, ValueError,
    OverflowError, MemoryError, RecursionError,
)  # fmt: skip
"""What Minari raises over files that are not as it writes them."""

COLUMNS = {
    "observations": "observations",
    "actions": "actions",
    "rewards": "rewards",
    "terminated": "terminations",
    "truncated": "truncations",
}
"""Our names of an episode's arrays, and Minari's."""


def read_episodes(
    folder: Path,
    metadata: Metadata,
    spaces: Spaces,
    contexts: tuple[Context, ...],
    labelled: bool,
) -> Transitions:
    """Read all episodes.

    Args:
        folder: with the files of Minari's storage.
        metadata: of the dataset.
        spaces: of the family.
        contexts: what the episodes happened in.
        labelled: whether each episode tells the place of its context; else all are of the first.

    Raises:
        InvalidDataset: if arrays do not fit together or the spaces, or an episode has no end.
        one of `DAMAGE`: if the files are not as Minari writes them.
    """
    observations, actions = spaces
    storage = storage_of(folder, metadata, observations, actions)
    count = int(metadata["total_episodes"])
    places = list(context_places(storage, count)) if labelled else [0] * count
    episodes = [
        checked(episode, observations, actions) for episode in storage.get_episodes(range(count))
    ]
    return assembled(episodes, places, contexts)


def require_spaces(
    metadata: Metadata, observations: gym.spaces.Box, actions: gym.Space[Any]
) -> None:
    """Refuse metadata that name other spaces than the family's.

    Raises:
        InvalidDataset: naming both spaces.
        one of `DAMAGE`: if a space is not described as Minari describes it.
    """
    from minari.serialization import deserialize_space

    wanted: dict[str, gym.Space[Any]] = {"observation": observations, "action": actions}
    for kind, own in wanted.items():
        text = metadata.get(f"{kind}_space")
        if text is None:
            continue  # the arrays will tell
        given = deserialize_space(text)
        if not alike(given, own) or (kind == "action" and not equally_bounded(given, own)):
            raise InvalidDataset(f"its {kind} space is {given}, and the family's is {own}.")


def alike(given: gym.Space[Any], own: gym.Space[Any]) -> bool:
    """Say whether both are vectors of one length, in whatever precision, or the same choices."""
    if isinstance(own, gym.spaces.Discrete):
        return isinstance(given, gym.spaces.Discrete) and (given.n, given.start) == (
            own.n,
            own.start,
        )
    return isinstance(given, gym.spaces.Box) and given.shape == own.shape


def equally_bounded(given: Any, own: Any) -> bool:
    """Say whether two spaces that are alike have the same bounds."""
    if isinstance(own, gym.spaces.Discrete):
        return True
    return bool(np.allclose(given.low, own.low) and np.allclose(given.high, own.high))


def storage_of(
    folder: Path, metadata: Metadata, observations: gym.Space[Any], actions: gym.Space[Any]
) -> Any:
    """Return Minari's storage for a folder, told the spaces so that it makes no environment.

    Raises:
        InvalidDataset: if the data are not kept in HDF5, or their file is not a plain one.
    """
    from minari.dataset._storages.hdf5_storage import _MAIN_FILE_NAME, HDF5Storage

    if (kind := metadata.get("data_format", "hdf5")) != "hdf5":
        raise InvalidDataset(
            f"its data_format is {str(kind)[:40]!r}; only 'hdf5' is read, of which the size is "
            "known before it is unpacked. Record or download it as HDF5."
        )
    require_plain_hdf5(folder / _MAIN_FILE_NAME)
    return HDF5Storage(folder, observations, actions)


def context_places(storage: Any, count: int) -> Iterator[int]:
    """Yield the place of each episode's context in our table."""
    for metadata in storage.get_episode_metadata(range(count)):
        yield int(metadata["options"]["context"])


def checked(
    episode: Mapping[str, Any], observations: gym.spaces.Box, actions: gym.Space[Any]
) -> Mapping[str, NDArray[Any]]:
    """Return the arrays of an episode if they fit together and the spaces."""
    where = f"episode {episode['id']}"
    columns = {name: np.asarray(episode[key]) for name, key in COLUMNS.items()}
    T = len(columns["rewards"])
    if T == 0:
        raise InvalidDataset(f"{where} has no step.")
    shapes = {"observations": (T + 1, *observations.shape), "actions": (T, *(actions.shape or ()))}
    for name, values in columns.items():
        if values.shape != (expected := shapes.get(name, (T,))):
            raise InvalidDataset(
                f"{where} has {T} steps, so its {name} must have the shape {expected}; got "
                f"{values.shape}."
            )
    if isinstance(actions, gym.spaces.Discrete):
        require_choices(where, columns["actions"], int(actions.n))
    if not (columns["terminated"][-1] or columns["truncated"][-1]):
        raise InvalidDataset(
            f"{where} has no end: its last step is neither terminated nor truncated. Mark where "
            "the recording stopped as truncated."
        )
    return columns


def require_choices(where: str, chosen: NDArray[Any], n: int) -> None:
    """Refuse discrete actions that are not 0 … n - 1."""
    if not np.isin(chosen, np.arange(n)).all():
        raise InvalidDataset(
            f"{where} has actions from {chosen.min()} to {chosen.max()}; the family has 0 to "
            f"{n - 1}."
        )


def assembled(
    episodes: Sequence[Mapping[str, NDArray[Any]]],
    places: Sequence[int],
    contexts: tuple[Context, ...],
) -> Transitions:
    """Return all episodes, one after another, in the precision that training uses."""
    if not episodes:
        raise InvalidDataset("it holds no episode.")

    def column(name: str) -> NDArray[Any]:
        return np.concatenate([episode[name] for episode in episodes])

    lengths = [len(episode["rewards"]) for episode in episodes]
    actions = column("actions")
    terminated = column("terminated").astype(np.bool_)
    return Transitions(
        np.concatenate([e["observations"][:-1] for e in episodes]).astype(np.float32),
        actions.astype(np.int64 if actions.ndim == 1 else np.float32),
        column("rewards").astype(np.float32),
        np.concatenate([e["observations"][1:] for e in episodes]).astype(np.float32),
        terminated,
        column("truncated").astype(np.bool_) & ~terminated,
        np.repeat(np.array(places, dtype=np.int32), lengths),
        contexts,
    )
