"""Gymnasium's Box2D environments with contexts: the same physics, kept apart, told from outside.

The references are Gymnasium's own environments, with constructor arguments where there are some
and with the module's constants patched where that is enough.
"""

from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.envs import ContextualEnv, make
from rltransfer.errors import InvalidExperiment, MissingDependency
from rltransfer.testing.traces import Trace, replay

pytest.importorskip("Box2D")

from gymnasium.envs.box2d import bipedal_walker, lunar_lander

from rltransfer.envs.simulators.box2d import MACHINES, Box2D
from rltransfer.envs.simulators.box2d.source import COPIES, ModuleSource, copied

FAMILIES = {
    "lunar_lander": "LunarLander-v3",
    "lunar_lander_continuous": "LunarLanderContinuous-v3",
    "bipedal_walker": "BipedalWalker-v3",
}
STEPS = 150


def plain(family: str, **arguments: Any) -> gym.Env[Any, Any]:
    return gym.make(FAMILIES[family], **arguments).unwrapped


def random_actions(env: gym.Env[Any, Any], seed: int = 0, steps: int = STEPS) -> list[Any]:
    env.action_space.seed(seed)
    return [env.action_space.sample() for _ in range(steps)]


def in_context(family: str, context: Mapping[str, float], seed: int) -> Trace:
    env = make(family).make(context)
    return replay(env, random_actions(env), seed)


def inner_of(env: gym.Env[Any, Any]) -> Any:
    return env.unwrapped.inner  # type: ignore[attr-defined]


# -- the physics is Gymnasium's --------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_the_default_context_is_gymnasium_bit_for_bit(family: str) -> None:
    env = make(family).make()
    for seed in range(6):
        actions = random_actions(env, seed)
        assert replay(env, actions, seed) == replay(plain(family), actions, seed)


@pytest.mark.parametrize("family", FAMILIES)
def test_episodes_without_a_seed_draw_on(family: str) -> None:
    env, reference = make(family).make(), plain(family)
    env.reset(seed=3)
    reference.reset(seed=3)
    for _ in range(3):
        newcomer = plain(family)
        newcomer.np_random = reference.np_random
        np.testing.assert_array_equal(env.reset()[0], newcomer.reset()[0])
    assert env.unwrapped.np_random.bit_generator.state == reference.np_random.bit_generator.state


@pytest.mark.parametrize("family", ["lunar_lander", "lunar_lander_continuous"])
@pytest.mark.parametrize(
    ("context", "arguments"),
    [
        ({"gravity": 4.0}, {"gravity": -4.0}),
        ({"wind_power": 15.0}, {"enable_wind": True, "wind_power": 15.0, "turbulence_power": 0.0}),
        (
            {"turbulence_power": 1.5},
            {"enable_wind": True, "wind_power": 0.0, "turbulence_power": 1.5},
        ),
    ],
)
def test_a_lander_is_what_gymnasium_builds_from_arguments(
    family: str, context: dict[str, float], arguments: dict[str, Any]
) -> None:
    reference = plain(family, **arguments)
    expected = replay(reference, random_actions(reference), 5)
    assert in_context(family, context, 5) == expected != in_context(family, {}, 5)


