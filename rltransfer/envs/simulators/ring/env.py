"""One ring road as a Gymnasium environment: a batch of one, so that there is one physics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context
from rltransfer.envs.simulators.ring.batch import RingBatch

if TYPE_CHECKING:
    from rltransfer.envs.simulators.ring.picture import RingPicture

__all__ = ["AdvisoryRing"]

ROW = np.array([0])


class AdvisoryRing(gym.Env[Any, Any]):
    """A ring road on which one vehicle is guided; see `batch` for what happens in a step.

    Args:
        batch: of one ring, which belongs to this environment from now on.
        render_mode: "rgb_array" for pictures, "human" for a window, or None.
    """

    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(self, batch: RingBatch, render_mode: str | None = None) -> None:
        self._batch = batch
        self.observation_space = batch.observation_space
        self.action_space = batch.action_space
        self.render_mode = render_mode
        self._picture: RingPicture | None = None

    def set_context(self, context: Context) -> None:
        """Take another complete context, from the next reset on."""
        self._batch.assign(ROW, [context])

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Line up new drivers and let them drive unguided until traffic has formed."""
        super().reset(seed=seed)
        observation = self._batch.reset(ROW, self._batch.initial_states(self.np_random, 1))[0]
        self._show()
        return observation, {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Tell the guided vehicle something and hold the advice."""
        step = self._batch.step(np.asarray(action)[np.newaxis])
        self._show()
        truncated = step.truncated is not None and bool(step.truncated[0])
        return step.observations[0], float(step.rewards[0]), bool(step.terminated[0]), truncated, {}

    def render(self) -> NDArray[np.uint8] | None:
        """Return a picture, shape (480, 480, 3), in the mode "rgb_array"."""
        if self.render_mode is None:
            return None
        if self._picture is None:
            from rltransfer.envs.simulators.ring.picture import RingPicture

            self._picture = RingPicture(self.render_mode == "human", self.metadata["render_fps"])
        pixels = self._picture.draw(self._batch.rings)
        self._picture.show()
        return pixels if self.render_mode == "rgb_array" else None

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._picture is not None:
            self._picture.close()
            self._picture = None

    def _show(self) -> None:
        if self.render_mode == "human":
            self.render()
