"""Every context as often as any other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rltransfer.contexts import Context
from rltransfer.training.context_sampler import FinishedEpisode

__all__ = ["ContextRounds"]


class ContextRounds:
    """Draws contexts in rounds: each round shows every context once, in random order.

    Args:
        contexts: at least one.
        rng: shuffles the rounds.
    """

    def __init__(self, contexts: Sequence[Context], rng: np.random.Generator) -> None:
        self._contexts = tuple(contexts)
        self._rng = rng
        self._waiting: list[int] = []

    def draw(self) -> Context:
        """Return the next context."""
        if not self._waiting:
            self._waiting = self._rng.permutation(len(self._contexts)).tolist()
        return self._contexts[self._waiting.pop()]

    def hear(self, episode: FinishedEpisode) -> None:
        """Do nothing: how episodes end changes no round."""
