"""A member of a Box2D family: the environment of Gymnasium's that has the context's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from rltransfer.envs.simulators.box2d.machine import Machine

__all__ = ["Box2DMember"]

WINDOW = ("screen", "clock")
"""What Gymnasium's environments draw on, which outlives a context."""


class Box2DMember(gym.Env[Any, Any]):
    """Steps an environment of Gymnasium's, and exchanges it when the context changes.

    The numbers of a context belong to the environment's class, so another context needs another
    object. The random generator is the member's own and is handed on: with or without a change
    of context, a seeded reset decides everything, and one without a seed draws on.

    Attributes:
        inner: the environment in use.

    Args:
        machine: which environment it is.
        context: the features' values.
        render_mode: as in Gymnasium.
    """

    def __init__(
        self, machine: Machine, context: Mapping[str, float], render_mode: str | None = None
    ) -> None:
        self.inner: Any = machine.build(context, render_mode)
        self.action_space = self.inner.action_space
        self.observation_space = self.inner.observation_space
        self.metadata = self.inner.metadata
        self.render_mode = render_mode
        self._machine = machine
        self._context = self._next_context = context

    def set_context(self, context: Mapping[str, float]) -> None:
        """Give the episodes from the next reset on another context."""
        self._next_context = context

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode, in the context that was set last."""
        super().reset(seed=seed)
        if self._next_context != self._context:
            self._exchange()
        self._machine.clear(self.inner)
        self.inner.np_random = self.np_random
        observation, info = self.inner.reset(options=options)
        return observation, info

    def _exchange(self) -> None:
        window = {name: getattr(self.inner, name) for name in WINDOW}
        self.inner = self._machine.build(self._next_context, self.render_mode)
        vars(self.inner).update(window)
        self._context = self._next_context

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take an action."""
        return self.inner.step(action)  # type: ignore[no-any-return]

    def render(self) -> Any:
        """Draw the episode's present state, as `render_mode` says."""
        self.inner.spec = self.spec  # named in Gymnasium's warning where there is no mode
        return self.inner.render()

    def close(self) -> None:
        """Close the window, if there is one."""
        self.inner.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._machine, self._next_context, self.render_mode)
