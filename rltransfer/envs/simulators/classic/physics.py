"""Gymnasium's classic control with a context: what the scalar environments have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import gymnasium as gym

__all__ = ["ContextualPhysics"]


class ContextualPhysics(gym.Env[Any, Any]):
    """Mixed into one of Gymnasium's environments, gives it a context.

    Attributes:
        ATTRIBUTES: for each feature that can vary, the attribute of Gymnasium's that holds it.
    """

    ATTRIBUTES: ClassVar[Mapping[str, str]]

    def __init__(
        self, context: Mapping[str, float] | None = None, render_mode: str | None = None
    ) -> None:
        super().__init__(render_mode=render_mode)  # type: ignore[call-arg]  # the next in line
        self.set_context(context or {})

    def set_context(self, context: Mapping[str, float]) -> None:
        """Set the named features on this instance and rebuild what follows from them.

        Values become Python floats: a NumPy scalar would turn the float32 parts of Gymnasium's
        arithmetic into float64, and change the trajectory.
        """
        for name, value in context.items():
            setattr(self, self.ATTRIBUTES[name], float(value))
        self.derive()

    def derive(self) -> None:
        """Rebuild the attributes that Gymnasium computes once, in its constructor; none here."""
