"""The table `[options]` of a family on lanes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rltransfer.errors import InvalidExperiment, explain_validation

__all__ = ["DemandOptions", "LaneOptions"]


class DemandOptions(BaseModel):
    """When a road's vehicles are given to agents.

    Attributes:
        warm_up: steps after which automated vehicles are given to agents.
        duration: steps after which they no longer are, and a new demand begins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    warm_up: int = Field(default=50, ge=0)
    duration: int = Field(default=1550, gt=0)

    def opening(self, seed: int) -> int:
        """Draw when a road's first demand begins to give vehicles to agents, in steps."""
        return int(np.random.default_rng(seed).integers(self.warm_up, self.duration))

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.warm_up < self.duration:
            raise ValueError(
                f"warm_up must be less than duration; got {self.warm_up} and {self.duration} steps"
            )
        return self


class LaneOptions(DemandOptions):
    """What is the same in all contexts of a family on lanes.

    Attributes:
        slots: the most agents that share a road.
    """

    slots: int = Field(default=1, ge=1)

    @classmethod
    def of_table(cls, table: Mapping[str, Any], where: str) -> Self:
        """Read the table.

        Raises:
            InvalidExperiment: naming `where` it stands, and the key that is wrong.
        """
        try:
            return cls.model_validate(dict(table))
        except ValidationError as error:
            raise InvalidExperiment(explain_validation(error, where)) from None
