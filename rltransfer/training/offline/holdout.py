"""What a model is not fitted to, so that its error there can be believed.

Neighbouring steps of an episode are nearly equal, so whole episodes are held out, not steps.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rltransfer.data import Transitions
from rltransfer.errors import InvalidDataset
from rltransfer.training.offline.samples import ProblemData

__all__ = ["hold_out"]

FEWEST_EPISODES, FEWEST_STEPS = 10, 500
BLOCK = 50
"""Steps that are held out together where there are too few episodes to hold out."""


def hold_out(
    part: ProblemData, share: float, rng: np.random.Generator
) -> tuple[ProblemData, ProblemData]:
    """Split a problem's data by how likely each transition is: for fitting, and held out.

    Args:
        part: the data.
        share: of the episodes to hold out.
        rng: chooses them.

    Raises:
        InvalidDataset: if there are too few episodes and too few transitions.
    """
    require_enough(part)
    unit = unit_of(part.data)
    count = int(unit.max()) + 1
    chosen = rng.permutation(count)[: max(1, round(share * count))]
    held = np.isin(unit, chosen)
    return limited(part, ~held), limited(part, held)


def unit_of(data: Transitions) -> NDArray[np.int64]:
    """Return the number of the episode, or block, that each transition belongs to."""
    if len(data.episode_lengths) >= FEWEST_EPISODES:
        return np.repeat(np.arange(len(data.episode_lengths)), data.episode_lengths)
    return np.arange(len(data), dtype=np.int64) // BLOCK


def limited(part: ProblemData, rows: NDArray[np.bool_]) -> ProblemData:
    """Return the same data of which only some transitions are ever drawn."""
    likelihood = part.likelihood * rows
    return replace(part, likelihood=likelihood / likelihood.sum())


def require_enough(part: ProblemData) -> None:
    """Refuse data that a model of the environment cannot be fitted to."""
    steps, episodes = len(part.data), len(part.data.episode_lengths)
    if episodes < FEWEST_EPISODES and steps < FEWEST_STEPS:
        raise InvalidDataset(
            f"a model of {part.problem.label} needs at least {FEWEST_EPISODES} episodes or "
            f"{FEWEST_STEPS} transitions; got {episodes} episodes with {steps}. Record more, or "
            "leave the model out and choose policies without it."
        )
