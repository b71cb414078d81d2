from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from rltransfer.contexts import Context
from rltransfer.envs import make
from rltransfer.envs.wrappers import visible_space, visible_units, with_context
from rltransfer.errors import InvalidContext


def test_the_context_can_be_asked_for() -> None:
    env = make("pendulum").make({"mass": 2.0})
    assert env.get_wrapper_attr("context") == make("pendulum").space.default.replace(mass=2.0)


def test_a_reset_may_bring_another_context() -> None:
    env = make("pendulum").make(observe=("mass", "dt"))
    _, info = env.reset(seed=0, options={"context": {"mass": 10.0, "dt": 0.005}})
    assert info["context"] == {"gravity": 10.0, "mass": 10.0, "length": 1.0, "dt": 0.005}
    observation, info = env.reset()
    assert observation[3:].tolist() == [1.0, 0.0], "the context stays, on the unit cube"
    observation = env.step(env.action_space.sample())[0]
    assert observation[3:].tolist() == [1.0, 0.0]


def test_other_reset_options_reach_the_environment() -> None:
    env = make("cartpole").make()
    options = {"low": 0.01, "high": 0.01, "context": {"length": 1.0}}
    observation, info = env.reset(seed=0, options=options)
    np.testing.assert_allclose(observation, 0.01)
    assert info["context"]["length"] == 1.0
    assert "context" in options, "the caller's dictionary is left alone"


def test_a_refused_context_changes_nothing() -> None:
    env = make("cartpole").make({"length": 1.0})
    env.reset(seed=0)
    with pytest.raises(InvalidContext):
        env.reset(options={"context": {"length": -1.0}})
    assert env.reset()[1]["context"]["length"] == 1.0


def test_an_unknown_visible_feature_is_refused() -> None:
    with pytest.raises(InvalidContext, match="did you mean 'length'"):
        make("cartpole").make(observe=("lenght",))


def test_infos_cannot_change_the_context() -> None:
    env = make("cartpole").make()
    env.reset(seed=0)[1]["context"]["length"] = 9.0
    assert env.reset()[1]["context"]["length"] == 0.5


def test_visible_space_appends_unit_intervals() -> None:
    space = visible_space(gym.spaces.Box(-2.0, 3.0, (2,)), 3)
    assert space.low.tolist() == [-2.0, -2.0, 0.0, 0.0, 0.0]
    assert space.high.tolist() == [3.0, 3.0, 1.0, 1.0, 1.0]
    assert space.dtype == np.float32


def test_only_flat_boxes_can_show_a_context() -> None:
    with pytest.raises(TypeError, match="flat Box observations only; got Discrete"):
        visible_space(gym.spaces.Discrete(3), 1)


def test_visible_units_follow_the_order_asked_for() -> None:
    space = make("cartpole").space
    contexts = [space.default, space.default.replace(length=5.0, masscart=0.1)]
    units = visible_units(space, contexts, ("masscart", "length"))
    np.testing.assert_allclose(units, [[0.5, 0.5], [0.0, 1.0]], atol=1e-6)
    assert visible_units(space, contexts, ()).shape == (2, 0)


def test_with_context_concatenates_or_passes_through() -> None:
    observations = np.zeros((2, 3), dtype=np.float32)
    units = np.ones((2, 1), dtype=np.float32)
    assert with_context(observations, units).tolist() == [[0, 0, 0, 1], [0, 0, 0, 1]]
    assert with_context(observations, units[:, :0]) is observations


def test_a_context_may_be_a_plain_mapping_or_a_context() -> None:
    one = make("cartpole").make({"length": 1.0}).reset(seed=0)
    other = make("cartpole").make(Context(length=1.0)).reset(seed=0)
    assert one[1] == other[1]
