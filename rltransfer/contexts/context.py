"""One point of a context space."""

from __future__ import annotations

import json
import math
import numbers
from collections.abc import ItemsView, Iterator, KeysView, Mapping
from hashlib import sha256
from typing import Any

from rltransfer.errors import InvalidContext

__all__ = ["Context"]


class Context(Mapping[str, float]):
    """A frozen, named point x of a context space.

    Behaves like a read-only dictionary from feature name to a finite Python float; two contexts
    are equal when they name the same features with the same values, in whatever order.

    Examples:
        >>> x = Context(length=0.7)
        >>> x["length"], x.replace(gravity=9.8)
        (0.7, Context(length=0.7, gravity=9.8))

    Raises:
        InvalidContext: if a value is not a finite real number.
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, float] | None = None, /, **features: float) -> None:
        given = {**(values or {}), **features}
        self._values = {name: as_finite_float(name, value) for name, value in given.items()}

    @classmethod
    def of_valid(cls, values: dict[str, float]) -> Context:
        """Take values that a `ContextSpace` has checked, without another check."""
        context = cls.__new__(cls)
        context._values = values
        return context

    def __getitem__(self, name: str) -> float:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def keys(self) -> KeysView[str]:
        """Return the names, at the speed of a dictionary."""
        return self._values.keys()

    def items(self) -> ItemsView[str, float]:
        """Return names and values, at the speed of a dictionary."""
        return self._values.items()

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Context):
            return self._values == other._values
        return NotImplemented

    def __repr__(self) -> str:
        return f"Context({', '.join(f'{n}={v:g}' for n, v in self._values.items())})"

    def replace(self, **features: float) -> Context:
        """Return a copy with some features changed or added."""
        return Context(self._values, **features)

    def restrict(self, names: Iterator[str] | tuple[str, ...] | list[str]) -> Context:
        """Return the context that keeps only the named features."""
        return Context({name: self._values[name] for name in names})

    @property
    def label(self) -> str:
        """A short text for tables and folder names, such as `length=0.7,gravity=9.8`."""
        return ",".join(f"{name}={value:.6g}" for name, value in self._values.items())

    @property
    def digest(self) -> str:
        """A hash (16 hex digits) of names and exact values, the same on every machine."""
        return sha256(json.dumps(sorted(self._values.items())).encode()).hexdigest()[:16]


def as_finite_float(name: str, value: Any) -> float:
    """Return `value` as a Python float, or say what is wrong with it.

    Raises:
        InvalidContext: if it is a bool, not a real number, or not finite.
    """
    if type(value) is float and math.isfinite(value):
        return value + 0.0  # -0.0 becomes 0.0, so that equal contexts have equal digests
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InvalidContext(
            f"context feature {name!r} must be a number; got {value!r} ({type(value).__name__})."
        )
    try:
        number = float(value)
    except OverflowError:
        raise InvalidContext(f"context feature {name!r} must be finite; got {value!r}.") from None
    if not math.isfinite(number):
        raise InvalidContext(f"context feature {name!r} must be finite; got {number}.")
    return number + 0.0
