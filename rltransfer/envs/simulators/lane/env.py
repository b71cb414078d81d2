"""One agent on a road of its own, as a Gymnasium environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.lane.batch import LaneBatch
from rltransfer.envs.simulators.lane.options import LaneOptions
from rltransfer.envs.simulators.lane.picture import road_picture

__all__ = ["LaneEnv"]

ROW = np.arange(1)


class LaneEnv(gym.Env[Any, Any]):
    """A trip of one automated vehicle: a batch with one row.

    Args:
        context: complete.
        options: of the family; no other agent shares the road, whatever `slots` says.
        render_mode: "rgb_array" or None.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(
        self,
        context: Mapping[str, float],
        options: LaneOptions | None = None,
        render_mode: str | None = None,
    ) -> None:
        self.batch = LaneBatch([context], options)
        self.observation_space = self.batch.observation_space
        self.action_space = self.batch.action_space
        self.render_mode = render_mode

    def set_context(self, context: Mapping[str, float]) -> None:
        """Take another complete context, from the next reset on."""
        self.batch.assign(ROW, [context])

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Begin on a new road, when the first automated vehicle enters after a random time."""
        super().reset(seed=seed)
        state = self.batch.initial_states(self.np_random, 1)
        return self.batch.reset(ROW, state)[0], {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Drive for half a second with the acceleration `action`, m/s², shape (1,)."""
        step = self.batch.step(np.asarray(action)[None])
        return step.observations[0], float(step.rewards[0]), bool(step.terminated[0]), False, {}

    def render(self) -> NDArray[np.uint8] | None:
        """Return a picture of the road, shape (height, width, 3)."""
        return road_picture(self.batch.roads, 0) if self.render_mode == "rgb_array" else None
