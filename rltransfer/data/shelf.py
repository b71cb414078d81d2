"""Where datasets lie: a root folder, and ids that are paths in it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from rltransfer.contexts import Context, ContextSpace
from rltransfer.errors import InvalidDataset

__all__ = ["DATA", "dataset_folder", "default_id", "found_ids", "root_folder"]

DATA = "data"
"""The folder in a dataset's own that Minari keeps files in, and tells datasets by."""

ID = re.compile(r"(?:[A-Za-z0-9_-]{2,}/)*[A-Za-z0-9_-]+-v\d+")
LONGEST_ID = 200
ROOT_VARIABLE = "MINARI_DATASETS_PATH"


def root_folder(root: Path | None = None) -> Path:
    """Return the folder of all datasets: the one given, the one Minari is told of, or its own."""
    if root is not None:
        return Path(root)
    told = os.environ.get(ROOT_VARIABLE)
    return Path(told) if told else Path.home() / ".minari" / "datasets"


def dataset_folder(id: str, root: Path | None = None) -> Path:
    """Return the folder of a dataset, whether it is there or not.

    Raises:
        InvalidDataset: if Minari could not have a dataset of this name.
    """
    if not ID.fullmatch(id) or DATA in id.split("/") or len(id) > LONGEST_ID:
        raise InvalidDataset(
            "a dataset's name must be words of letters, digits, '_' and '-', parted by '/' and of "
            f"two characters at least and {LONGEST_ID} in all, with a version at the end, such as "
            f"'cartpole/short/medium-v0'; got {id[:LONGEST_ID]!r}."
        )
    return root_folder(root) / id


def found_ids(root: Path | None = None) -> Iterator[str]:
    """Yield the ids of all datasets under the root, in order; hidden folders are passed over."""
    base = root_folder(root)
    for folder, below, _ in os.walk(base):
        if DATA in below and Path(folder) != base:
            yield Path(folder).relative_to(base).as_posix()
            below.clear()
        below[:] = sorted(name for name in below if not name.startswith("."))


def default_id(
    env: str, space: ContextSpace, contexts: Sequence[Context], quality: str, version: int
) -> str:
    """Return a name that tells family, context and quality, with no dots in it.

    Examples:
        >>> import rltransfer
        >>> space = rltransfer.make("cartpole").space
        >>> default_id("cartpole", space, [space.validate({"length": 0.7})], "medium", 0)
        'rltransfer/cartpole/length-0p7/medium-v0'
    """
    return f"rltransfer/{env}/{place_of(space, contexts)}/{quality}-v{version}"


def place_of(space: ContextSpace, contexts: Sequence[Context]) -> str:
    """Return a word for some contexts: what is not default in the only one, or a digest."""
    if len(contexts) > 1:
        digests = " ".join(sorted(context.digest for context in contexts))
        return f"{len(contexts)}-contexts-{sha256(digests.encode()).hexdigest()[:8]}"
    own = {name: x for name, x in contexts[0].items() if x != space.default[name]}
    words = "_".join(f"{name}-{x:.6g}" for name, x in own.items())
    return words.replace(".", "p").replace("+", "") or "default"
