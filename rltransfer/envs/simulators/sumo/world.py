"""What lives in a worker process: one traffic simulation and the decisions that are taken in it.

A world is a class with a line in `WORLDS` (see `catalogue.py`). Its module is imported on both
sides, so it must not import libsumo at its top: it reaches SUMO through `Simulation`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Outcome", "Spaces", "World", "WorldOptions"]


class Spaces(NamedTuple):
    """What an agent sees and does, known without starting SUMO."""

    observation: gym.spaces.Box
    action: gym.spaces.Discrete | gym.spaces.Box


class Outcome(NamedTuple):
    """What one decision led to."""

    observation: NDArray[Any]
    reward: float
    terminated: bool
    truncated: bool


class WorldOptions(BaseModel):
    """The table `[options]` of an `env.toml`: what is the same in all contexts.

    Attributes:
        step_timeout: seconds after which a worker that does not answer is replaced.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    step_timeout: float = Field(default=60.0, gt=0)


class World(ABC):
    """A traffic simulation, stepped from decision to decision.

    It is built in its worker process, whose working directory is a scratch folder of its own:
    files written there need no name that is unique, and are gone with the worker. The same
    context, seed and actions must lead to the same outcomes, in a new process too: so an episode
    whose worker died is played again.

    Attributes:
        FEATURES: the context features that the world understands.
        Options: the schema of its options.
    """

    FEATURES: ClassVar[tuple[str, ...]]
    Options: ClassVar[type[WorldOptions]] = WorldOptions

    def __init__(self, options: Mapping[str, Any], folder: Path) -> None:
        """Take the family's options and the absolute folder of its `env.toml`."""
        self.options = self.Options.model_validate(dict(options))
        self.folder = folder

    @classmethod
    @abstractmethod
    def spaces(cls, options: Mapping[str, Any], folder: Path) -> Spaces:
        """Return the spaces, the same for all contexts. Called in the user's process.

        Raises:
            InvalidExperiment: if the family's files cannot be read.
        """

    @abstractmethod
    def reset(self, context: Mapping[str, float], seed: int) -> NDArray[Any]:
        """Begin the episode that context and seed decide; return its first observation."""

    @abstractmethod
    def step(self, action: Any) -> Outcome:
        """Take one decision and simulate until the next."""

    def info(self) -> dict[str, float]:
        """Return quantities of the present moment for the `info` of Gymnasium's `step`."""
        return {}

    def frame(self) -> NDArray[np.uint8]:
        """Draw the present moment, shape (height, width, 3)."""
        raise NotImplementedError(f"{type(self).__name__} draws no pictures.")
