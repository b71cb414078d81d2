"""What a gap study asks: of which family, in which contexts, measured how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rltransfer.errors import InvalidExperiment

__all__ = ["GapSpec"]

EPISODES = 10
WORST = 0.1


@dataclass(frozen=True)
class GapSpec:
    """The question. What is None is taken from the policies, or from the run that they lie in.

    Attributes:
        env: the family.
        split: a split of the family by its name, such as `inner60`.
        vary: the features that vary, of those that the split divides.
        targets: grid points per feature; with a split, of what training may see, and as many again
            to test on.
        train_contexts: what the policies were trained in, where they do not say it themselves.
        episodes: of each policy in each context.
        seed: of the episodes' starts, and of the intervals.
        worst: the share of contexts whose mean is told as CVaR.
        algorithm: of Stable-Baselines3 archives; read off their weights if None.

    Raises:
        InvalidExperiment: if a number is out of its range.
    """

    env: str | None = None
    split: str | None = None
    vary: tuple[str, ...] = ()
    targets: int | None = None
    train_contexts: tuple[Mapping[str, float], ...] = ()
    episodes: int | None = None
    seed: int = 0
    worst: float = WORST
    algorithm: str | None = None

    def __post_init__(self) -> None:
        if self.episodes is not None and self.episodes < 1:
            raise InvalidExperiment(f"episodes must be at least 1; got {self.episodes}.")
        if self.targets is not None and self.targets < 1:
            raise InvalidExperiment(f"targets must be at least 1; got {self.targets}.")
        if not 0.0 < self.worst <= 1.0:
            raise InvalidExperiment(
                f"worst is a share of contexts, above 0 and at most 1; got {self.worst:g}."
            )

    @property
    def played(self) -> int:
        """Episodes of what is measured anew."""
        return EPISODES if self.episodes is None else self.episodes

    @property
    def asks_anew(self) -> bool:
        """Whether it asks for what a run has not measured already."""
        return bool(self.split or self.vary or self.targets or self.episodes)
