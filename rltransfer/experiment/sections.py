"""The tables of an experiment's file, each with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AliasChoices, Field, model_validator

from rltransfer.schema import Table
from rltransfer.selection.registry import DEFAULT_SELECTOR

__all__ = ["Contexts", "Evaluation", "Known", "Seed", "Selection", "Training"]

Seed = Annotated[int, Field(ge=0, lt=2**32)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]
Steps = Annotated[int, Field(ge=1, le=10**12)]


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


class Known(Table):
    """A policy from elsewhere; in the file its folder is enough, or that of a run for all of it.

    Attributes:
        path: the folder; in a run's own description an absolute path, and of one policy.
        name: what reports call it; by default after its folder.
        digest: of how the policy is to act; in a run's own description as it did at first.
    """

    path: str = Field(min_length=1)
    name: str | None = Field(default=None, min_length=1)
    digest: str | None = Field(default=None, pattern="^[0-9a-f]{16}$")

    @model_validator(mode="before")
    @classmethod
    def _of_path(cls, data: Any) -> Any:
        return {"path": data} if isinstance(data, str) else data

    @property
    def title(self) -> str:
        """The name, or the path."""
        return self.name or self.path

    @property
    def key(self) -> str:
        """The policy's name in its run."""
        return f"known-{self.digest}"


class Selection(Table):
    """Who picks the sources, how many, and what the result is compared with.

    Attributes:
        selector: a name of `SELECTORS`.
        rounds: how many sources it picks, at most.
        stop_gain: the least gain of coverage, in returns, that is worth another source: the
            study ends before its last round where the selector expects less, by more than the
            standard error. By default all rounds are trained. Compared selectors have them all.
        options: of the selector.
        compare: names of `COMPARISONS`.
    """

    selector: str = DEFAULT_SELECTOR
    rounds: Count = 6
    stop_gain: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    options: dict[str, Any] = Field(default_factory=dict)
    compare: list[str] = Field(default_factory=list)


class Training(Table):
    """How each source is trained; what is not said is the family's default.

    A resolved table, as runs keep it, names its `origin` and takes nothing from the family.

    Attributes:
        recipe: a name of `RECIPES`; the file may say `trainer` instead.
        algorithm: a name of `ALGORITHMS`.
        steps: environment steps of each training, at most.
        n_envs, normalize, hyperparameters: see `TrainingDefaults`.
        stop: share of the family's score range, from 0 to 1, that ends the training of a source
            when its learning curve stays there; by default the whole budget is spent.
        record: how many of the last transitions of each training to keep; by default none,
            unless later sources learn from them.
        contexts: how the episodes of a policy of all contexts get theirs, a name of
            `CONTEXT_SAMPLERS`; in rounds by default.
        tensorboard: a folder for logs of the trainings, a folder in it for each; none by default.
        origin: where the values come from.
    """

    recipe: str = Field(default="from-scratch", validation_alias=AliasChoices("recipe", "trainer"))
    algorithm: str | None = None
    steps: Steps | None = None
    n_envs: Count | None = None
    normalize: bool | None = None
    hyperparameters: dict[str, Any] = Field(default_factory=dict)
    stop: Annotated[float, Field(gt=0, le=1)] | None = None
    record: Annotated[int, Field(ge=0, le=100_000_000)] | None = None
    contexts: str | None = None
    tensorboard: Annotated[str, Field(min_length=1)] | None = None
    origin: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_word(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and {"recipe", "trainer"} <= data.keys():
            raise ValueError("recipe and trainer are two words for the same; write one of them")
        return data


class Evaluation(Table):
    """How each policy is measured.

    Attributes:
        episodes: that it plays in each target context.
        measure: the share of the targets (below 1), or the number of them, on which the policy of
            a source is measured; by default all. `Measuring` chooses them.
    """

    episodes: Count = 10
    measure: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
