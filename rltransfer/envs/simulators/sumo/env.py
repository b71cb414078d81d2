"""A Gymnasium environment that is a window on a world in another process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym

from rltransfer.envs.simulators.sumo.member import Member
from rltransfer.envs.simulators.sumo.world import Spaces

__all__ = ["SEED_HIGH", "SumoEnv"]

SEED_HIGH = 2**31


class SumoEnv(gym.Env[Any, Any]):
    """One world. The seed of each episode is a draw from the environment's generator."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 5}  # noqa: RUF012

    def __init__(
        self,
        member: Member,
        spaces: Spaces,
        context: Mapping[str, float],
        render_mode: str | None = None,
    ) -> None:
        self.observation_space, self.action_space = spaces
        self.render_mode = render_mode
        self.member = member
        self.set_context(context)

    def set_context(self, context: Mapping[str, float]) -> None:
        """Take another complete context, from the next reset on."""
        self._context = dict(context)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin the episode that the context and a drawn seed decide."""
        super().reset(seed=seed)
        self.member.post_reset(self._context, int(self.np_random.integers(SEED_HIGH)))
        return self.member.answer()[0], {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Take one decision; SUMO runs until the next."""
        self.member.post_step(action)
        outcome, info = self.member.answer()
        return (*outcome, info)

    def render(self) -> Any:
        """Return a picture of the network and its vehicles, shape (height, width, 3)."""
        return self.member.frame() if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """End the worker process."""
        self.member.close()
