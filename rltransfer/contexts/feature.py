"""One axis of variation of an environment family.

Notation
    v     a value of the feature, in its unit
    u     the same value on the unit interval [0, 1]
    low, high   the ends of the range, both allowed

    linear:  u = (v - low) / (high - low)
    log:     u = log(v / low) / log(high / low)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rltransfer.contexts.context import as_finite_float
from rltransfer.errors import InvalidContext

__all__ = ["ContextFeature", "Scale"]

NAME = re.compile(r"[a-z][a-z0-9_]*")


class Scale(StrEnum):
    """How the unit interval is laid over a feature's range."""

    LINEAR = "linear"
    LOG = "log"


@dataclass(frozen=True, slots=True)
class ContextFeature:
    """A named, bounded quantity with a unit.

    Attributes:
        name: a lower-case identifier, as the environment's specification spells it.
        default: the value in the unchanged environment, in `unit`.
        low, high: the allowed range, ends included, in `unit`.
        unit: an SI unit, or "1" for a pure number.
        scale: whether grids, samples and distances are even in v or in log v.
        about: half a sentence on what the quantity is.
        feasible: the part of the range in which the task is known to be solvable; the whole
            range where nothing is said.

    Raises:
        InvalidContext: if the description contradicts itself.
    """

    name: str
    default: float
    low: float
    high: float
    unit: str = "1"
    scale: Scale = Scale.LINEAR
    about: str = ""
    feasible: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise InvalidContext(
                f"a context feature's name must be a lower-case identifier; got {self.name!r}."
            )
        for field in ("default", "low", "high"):
            object.__setattr__(self, field, as_finite_float(self.name, getattr(self, field)))
        object.__setattr__(self, "scale", Scale(self.scale))
        self._check_range()
        self._check_feasible()

    def _check_range(self) -> None:
        if not self.low < self.high:
            raise InvalidContext(
                f"context feature {self.name!r} needs a range with low < high; "
                f"got {self.low:g}…{self.high:g} {self.unit}."
            )
        if self.scale is Scale.LOG and self.low <= 0:
            raise InvalidContext(
                f"context feature {self.name!r} has a log scale, so its range must be positive; "
                f"got low = {self.low:g} {self.unit}. Use scale = 'linear' or raise the low end."
            )
        if not self.low <= self.default <= self.high:
            raise InvalidContext(
                f"the default of context feature {self.name!r} must lie in {self.range_text}; "
                f"got {self.default:g}."
            )

    def _check_feasible(self) -> None:
        if self.feasible is None:
            return
        low, high = (as_finite_float(self.name, value) for value in self.feasible)
        if not self.low <= low < high <= self.high:
            raise InvalidContext(
                f"the feasible part of context feature {self.name!r} must lie in "
                f"{self.range_text}; got {low:g}…{high:g}."
            )
        object.__setattr__(self, "feasible", (low, high))

    @property
    def range_text(self) -> str:
        """The range as people write it, such as `0.05…5 m`."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.low:g}…{self.high:g}{unit}"

    def validate(self, value: Any) -> float:
        """Return the value as a float inside the range.

        Raises:
            InvalidContext: naming the feature, its unit and range, and the nearest allowed value.
        """
        if type(value) is float and self.low <= value <= self.high:
            return value + 0.0  # nearly always; -0.0 becomes 0.0
        try:
            number = as_finite_float(self.name, value)
        except InvalidContext as error:
            raise InvalidContext(f"{error} Allowed: {self.range_text}.") from None
        if self.low <= number <= self.high:
            return number
        about = f" ({self.about})" if self.about else ""
        nearest = self.low if number < self.low else self.high
        raise InvalidContext(
            f"context feature {self.name!r}{about} must lie in {self.range_text}; "
            f"got {number:g}. The nearest allowed value is {nearest:g}."
        )

    def is_feasible(self, value: float) -> bool:
        """Say whether the task is known to be solvable at this value."""
        low, high = self.feasible or (self.low, self.high)
        return low <= value <= high

    def to_unit(self, values: ArrayLike) -> NDArray[np.float64]:
        """Map values (any shape, in `unit`) to the unit interval, same shape."""
        v = np.asarray(values, dtype=np.float64)
        if self.scale is Scale.LOG:
            return np.asarray(np.log(v / self.low) / np.log(self.high / self.low))
        return np.asarray((v - self.low) / (self.high - self.low))

    def from_unit(self, units: ArrayLike) -> NDArray[np.float64]:
        """Map the unit interval (any shape) to values in `unit`; 0 and 1 give the exact ends."""
        u = np.asarray(units, dtype=np.float64)
        if self.scale is Scale.LOG:
            values = self.low * np.exp(u * np.log(self.high / self.low))
        else:
            values = self.low + u * (self.high - self.low)
        values = np.where(u == 0.0, self.low, np.where(u == 1.0, self.high, values))
        return np.asarray(np.clip(values, self.low, self.high))

    def grid(self, size: int) -> NDArray[np.float64]:
        """Return `size` values, shape (size,), even on the feature's scale, ends included."""
        return self.from_unit(np.linspace(0.0, 1.0, size) if size > 1 else np.array([0.5]))
