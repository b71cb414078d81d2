"""A context sampler whose every call is noted, so that another can be brought to where it is.

What a sampler draws depends on what it has heard and on its generator alone (see
`context_sampler`). So its state need not be known: the calls are made again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rltransfer.contexts import Context
from rltransfer.training.context_sampler import ContextSampler, FinishedEpisode
from rltransfer.training.kept import Tree
from rltransfer.training.segment_seeds import reseed, segment_seed

__all__ = ["HeardContexts"]

DREW, BEGAN = -1, -2
"""What a note says in place of a context: one was drawn, a segment began."""


class Note(NamedTuple):
    """A call: the context of an episode that ended, with its return and length, or see above."""

    place: int
    score: float = 0.0
    steps: int = 0


class HeardContexts:
    """A `ContextSampler` with a memory; see also `kept.Kept`.

    Args:
        contexts: all that may be drawn.
        sampler: draws them.
        rng: the sampler's own generator, which begins anew with every segment.
        seed: of all segments.
    """

    def __init__(
        self,
        contexts: Sequence[Context],
        sampler: ContextSampler,
        rng: np.random.Generator,
        seed: np.random.SeedSequence,
    ) -> None:
        self._contexts = tuple(contexts)
        self._places = {context: place for place, context in enumerate(self._contexts)}
        self._sampler, self._rng, self._seed = sampler, rng, seed
        self._notes: list[Note] = []
        self._segment = 0

    def draw(self) -> Context:
        """Return the next context."""
        self._notes.append(Note(DREW))
        return self._sampler.draw()

    def hear(self, episode: FinishedEpisode) -> None:
        """Learn of an episode that has ended."""
        self._notes.append(Note(self._places[episode.context], episode.score, episode.steps))
        self._sampler.hear(episode)

    def begin_segment(self) -> None:
        """Let the generator begin anew."""
        self._notes.append(Note(BEGAN))
        self._segment += 1
        reseed(self._rng, segment_seed(self._seed, self._segment))

    def state(self) -> Tree:
        """Return all notes, one column of them per field."""
        places, scores, steps = zip(*self._notes, strict=True) if self._notes else ((), (), ())
        return {
            "place": np.array(places, np.int64),
            "score": np.array(scores, np.float64),
            "steps": np.array(steps, np.int64),
        }

    def restore(self, state: Tree) -> None:
        """Make the calls that are not made yet; those that are must be the first of them."""
        columns = (state[name].tolist() for name in Note._fields)
        for note in list(zip(*columns, strict=True))[len(self._notes) :]:
            self._repeat(Note(*note))

    def _repeat(self, note: Note) -> None:
        if note.place == DREW:
            self.draw()
        elif note.place == BEGAN:
            self.begin_segment()
        else:
            self.hear(FinishedEpisode(self._contexts[note.place], note.score, note.steps))
