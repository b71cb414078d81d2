"""Every Box2D family keeps the contract that third parties inherit too.

Gymnasium's own controllers act: random actions crash before legs, weather and ground matter.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest

from rltransfer.testing.env_contract import EnvironmentContract

pytest.importorskip("Box2D")

from gymnasium.envs.box2d.bipedal_walker import BipedalWalkerHeuristics
from gymnasium.envs.box2d.lunar_lander import heuristic


class TestLunarLander(EnvironmentContract):
    name = "lunar_lander"
    steps: ClassVar[int] = 400  # lands

    def policy(self, observation: Any) -> Any:
        return heuristic(SimpleNamespace(unwrapped=SimpleNamespace(continuous=False)), observation)


class TestLunarLanderContinuous(EnvironmentContract):
    name = "lunar_lander_continuous"
    steps: ClassVar[int] = 400

    def policy(self, observation: Any) -> Any:
        asked = SimpleNamespace(unwrapped=SimpleNamespace(continuous=True))
        return heuristic(asked, observation).astype(np.float32)


class TestBipedalWalker(EnvironmentContract):
    name = "bipedal_walker"
    steps: ClassVar[int] = 400  # leaves the flat start

    @pytest.fixture(autouse=True)
    def _stand(self) -> None:
        self._heuristics = BipedalWalkerHeuristics()

    def policy(self, observation: Any) -> Any:
        return self._heuristics.step_heuristic(observation).astype(np.float32)
