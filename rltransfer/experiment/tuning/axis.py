"""One hyperparameter of a search space: which values it may have, and how they are searched.

Notation
    x    the value that the algorithm is given
    z    the number that Optuna chooses

    linear        x = z
    log           x = z,        z even on a log scale
    complement    x = 1 - z,    z even on a log scale: for discounts, 0.99 to 0.999 is as far as
                                0.9 to 0.99
    power-of-2    x = 2^z,      z whole
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from rltransfer.schema import Table

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

__all__ = ["Axis"]

Number = Annotated[float, Field(allow_inf_nan=False)]
Searched = float | int | str | bool | None
"""What Optuna stores of a value."""


class Axis(Table):
    """The values of one hyperparameter: a range with its scale, a choice, or another's value.

    Attributes:
        range: lowest and highest value x.
        scale: how the range is searched; see the module.
        whole: whether x is a whole number.
        choices: the values themselves, in place of a range; plain data.
        falling: whether the value is where a schedule begins that falls to 0.
        same_as: another hyperparameter, whose value it always has; it is not searched itself.
    """

    range: Annotated[tuple[Number, Number], Field(strict=False)] | None = None
    scale: Literal["linear", "log", "complement", "power-of-2"] = "linear"
    whole: bool = False
    falling: bool = False
    choices: Annotated[list[Any], Field(min_length=1)] | None = None
    same_as: str | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        said = [x for x in (self.range, self.choices, self.same_as) if x is not None]
        if len(said) != 1:
            raise ValueError("write one of range, such as [0.1, 1.0], choices, and same_as")
        if self.range is None and (self.whole or self.falling or self.scale != "linear"):
            raise ValueError("scale, whole and falling belong to a range")
        if self.range is not None:
            check_range(self.range, self.scale, self.whole)
        return self

    @property
    def distribution(self) -> BaseDistribution:
        """Return what Optuna draws z from."""
        from optuna.distributions import CategoricalDistribution as Categories
        from optuna.distributions import FloatDistribution, IntDistribution

        if self.range is None:
            return Categories([label(choice) for choice in self.choices or ()])
        low, high = self.range
        if self.scale == "power-of-2":
            return IntDistribution(round(math.log2(low)), round(math.log2(high)))
        if self.scale == "complement":
            return FloatDistribution(1.0 - high, 1.0 - low, log=True)
        if self.whole:
            return IntDistribution(int(low), int(high), log=self.scale == "log")
        return FloatDistribution(low, high, log=self.scale == "log")

    def value(self, z: Searched) -> Any:
        """Return x for what Optuna has chosen."""
        if self.choices is not None:
            return {label(choice): choice for choice in self.choices}[z]
        assert isinstance(z, (int, float))
        x = 2 ** int(z) if self.scale == "power-of-2" else z
        x = 1.0 - z if self.scale == "complement" else x
        return f"lin_{x}" if self.falling else x

    def parameter(self, name: str) -> str:
        """Return what z is called where x is called `name`."""
        called = {"complement": "1 - {}", "power-of-2": "log2 {}"}
        return called.get(self.scale, "{}").format(name)

    @property
    def text(self) -> str:
        """The values in words."""
        if self.same_as is not None:
            return f"the same as {self.same_as}"
        if self.choices is not None:
            return " or ".join(json.dumps(choice) for choice in self.choices)
        low, high = self.range or (0.0, 0.0)
        return f"{low:g} to {high:g}" + ("" if self.scale == "linear" else f", {self.scale}")

    def up_to(self, most: float) -> Axis:
        """Return the range without the values above `most`; its lowest stays, and one more."""
        low, high = self.range or (0.0, 0.0)
        fitting = 2.0 ** math.floor(math.log2(most)) if self.scale == "power-of-2" else most
        return self.model_copy(update={"range": (low, max(2.0 * low, min(high, fitting)))})


def check_range(ends: tuple[float, float], scale: str, whole: bool) -> None:
    """Refuse a range that its scale cannot have."""
    low, high = ends
    if not low < high:
        raise ValueError(f"range must go from a number to a larger one; got [{low:g}, {high:g}]")
    if scale in ("log", "power-of-2") and low <= 0:
        raise ValueError(f"the scale {scale!r} needs a range above 0; got [{low:g}, {high:g}]")
    if scale == "complement" and not 0.0 <= low < high < 1.0:
        raise ValueError(
            f"the scale 'complement' needs a range from 0 to below 1; got [{low:g}, {high:g}]"
        )
    if scale == "power-of-2" and any(math.log2(end) % 1 for end in ends):
        raise ValueError(f"the ends of the range must be powers of 2; got [{low:g}, {high:g}]")
    if whole and any(end % 1 for end in ends):
        raise ValueError(f"the ends of a whole range must be whole; got [{low:g}, {high:g}]")


def label(choice: Any) -> Searched:
    """Return a choice as Optuna stores it: a word for lists and tables."""
    plain = choice is None or isinstance(choice, (bool, int, float, str))
    return choice if plain else json.dumps(choice)
