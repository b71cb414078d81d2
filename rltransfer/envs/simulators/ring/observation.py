"""What a guided vehicle sees, and when.

Notation
    n    rings
    v, v_l   speed of the guided vehicle and of its leader, m/s
    d    distance from its front bumper to its leader's, m

An observation is (v / 10, v_l / 10, d / 300), clipped to 0…1 and mapped to -1…1: that of the
released code of Cho et al. 2024 (MBTL).
"""

from __future__ import annotations

from collections.abc import Callable

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.simulators.ring.rings import Rings

__all__ = ["UNSEEN", "observation_space", "observe"]

SEEN_AS_ONE = np.array([10.0, 10.0, 300.0])  # m/s, m/s, m

Steps = NDArray[np.int64]


def observation_space() -> gym.spaces.Box:
    """Return a new observation space, of one ring."""
    return gym.spaces.Box(-1.0, 1.0, (3,), np.float32)


def observe(rings: Rings) -> NDArray[np.float32]:
    """Return the observations, shape (n, 3)."""
    seen = rings.guided().T
    seen /= SEEN_AS_ONE
    np.clip(seen, 0.0, 1.0, out=seen)
    seen *= 2.0
    seen -= 1.0
    return seen.astype(np.float32)


UNSEEN: dict[str, Callable[[Steps], Steps]] = {
    "decision": np.zeros_like,
    "mbtl": lambda steps: np.maximum(steps - 1, 0),
}
"""By the option `obs_at`: how many of the steps, shape (n,), that an advice is held lie between
the observation and the next decision. In MBTL's code all but the first."""
