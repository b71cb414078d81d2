"""Every MuJoCo family keeps the contract that third parties inherit too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rltransfer.testing.env_contract import EnvironmentContract

pytest.importorskip("mujoco")


class MujocoContract(EnvironmentContract):
    steps = 40
    tolerance = 1e-10


class TestAnt(MujocoContract):
    name = "ant"


class TestHalfCheetah(MujocoContract):
    name = "halfcheetah"


class TestHopper(MujocoContract):
    name = "hopper"


class TestHumanoid(MujocoContract):
    name = "humanoid"


class TestInvertedDoublePendulum(MujocoContract):
    name = "inverted_double_pendulum"


class TestInvertedPendulum(MujocoContract):
    name = "inverted_pendulum"


class TestPusher(MujocoContract):
    name = "pusher"

    def policy(self, observation: Any) -> Any:
        return np.array([2.0, 1.8, -0.2, 1.0, 0.0, 0.1, 1.1], dtype=np.float32)  # hits the object


class TestReacher(MujocoContract):
    name = "reacher"


class TestSwimmer(MujocoContract):
    name = "swimmer"


class TestWalker2d(MujocoContract):
    name = "walker2d"

    def policy(self, observation: Any) -> Any:
        return np.full(6, 0.1, dtype=np.float32)  # stays up until its feet are on the ground
