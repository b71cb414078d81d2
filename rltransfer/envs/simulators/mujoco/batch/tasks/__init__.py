"""Gymnasium's MuJoCo tasks as array programs, by the id of the environment that each repeats."""

from __future__ import annotations

from rltransfer.envs.simulators.mujoco.batch.tasks.ant import Ant
from rltransfer.envs.simulators.mujoco.batch.tasks.halfcheetah import HalfCheetah
from rltransfer.envs.simulators.mujoco.batch.tasks.hopper import Hopper, Walker2d
from rltransfer.envs.simulators.mujoco.batch.tasks.humanoid import Humanoid
from rltransfer.envs.simulators.mujoco.batch.tasks.inverted_double_pendulum import (
    InvertedDoublePendulum,
)
from rltransfer.envs.simulators.mujoco.batch.tasks.inverted_pendulum import InvertedPendulum
from rltransfer.envs.simulators.mujoco.batch.tasks.pusher import Pusher
from rltransfer.envs.simulators.mujoco.batch.tasks.reacher import Reacher
from rltransfer.envs.simulators.mujoco.batch.tasks.swimmer import Swimmer
from rltransfer.envs.simulators.mujoco.batch.tasks.task import Step, Task

__all__ = ["TASKS", "Step", "Task"]

TASKS: dict[str, type[Task]] = {
    "Ant-v5": Ant,
    "HalfCheetah-v5": HalfCheetah,
    "Hopper-v5": Hopper,
    "Humanoid-v5": Humanoid,
    "InvertedDoublePendulum-v5": InvertedDoublePendulum,
    "InvertedPendulum-v5": InvertedPendulum,
    "Pusher-v5": Pusher,
    "Reacher-v5": Reacher,
    "Swimmer-v5": Swimmer,
    "Walker2d-v5": Walker2d,
}
"""By `base` of an `env.toml`."""
