"""Rows of the transfer matrix that cost nothing: policies that were there before the first source.

Notation
    Q       policies from elsewhere
    M, E    targets, episodes

Such a policy is no candidate. Its context need not be one of the sources, nor lie in their range,
and it may be unknown; what the policy returns on the targets counts all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer.rows import append, mean_of_episodes

__all__ = ["KnownPolicy", "KnownRows", "stacked"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class KnownPolicy:
    """A policy from elsewhere.

    Attributes:
        name: what people call it; no other known policy of the matrix has it.
        context: where it was trained, in the varied features; None where they do not say it.
    """

    name: str
    context: Context | None = None


@dataclass(frozen=True, eq=False)
class KnownRows:
    """Returns of policies from elsewhere; an immutable value, empty by default.

    Attributes:
        policies: the Q policies.
        returns: on the targets, shape (Q, M, E).
        own: what each returns on its own context, shape (Q, E_own); of a policy whose context is
            not known, on the target that it does best on.
    """

    policies: tuple[KnownPolicy, ...] = ()
    returns: Array = field(default_factory=lambda: np.empty((0, 0, 0)))
    own: Array = field(default_factory=lambda: np.empty((0, 0)))

    def __len__(self) -> int:
        return len(self.policies)

    def learn(
        self, policy: KnownPolicy, returns: ArrayLike, own: ArrayLike | None = None
    ) -> KnownRows:
        """Return the rows with one more.

        Args:
            policy: whose returns.
            returns: on all targets, shape (M, E), as many as in the rows before.
            own: on its own context, shape (E_own,); by default on the target it does best on.

        Raises:
            InvalidTransferMatrix: if the name is taken, a shape is wrong, or a return is not
                finite.
        """
        row = np.array(returns, dtype=np.float64)
        self._check(policy, row)
        best = row[int(row.mean(axis=1).argmax())]
        home = best if own is None else np.array(own, dtype=np.float64).ravel()
        return KnownRows(
            (*self.policies, policy), append(self.returns, row), append(self.own, home)
        )

    def _check(self, policy: KnownPolicy, row: Array) -> None:
        if policy.name in {known.name for known in self.policies}:
            raise InvalidTransferMatrix(f"two known policies have the name {policy.name!r}.")
        expected = self.returns.shape[1:] if self.policies else row.shape
        if row.ndim != 2 or not row.size or row.shape != expected:
            raise InvalidTransferMatrix(
                f"the returns of the known policy {policy.name!r} must have shape (targets, "
                f"episodes){f' = {expected}' if self.policies else ''}; got {row.shape}."
            )
        if not np.isfinite(row).all():
            raise InvalidTransferMatrix(
                f"the known policy {policy.name!r} has a return that is not finite: it must be "
                "measured on every target."
            )

    @cached_property
    def mean(self) -> Array:
        """Means over episodes, shape (Q, M)."""
        return mean_of_episodes(self.returns)

    @cached_property
    def set_points(self) -> Array:
        """Mean return of each policy on its own context, shape (Q,)."""
        return mean_of_episodes(self.own)

    @property
    def placed(self) -> NDArray[np.intp]:
        """Which policies have a context in the varied features, ascending."""
        has = [policy.context is not None for policy in self.policies]
        return np.flatnonzero(np.array(has, dtype=np.bool_))

    def units(self, space: ContextSpace) -> Array:
        """Return the contexts of the `placed` policies on the unit cube, or beside it, (n, d)."""
        contexts = [p.context for p in self.policies if p.context is not None]
        return space.to_unit(contexts) if contexts else np.empty((0, len(space)))

    def require_targets(self, M: int) -> None:
        """Raise unless there are none, or they have returns on M targets."""
        if self.policies and self.returns.shape[1] != M:
            raise InvalidTransferMatrix(
                f"the known policies have returns on {self.returns.shape[1]} targets, and the "
                f"matrix has {M}."
            )

    def raised(self, reached: Array) -> Array:
        """Return returns reached on the targets, shape (…, M), raised to these policies' best."""
        return np.maximum(reached, self.mean.max(axis=0)) if self.policies else reached

    def scaled(self, low: float, span: float) -> KnownRows:
        """Return the rows with `low` mapped to 0 and `low + span` to 1."""
        return replace(self, returns=(self.returns - low) / span, own=(self.own - low) / span)

    def to_plain(self) -> list[dict[str, Any]]:
        """Return the rows as plain data that JSON can hold."""
        return [
            {
                "name": policy.name,
                "context": None if policy.context is None else dict(policy.context),
                "returns": returns.tolist(),
                "own": own.tolist(),
            }
            for policy, returns, own in zip(self.policies, self.returns, self.own, strict=True)
        ]

    @classmethod
    def of_plain(cls, data: Iterable[Mapping[str, Any]]) -> KnownRows:
        """Read what `to_plain` returns."""
        rows = cls()
        for said in data:
            context = None if said["context"] is None else Context(said["context"])
            policy = KnownPolicy(said["name"], context)
            rows = rows.learn(policy, said["returns"], said["own"])
        return rows

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, KnownRows):
            return NotImplemented
        return (
            self.policies == other.policies
            and np.array_equal(self.returns, other.returns)
            and np.array_equal(self.own, other.own)
        )


def stacked(known: Array, rows: Array) -> Array:
    """Return rows of known policies and below them those of trained sources; either may be none."""
    if not len(known) or not len(rows):
        return known if len(known) else rows
    return np.concatenate([known, rows])
