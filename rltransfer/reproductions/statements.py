"""What a publication says, as data: numbers, and which of two quantities is larger.

A quantity is a name that the protocol measures, such as `mbtl-literal@15` or `uni-o4.start`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rltransfer.schema import Table

__all__ = ["Claim", "Report"]

Finite = Annotated[float, Field(allow_inf_nan=False)]
Words = Annotated[str, Field(min_length=1)]


class Report(Table):
    """Published numbers of one place.

    Attributes:
        where: the table or figure, and how exactly it could be read.
        tolerance: how far ours may be from them and agree.
        numbers: by quantity, on the scale that the protocol measures.
        incomparable: why ours are not to be held against them at any budget; None where they are.
    """

    where: Words
    tolerance: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    numbers: dict[str, Finite] = Field(min_length=1)
    incomparable: Words | None = None


class Claim(Table):
    """A published statement that one quantity is larger than another.

    Attributes:
        says: the statement in words.
        larger, smaller: quantities; `smaller` may be a plain number.
        tie: differences up to this tell nothing, on the scale that the protocol measures.
        where: the section, table or figure.
        incomparable: why ours is not to be held against it at any budget; None where it is.
    """

    says: Words
    larger: Words
    smaller: Words | Finite
    tie: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.005
    where: Words
    incomparable: Words | None = None
