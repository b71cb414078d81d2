"""One of Gymnasium's Box2D environments, and which context feature is which of its numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar

import gymnasium as gym

from rltransfer.envs.simulators.box2d.source import ModuleSource

__all__ = ["Machine"]


class Machine(ABC):
    """Builds one kind of environment with a context, which may name any of its features.

    Attributes:
        SOURCE: the module of Gymnasium's that defines the environment.
        CONSTANTS: for each feature that is a number of the module, the number's name there.
        ATTRIBUTES: the features that an instance takes.
    """

    SOURCE: ClassVar[ModuleSource]
    CONSTANTS: ClassVar[Mapping[str, str]]
    ATTRIBUTES: ClassVar[tuple[str, ...]]

    @property
    def features(self) -> tuple[str, ...]:
        """Every feature that can vary."""
        return (*self.ATTRIBUTES, *self.CONSTANTS)

    def build(self, context: Mapping[str, float], render_mode: str | None) -> gym.Env[Any, Any]:
        """Return a new environment of Gymnasium's, of the copy that has the context's numbers."""
        return self.instance(self.SOURCE.copy(self.numbers(context)), context, render_mode)

    def numbers(self, context: Mapping[str, float]) -> dict[str, float]:
        """Return the numbers of the module that a context says."""
        named = {key: name for key, name in self.CONSTANTS.items() if key in context}
        return {name: float(context[key]) for key, name in named.items()}

    @abstractmethod
    def instance(
        self, module: ModuleType, context: Mapping[str, float], render_mode: str | None
    ) -> gym.Env[Any, Any]:
        """Return a new instance of the module's class, with the features that an instance takes."""

    @abstractmethod
    def clear(self, env: gym.Env[Any, Any]) -> None:
        """Remove what the last episode would leave for the next."""
