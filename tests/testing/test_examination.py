"""An examination finds what is wrong with a family, and nothing in one that is right."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.envs import ContextualEnv, make
from rltransfer.envs.simulators import Simulator
from rltransfer.testing.examination import examine
from rltransfer.testing.probes import episodes_of_actions

LEAK, GOAL = ContextFeature("leak", 0.1, 0.08, 0.2), ContextFeature("goal", 8.5, 7.5, 9.0)
SPACE = ContextSpace([LEAK, GOAL])
TICKS = itertools.count()


class Room(gym.Env[Any, Any]):
    """Warms up where it is heated; ends at its goal, to which constant heating comes."""

    observation_space: gym.Space[Any] = gym.spaces.Box(0.0, 20.0, (1,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, context: Any) -> None:
        self.context = context

    def reset(self, *, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed=seed)
        self.warmth = self.np_random.uniform(0.0, 0.5)
        return self.seen(), {}

    def step(self, action: Any) -> Any:
        self.warmth += int(action) - self.leak() * self.warmth
        return self.seen(), -1.0, self.warmth > self.goal(), False, {}

    def leak(self) -> float:
        return float(self.context["leak"])

    def goal(self) -> float:
        return float(self.context["goal"])

    def seen(self) -> Any:
        return np.array([self.warmth], np.float32)


class Unsteady(Room):
    def leak(self) -> float:
        return super().leak() + 1e-6 * next(TICKS)


class Goalless(Room):
    def goal(self) -> float:
        return 100.0


class TooSmall(Room):
    observation_space = gym.spaces.Box(0.0, 1.0, (1,), np.float32)


class ByContext(Room):
    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.observation_space = gym.spaces.Box(0.0, 5.0 + context["goal"], (1,), np.float32)


class Shared(Room):
    last: Any = None

    def __init__(self, context: Any) -> None:
        Shared.last = context

    @property
    def context(self) -> Any:  # type: ignore[override]
        return Shared.last

    @context.setter
    def context(self, context: Any) -> None:
        Shared.last = context


class Overflowing(Room):
    def leak(self) -> float:
        return np.inf if self.context["leak"] > 0.15 else super().leak()


class Rooms(Simulator):
    def __init__(self, room: type[Room]) -> None:
        self.room = room

    def build(self, spec: Any, context: Any, render_mode: str | None = None) -> Room:
        return self.room(context)

    def apply(self, env: Any, context: Any) -> None:
        env.unwrapped.context = context


class Stubborn(Rooms):
    def apply(self, env: Any, context: Any) -> None:
        """Does nothing."""


@pytest.fixture
def family(monkeypatch: pytest.MonkeyPatch) -> Any:
    def make_family(simulator: Simulator) -> ContextualEnv:
        monkeypatch.setattr("rltransfer.envs.contextual.load_simulator", lambda _: simulator)
        return ContextualEnv(dataclasses.replace(make("cartpole").spec, id="room", space=SPACE))

    return make_family


def failed(env: ContextualEnv) -> dict[str, str]:
    return {found.check: found.found for found in examine(env, 40) if not found.passed}


def test_nothing_is_wrong_with_a_good_family(family: Any) -> None:
    found = {finding.check: finding.found for finding in examine(family(Rooms(Room)), 40)}
    assert not failed(family(Rooms(Room)))
    assert found["a seed decides everything"] == "the same bits in 40 steps"
    assert (
        found["spaces do not depend on the context"] == "observations Box(1,), actions Discrete(2)"
    )
    assert found["leak moves the transition"] == "seen at step 1"
    assert "of an episode of random policy" in found["goal moves the transition"]


@pytest.mark.parametrize(
    ("simulator", "check", "message"),
    [
        (Rooms(Unsteady), "a seed decides everything", "it is not deterministic: .*from step 1 on"),
        (Rooms(Goalless), "goal moves the transition", "goal changes nothing .*24 episodes"),
        (Rooms(TooSmall), "observations stay in their space", r"of step \d+ is outside Box"),
        (Rooms(ByContext), "spaces do not depend on the context", "sees others"),
        (Rooms(Shared), "instances keep apart", "an instance changes another"),
        (Rooms(Overflowing), "corners stay finite", r"room\[leak=0.2,.*at step 1 .*not finite"),
        (Stubborn(Room), "a context comes and goes", "is not what an environment built there is"),
    ],
    ids=lambda value: getattr(value, "room", value).__name__ if isinstance(value, Rooms) else "",
)
def test_what_is_wrong_is_found(family: Any, simulator: Any, check: str, message: str) -> None:
    from re import search

    assert search(message, failed(family(simulator))[check])


def test_a_family_that_cannot_be_played_is_not_examined_further(family: Any) -> None:
    class Broken(Room):
        def reset(self, **_: Any) -> Any:
            raise ValueError("no key.")

    (found,) = examine(family(Rooms(Broken)), 40)
    assert not found.passed
    assert found.found.startswith("room[leak=0.1,goal=8.5], at the reset of episode 1, raised V")


def test_actions_of_a_box_stay_in_it() -> None:
    env = make("pendulum")
    space = env.make().action_space
    episodes = list(itertools.islice(episodes_of_actions(env, 20, 3), 4))
    assert all(space.contains(action) for actions in episodes for action in actions)
    again = itertools.islice(episodes_of_actions(env, 20, 3), 4)
    assert all(np.array_equal(a, b) for a, b in zip(episodes, again, strict=True))
    assert len({float(actions[0][0]) for actions in episodes}) == 4
