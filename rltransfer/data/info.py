"""What a dataset says of itself, as plain data: contexts, who acted, what returns mean there.

Notation
    R              return of an episode
    R_min, R_max   mean return of uniform random actions, and of an expert, in one context
    score          100 (R - R_min) / (R_max - R_min), as in D4RL (arXiv:2004.07219)
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Field, model_validator

from rltransfer.contexts import Context
from rltransfer.data.transitions import Transitions
from rltransfer.errors import InvalidDataset
from rltransfer.schema import Table

__all__ = [
    "QUALITIES",
    "ContextRecord",
    "DatasetInfo",
    "Quality",
    "ReferenceReturns",
    "ReturnSummary",
    "normalised_scores",
]

Finite = Annotated[float, Field(allow_inf_nan=False)]
Words = Annotated[str, Field(max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""Nothing that could move a terminal's cursor: the dataset may be a stranger's."""

Quality = Literal[
    "random",
    "medium",
    "medium-replay",
    "full-replay",
    "medium-expert",
    "expert",
    "mixed-context",
    "unstated",
]
QUALITIES: tuple[Quality, ...] = (
    "random",
    "medium",
    "medium-replay",
    "full-replay",
    "medium-expert",
    "expert",
    "mixed-context",
)
"""What can be recorded."""


class ReferenceReturns(Table):
    """The returns that count as 0 and 100 in one context.

    Attributes:
        random: R_min.
        expert: R_max.
        episodes: over how many each is a mean.
    """

    random: Finite
    expert: Finite
    episodes: int = Field(ge=1)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.expert <= self.random:
            raise ValueError(
                f"the expert's return must be above that of random actions; got {self.expert:g} "
                f"and {self.random:g}"
            )
        return self

    def score(self, returns: ArrayLike) -> NDArray[np.float64]:
        """Return the scores of returns in this context, in the same shape."""
        R = np.asarray(returns, dtype=np.float64)
        return 100.0 * (R - self.random) / (self.expert - self.random)


class ReturnSummary(Table):
    """What the episodes of one context returned.

    Attributes:
        steps, episodes: recorded, cut episodes included.
        mean, std: of the returns of whole episodes; of all where none is whole.
    """

    steps: int = Field(ge=1)
    episodes: int = Field(ge=1)
    mean: Finite
    std: Finite

    @classmethod
    def of(cls, data: Transitions, horizon: int) -> ReturnSummary:
        """Summarise all episodes; one is whole if it terminated, or was as long as the horizon."""
        last = data.starts + data.episode_lengths - 1
        whole = data.terminated[last] | (data.episode_lengths >= horizon)
        returns = data.episode_returns[whole] if whole.any() else data.episode_returns
        return cls(
            steps=len(data),
            episodes=len(data.starts),
            mean=float(returns.mean()),
            std=float(returns.std()),
        )


class ContextRecord(Table):
    """One context of a dataset.

    Attributes:
        context: all features of the family.
        behaviours: who acted there, in order: algorithm, training steps, seed, sha256 of the
            weights …
        returns: of the recorded episodes; None if nobody summarised them.
        reference: the returns that count as 0 and 100; None if not known.
    """

    context: dict[Words, Finite]
    behaviours: tuple[dict[Words, Words], ...] = ()
    returns: ReturnSummary | None = None
    reference: ReferenceReturns | None = None

    @property
    def score(self) -> float | None:
        """The normalised score of the mean return, where both are known."""
        if self.returns is None or self.reference is None:
            return None
        return float(self.reference.score(self.returns.mean))


class DatasetInfo(Table):
    """The table `rltransfer` in a dataset's metadata.

    Attributes:
        format: of this table; since 2, a manifest lists the sha256 of the dataset's files.
        env: the family.
        quality: by what kind of policy it was recorded.
        contexts: in the order of `Transitions.contexts`.
        simulator: versions of the libraries that decide trajectories.
        seed: all random numbers follow from it; None if not known.
    """

    format: Literal[1, 2] = 2
    env: Words
    quality: Quality
    contexts: tuple[ContextRecord, ...] = Field(min_length=1)
    simulator: dict[Words, Words] = Field(default_factory=dict)
    seed: int | None = None

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The names of the algorithms behind the policies that acted."""
        told = {b.get("algorithm", "") for record in self.contexts for b in record.behaviours}
        return tuple(sorted(told - {""}))

    @property
    def score(self) -> float | None:
        """The mean of the contexts' scores; None if one is not known."""
        scores = [record.score for record in self.contexts]
        known = [score for score in scores if score is not None]
        return float(np.mean(known)) if len(known) == len(scores) else None


def normalised_scores(returns: ArrayLike, info: DatasetInfo) -> NDArray[np.float64]:
    """Return the scores of returns: 0 as good as random actions, 100 as good as the expert.

    Args:
        returns: shape (contexts, …), the contexts in the order of `info.contexts`.
        info: states the reference returns of each context.

    Raises:
        InvalidDataset: if a context states none, or if there are more or fewer contexts.
    """
    R = np.asarray(returns, dtype=np.float64)
    if R.ndim == 0 or len(R) != len(info.contexts):
        raise InvalidDataset(
            f"returns must have a row for each of {len(info.contexts)} contexts; got the shape "
            f"{R.shape}."
        )
    return np.stack(
        [reference_of(record).score(row) for record, row in zip(info.contexts, R, strict=True)]
    )


def reference_of(record: ContextRecord) -> ReferenceReturns:
    """Return a context's reference returns, or say that there are none."""
    if record.reference is None:
        raise InvalidDataset(
            f"the dataset states no reference returns for {Context(record.context).label}, so no "
            "score can be given there. Record another quality in this context: that trains an "
            "expert."
        )
    return record.reference
