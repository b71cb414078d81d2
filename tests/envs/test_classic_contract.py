"""Every classic-control family keeps the contract that third parties inherit too."""

from __future__ import annotations

from typing import Any

import numpy as np

from rltransfer.testing.env_contract import EnvironmentContract


class TestCartPole(EnvironmentContract):
    name = "cartpole"


class TestPendulum(EnvironmentContract):
    name = "pendulum"


class TestAcrobot(EnvironmentContract):
    name = "acrobot"


class TestMountainCar(EnvironmentContract):
    name = "mountain_car"

    def policy(self, observation: Any) -> Any:
        return 2 if observation[1] >= 0 else 0  # swings up to the goal, whose place is a feature


class TestMountainCarContinuous(EnvironmentContract):
    name = "mountain_car_continuous"

    def policy(self, observation: Any) -> Any:
        return np.array([1.0 if observation[1] >= 0 else -1.0], dtype=np.float32)
