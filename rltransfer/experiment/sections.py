"""The tables of an experiment's file, each with its defaults."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from rltransfer.schema import Table

__all__ = ["Contexts", "Evaluation", "Seed", "Selection", "Training"]

Seed = Annotated[int, Field(ge=0, lt=2**32)]
Count = Annotated[int, Field(ge=1)]


class Contexts(Table):
    """Which features vary, and on which grid.

    Attributes:
        vary: names of the features; all others stay at their default.
        targets: grid points per feature, even on the feature's scale. Sources are the same grid.
        preset: a published choice of ranges, by name; the features' whole ranges by default.
        digest: of the features' description when a run began; checked when it is continued.
    """

    vary: list[str] = Field(min_length=1)
    targets: dict[str, Annotated[int, Field(ge=2, le=10_000)]]
    preset: str | None = None
    digest: str | None = None


class Selection(Table):
    """Who picks the sources, how many, and what the result is compared with."""

    selector: str = "mbtl"
    rounds: Count = 6
    options: dict[str, Any] = Field(default_factory=dict)
    compare: list[str] = Field(default_factory=list)


class Training(Table):
    """How each source is trained; what is not said is the family's default.

    A resolved table, as runs keep it, names its `origin` and takes nothing from the family.
    """

    recipe: str = "from-scratch"
    algorithm: str | None = None
    steps: Count | None = None
    n_envs: Count | None = None
    normalize: bool | None = None
    hyperparameters: dict[str, Any] = Field(default_factory=dict)
    origin: str | None = None


class Evaluation(Table):
    """How many episodes each policy plays in each target context."""

    episodes: Count = 10