@pytest.mark.parametrize("factor", [0.7, 1.6])
@pytest.mark.parametrize("feature", MACHINES["LunarLander-v3"].CONSTANTS)
def test_a_lander_has_the_constant(
    feature: str, factor: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    constant = MACHINES["LunarLander-v3"].CONSTANTS[feature]
    value = factor * getattr(lunar_lander, constant)
    ours = in_context("lunar_lander", {feature: value}, 5)
    monkeypatch.setattr(lunar_lander, constant, value)
    reference = plain("lunar_lander")
    assert ours == replay(reference, random_actions(reference), 5)


@pytest.mark.parametrize("feature", ["friction", "motors_torque", "speed_hip", "speed_knee"])
def test_a_walker_has_the_constant(feature: str, monkeypatch: pytest.MonkeyPatch) -> None:
    constant = MACHINES["BipedalWalker-v3"].CONSTANTS[feature]
    value = 0.5 * getattr(bipedal_walker, constant)
    ours = in_context("bipedal_walker", {feature: value}, 5)
    monkeypatch.setattr(bipedal_walker, constant, value)
    reference = plain("bipedal_walker")  # whose constructor reads FRICTION
    assert ours == replay(reference, random_actions(reference), 5)


def test_a_walker_has_the_gravity() -> None:
    reference: Any = plain("bipedal_walker")
    reference.world.gravity = (0, -3.0)
    expected = replay(reference, random_actions(reference), 5)
    assert in_context("bipedal_walker", {"gravity": 3.0}, 5) == expected


def test_the_ground_has_the_friction() -> None:
    env = make("bipedal_walker").make({"friction": 0.4})
    env.reset(seed=0)
    frictions = {fixture.friction for body in inner_of(env).terrain for fixture in body.fixtures}
    assert frictions == {np.float32(0.4)}


def test_the_legs_have_the_size() -> None:
    env = make("bipedal_walker").make({"leg_w": 12.0, "leg_h": 51.0})
    env.reset(seed=0)
    thigh, shin = (leg.fixtures[0].shape.vertices for leg in inner_of(env).legs[:2])
    np.testing.assert_allclose(np.ptp(thigh, axis=0) * 30, [12, 51], rtol=1e-5)
    np.testing.assert_allclose(np.ptp(shin, axis=0) * 30, [0.8 * 12, 51], rtol=1e-5)


@pytest.mark.parametrize("scale", [10.0, 30.0, 60.0])
def test_scale_changes_the_whole_walker_and_its_ground(scale: float) -> None:
    env = make("bipedal_walker").make({"scale": scale})
    env.reset(seed=0)
    inner = inner_of(env)
    hull = np.ptp(inner.hull.fixtures[0].shape.vertices, axis=0)
    thigh = np.ptp(inner.legs[0].fixtures[0].shape.vertices, axis=0)
    beam = np.subtract(inner.lidar[0].p2, inner.lidar[0].p1)
    np.testing.assert_allclose(hull * scale, [64, 17], rtol=1e-5)
    np.testing.assert_allclose(thigh * scale, [8, 34], rtol=1e-5)
    np.testing.assert_allclose(
        np.linalg.norm(beam) * scale, 160 * inner.lidar[0].fraction, rtol=1e-5
    )
    np.testing.assert_allclose(np.diff(inner.terrain_x) * scale, 14)


@pytest.mark.parametrize("scale", [10.0, 30.0, 60.0])
def test_a_px_of_the_way_pays_the_same_at_every_scale(scale: float) -> None:
    env = make("bipedal_walker").make({"scale": scale})
    angle = env.reset(seed=0)[0][0]
    x = inner_of(env).hull.position.x
    observation, reward, *_ = env.step(np.zeros(4, dtype=np.float32))
    px = (inner_of(env).hull.position.x - x) * scale
    upright = 5.0 * (abs(observation[0]) - abs(angle))
    np.testing.assert_allclose(reward, 130 / 30**2 * px - upright, atol=1e-5)


def test_roughness_zero_is_a_plain() -> None:
    env = make("bipedal_walker").make({"roughness": 0.0})
    env.reset(seed=0)
    assert np.ptp(inner_of(env).terrain_y) == 0
    env.reset(options={"context": {"roughness": 4.0}})
    assert np.ptp(inner_of(env).terrain_y) > 1


# -- contexts keep apart ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "module"), [("lunar_lander", lunar_lander), ("bipedal_walker", bipedal_walker)]
)
def test_gymnasium_stays_as_it_was(family: str, module: Any) -> None:
    before, usual = dict(vars(module)), plain(family)
    expected = replay(usual, random_actions(usual), 1)
    space = make(family).space
    for context in space.from_unit([[0.3] * len(space), [0.8] * len(space)]):
        env = make(family).make(context)
        assert replay(env, random_actions(env), 1) != expected
    assert vars(module) == before
    assert type(inner_of(env)) is not type(usual)
    assert replay(plain(family), random_actions(usual), 1) == expected


def test_copies_are_shared_and_their_number_is_bounded() -> None:
    family = make("lunar_lander")
    first = family.make({"main_engine_power": 20.0})
    assert type(inner_of(first)) is type(inner_of(family.make({"main_engine_power": 20.0})))
    actions = random_actions(first)
    expected = replay(first, actions, 2)
    for number in range(COPIES + 5):
        family.make({"main_engine_power": 5.0 + number / 100})
    assert copied.cache_info().currsize <= COPIES
    assert replay(first, actions, 2) == expected  # its copy has left the cache


