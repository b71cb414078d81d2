"""Every family of the catalogue as a Gymnasium id, `rltransfer/<base>`.

>>> import gymnasium as gym, rltransfer
>>> env = gym.make("rltransfer/CartPole-v1", context={"length": 0.7})
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym

from rltransfer.envs.catalog import load_catalog, make

__all__ = ["build", "register_all"]


def register_all() -> None:
    """Register what is not registered yet; a second call does nothing."""
    for spec in load_catalog():
        if spec.gym_id not in gym.registry:
            gym.register(
                id=spec.gym_id,
                entry_point="rltransfer.envs.registration:build",
                max_episode_steps=spec.horizon,
                kwargs={"name": spec.id},
            )


def build(
    name: str,
    context: Mapping[str, float] | None = None,
    observe: Sequence[str] = (),
    render_mode: str | None = None,
) -> gym.Env[Any, Any]:
    """Build what `gym.make` asks for; Gymnasium itself adds the time limit."""
    return make(name).make_unlimited(context, observe=observe, render_mode=render_mode)
