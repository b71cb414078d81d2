"""Which sources may be trained, and which targets count.

Notation
    N, M   number of candidate sources, of targets
    d      number of varied context features
    U      contexts on the unit cube [0, 1]^d, each feature on its own scale
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.errors import InvalidTransferMatrix

__all__ = ["TransferProblem"]


@dataclass(frozen=True)
class TransferProblem:
    """The question of a source-task selection: a space, N candidate sources and M targets.

    It never changes while sources are trained, so every matrix of one study shares one problem.

    Attributes:
        space: the varied features only; a context names exactly these.
        sources: the candidates, in the order that their indices refer to.
        targets: the contexts on which every policy is measured.

    Raises:
        InvalidTransferMatrix: if there is no source or target, one is repeated, or a context
            does not name exactly the features of the space.
        InvalidContext: if a value lies outside its feature's range.
    """

    space: ContextSpace
    sources: tuple[Context, ...]
    targets: tuple[Context, ...]

    def __post_init__(self) -> None:
        for role in ("sources", "targets"):
            contexts = tuple(getattr(self, role))
            check_contexts(self.space, role, contexts)
            object.__setattr__(self, role, contexts)

    @cached_property
    def units_sources(self) -> NDArray[np.float64]:
        """The sources on the unit cube, shape (N, d), read-only."""
        return frozen(self.space.to_unit(self.sources))

    @cached_property
    def units_targets(self) -> NDArray[np.float64]:
        """The targets on the unit cube, shape (M, d), read-only."""
        return frozen(self.space.to_unit(self.targets))

    @cached_property
    def _source_indices(self) -> dict[Context, int]:
        return {context: index for index, context in enumerate(self.sources)}

    @cached_property
    def _target_indices(self) -> dict[Context, int]:
        return {context: index for index, context in enumerate(self.targets)}

    def source_index(self, source: Context | int) -> int:
        """Return the index of a candidate, given as its context or as its index.

        Raises:
            InvalidTransferMatrix: if it is not a candidate; the sentence names the nearest one.
        """
        if isinstance(source, Context):
            return self._index_of_context(source)
        if 0 <= source < len(self.sources):
            return int(source)
        raise InvalidTransferMatrix(
            f"source {source} is not among the {len(self.sources)} candidates, "
            f"which are numbered 0 to {len(self.sources) - 1}."
        )

    def target_index(self, context: Context) -> int | None:
        """Return the index of a context among the targets, or None where it is not one."""
        return self._target_indices.get(context)

    def _index_of_context(self, source: Context) -> int:
        index = self._source_indices.get(source)
        if index is not None:
            return index
        sentence = f"{source} is not one of the {len(self.sources)} candidate sources"
        if set(source) != set(self.space.names):
            raise InvalidTransferMatrix(
                f"{sentence}: a source names exactly {', '.join(self.space.names)}."
            )
        distances = np.abs(self.units_sources - self.space.to_unit([source])).sum(axis=1)
        nearest = self.sources[int(distances.argmin())]
        raise InvalidTransferMatrix(f"{sentence}; the nearest is {dict(nearest)}.")


def check_contexts(space: ContextSpace, role: str, contexts: Sequence[Context]) -> None:
    """Raise unless the contexts are some, all different, and points of the space."""
    if not contexts:
        raise InvalidTransferMatrix(f"a transfer matrix needs at least one of its {role}.")
    if len(set(contexts)) != len(contexts):
        repeated = next(x for i, x in enumerate(contexts) if x in contexts[:i])
        raise InvalidTransferMatrix(f"the {role} must differ; {repeated} appears more than once.")
    for context in contexts:
        if set(context) != set(space.names):
            raise InvalidTransferMatrix(
                f"each of the {role} must name exactly {', '.join(space.names)}, "
                f"the varied features; got {context}."
            )
        space.validate(context)


def frozen(array: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make an array read-only and return it."""
    array.flags.writeable = False
    return array
