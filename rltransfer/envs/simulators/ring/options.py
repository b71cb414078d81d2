"""What an `env.toml` may say under [options] about a ring road, the same in all its contexts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, ValidationError

from rltransfer.errors import InvalidExperiment, explain_validation
from rltransfer.schema import Table

__all__ = ["RingOptions"]

Seconds = float


class RingOptions(Table):
    """Settings of the simulator.

    Attributes:
        guidance: what the guided vehicle is told, an acceleration or a speed.
        obs_at: when the traffic is observed on which a decision rests: at the decision, or, as in
            the released code of MBTL, one step after the decision before it.
        warm_up: how long all drive unguided before the first decision.
        guided: how long the guidance lasts.
        dt: the simulation step.
        motion: how positions follow from speeds.
    """

    guidance: Literal["acceleration", "speed"]
    obs_at: Literal["decision", "mbtl"] = "decision"
    warm_up: Seconds = Field(default=100.0, ge=0.0)
    guided: Seconds = Field(default=400.0, gt=0.0)
    dt: Seconds = Field(default=0.1, gt=0.0, le=0.5)
    motion: Literal["euler", "ballistic"] = "euler"

    @classmethod
    def of(cls, options: Mapping[str, Any], where: str) -> Self:
        """Check the table of a family.

        Args:
            options: the table.
            where: the family's folder, which opens the message.

        Raises:
            InvalidExperiment: naming the option that is missing, unknown or wrong.
        """
        try:
            return cls.model_validate(options)
        except ValidationError as error:
            raise InvalidExperiment(explain_validation(error, f"{where}: options")) from None

    def steps(self, seconds: Seconds) -> int:
        """Return how many simulation steps a time lasts."""
        return round(seconds / self.dt)
