"""The random numbers of a segment: they depend on the stage's seed and the segment alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["reseed", "reseed_all", "segment_seed"]


def segment_seed(seed: np.random.SeedSequence, number: int) -> np.random.SeedSequence:
    """Return the seed of one segment of a stage; segment 0 has the stage's own.

    Args:
        seed: of the stage.
        number: of the segment, from 0.
    """
    if number == 0:
        return seed
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, number))


def reseed(rng: np.random.Generator, seed: np.random.SeedSequence) -> None:
    """Let a generator that others hold begin anew."""
    rng.bit_generator.state = type(rng.bit_generator)(seed).state


def reseed_all(
    rngs: Sequence[np.random.Generator], seeds: Sequence[np.random.SeedSequence], number: int
) -> None:
    """Let the generator of each problem begin anew, from its own seed and the segment's number."""
    for rng, seed in zip(rngs, seeds, strict=True):
        reseed(rng, segment_seed(seed, number))
