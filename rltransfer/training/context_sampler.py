"""Which context the next episode of a training on several contexts lives in."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from rltransfer.contexts import Context

__all__ = ["ContextSampler", "FinishedEpisode"]


class FinishedEpisode(NamedTuple):
    """What a sampler hears of an episode: its context, its return, its length in steps."""

    context: Context
    score: float
    steps: int


class ContextSampler(Protocol):
    """Draws a context for each episode, and hears how the episodes end.

    What it draws depends on what it has heard and on its generator alone.
    """

    def draw(self) -> Context:
        """Return the next context."""
        ...

    def hear(self, episode: FinishedEpisode) -> None:
        """Learn of an episode that has ended; episodes need not end in the order drawn."""
        ...
