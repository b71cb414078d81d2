"""The contexts over which settings are to be good."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from rltransfer.contexts import Context, ContextSpace
from rltransfer.envs import make
from rltransfer.schema import Table
from rltransfer.seeding import derive_seed

__all__ = ["ContextSet"]


class ContextSet(Table):
    """The contexts over which settings are to be good.

    Attributes:
        vary: names of the features; all others stay at their default.
        count: how many contexts: the middles of as many equal parts of one feature's range, or
            a Sobol design in several.
        preset: a published choice of ranges, by name.
        digest: of the features' description when the tuning began.
    """

    vary: list[str] = Field(min_length=1)
    count: Annotated[int, Field(ge=1, le=1000)] = 3
    preset: str | None = None
    digest: str | None = None

    def space(self, env: str) -> ContextSpace:
        """Return the features of a family that vary, in the ranges of the preset if there is one.

        Raises:
            InvalidContext: naming a feature that the family does not have.
            UnknownName: if it does not have the preset.
        """
        family = make(env)
        whole = family.space if self.preset is None else family.preset(self.preset).space
        return whole.select(self.vary)

    def chosen(self, env: str, seed: int) -> tuple[Context, ...]:
        """Return the contexts.

        Args:
            env: the family.
            seed: of the design in several features.
        """
        space = self.space(env)
        if len(space) == 1:
            return space.from_unit((np.arange(self.count) + 0.5) / self.count)
        rng = np.random.default_rng(derive_seed(seed, "contexts to tune in"))
        return space.sobol(self.count, rng)