def test_a_context_waits_for_the_next_reset() -> None:
    env = make("lunar_lander").make()
    actions = random_actions(env)
    expected = replay(env, actions, 4)
    env.reset(seed=4)
    begun = [env.step(action)[0] for action in actions[:20]]
    env.reset(seed=4)
    for action, observation in zip(actions[:20], begun, strict=True):
        Box2D().apply(env, make("lunar_lander").task(gravity=3.0).context)
        np.testing.assert_array_equal(env.step(action)[0], observation)
    assert replay(env, actions, 4) != expected


@pytest.mark.parametrize("family", FAMILIES)
def test_a_change_of_context_draws_on(family: str) -> None:
    env, other = make(family).make(), make(family).make({"gravity": 3.0})
    env.reset(seed=8)
    other.reset(seed=1)
    other.unwrapped.np_random = copy.deepcopy(env.unwrapped.np_random)
    changed, _ = env.reset(options={"context": {"gravity": 3.0}})
    np.testing.assert_array_equal(changed, other.reset()[0])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_pickled_environment_is_built_again(family: str) -> None:
    env = make(family).make({"gravity": 3.0})
    env.reset(seed=0)
    actions = random_actions(env)
    assert replay(pickle.loads(pickle.dumps(env)), actions, 6) == replay(env, actions, 6)


# -- pictures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_show_the_context(family: str) -> None:
    env = make(family).make(render_mode="rgb_array")
    env.reset(seed=0)
    before: Any = env.render()
    env.reset(seed=0, options={"context": {"leg_h": 15.0}})
    after: Any = env.render()
    assert before.shape == after.shape == (400, 600, 3)
    assert (before != after).any()
    env.close()


def test_a_window_outlives_the_context(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    env = make("lunar_lander").make(render_mode="human")
    env.reset(seed=0)
    window = inner_of(env).screen
    env.reset(options={"context": {"gravity": 3.0}})
    assert inner_of(env).screen is window is not None
    env.close()
    assert not inner_of(env).isopen


# -- messages --------------------------------------------------------------------------------------


def changed(**changes: Any) -> ContextualEnv:
    return ContextualEnv(dataclasses.replace(make("lunar_lander").spec, **changes))


def test_an_unknown_base_is_refused() -> None:
    with pytest.raises(InvalidExperiment, match=r"no base 'LunarLander-v2'; did you mean 'Lunar"):
        changed(base="LunarLander-v2").make()


def test_an_unknown_feature_is_refused() -> None:
    space = ContextSpace([ContextFeature("leg_wide", 2.0, 1.0, 10.0)])
    message = "LunarLander-v3 has no context feature 'leg_wide'; did you mean 'leg_"
    with pytest.raises(InvalidExperiment, match=message):
        changed(space=space).make()


def test_options_are_refused() -> None:
    with pytest.raises(InvalidExperiment, match="'box2d' takes no options; got hardcore"):
        changed(options={"hardcore": True}).make()


def test_a_family_need_not_name_every_feature() -> None:
    few = changed(space=ContextSpace([make("lunar_lander").space["gravity"]]))
    assert few.make({"gravity": 3.0}).reset(seed=0)[1]["context"] == {"gravity": 3.0}


def test_box2d_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "Box2D", None)
    with pytest.raises(MissingDependency, match=r"pip install 'rltransfer\[box2d\]'"):
        Box2D()


@pytest.mark.parametrize(
    ("constants", "factors", "name"),
    [
        (("SPEED_ANKLE",), {}, "SPEED_ANKLE"),
        (("ContactDetector",), {}, "ContactDetector"),
        ((), {"STEEPNESS": "steepness * SCALE"}, "STEEPNESS"),
        ((), {"EVERY": "TERRAIN_STEP"}, "EVERY"),
    ],
)
def test_a_source_that_is_not_known(
    constants: tuple[str, ...], factors: dict[str, str], name: str
) -> None:
    source = ModuleSource(bipedal_walker.__name__, constants, factors)
    with pytest.raises(MissingDependency, match=rf"has no {name} .* pip install 'gymnasium\[box2d"):
        source.copy({})


def test_versions_name_what_decides_a_trajectory() -> None:
    assert set(Box2D().versions()) == {"gymnasium", "Box2D", "numpy"}
    assert all(version[0].isdigit() for version in Box2D().versions().values())
