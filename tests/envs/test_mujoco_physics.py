"""Contexts of MuJoCo families against Gymnasium's environments and against recompiled models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest

from rltransfer.envs import make
from rltransfer.testing.traces import record_actions, replay

mujoco = pytest.importorskip("mujoco")

from rltransfer.envs.simulators.mujoco.model import contextual_model, plan_of  # noqa: E402
from rltransfer.envs.simulators.mujoco.task_constants import task_constants  # noqa: E402

FAMILIES = (
    "ant",
    "halfcheetah",
    "hopper",
    "humanoid",
    "inverted_double_pendulum",
    "inverted_pendulum",
    "pusher",
    "reacher",
    "swimmer",
    "walker2d",
)
EXACT = 1e-12
Edit = Callable[[Any], None]


def model_at(name: str, **features: float) -> Any:
    env = make(name)
    return contextual_model(env.spec, env.space.validate(features))


def recompiled(name: str, edit: Edit) -> Any:
    """Return what MuJoCo compiles of a family's MJCF after an edit of the uncompiled model."""
    spec = mujoco.MjSpec.from_file(str(plan_of(make(name).spec).blueprint.path))
    edit(spec)
    return spec.compile()


def recompiled_text(name: str, replace: dict[str, str]) -> Any:
    """Return what MuJoCo compiles of a family's MJCF after an edit of its text."""
    text = Path(plan_of(make(name).spec).blueprint.path).read_text(encoding="utf-8")
    for old, new in replace.items():
        assert old in text
        text = text.replace(old, new)
    return mujoco.MjModel.from_xml_string(text)


def numbers(model: Any) -> dict[str, Any]:
    """Return all numbers of a model but its keyframes, by name."""
    names = [name for name in dir(model) if not name.startswith(("_", "key_"))]
    arrays = {name: getattr(model, name) for name in names}
    found = {n: v for n, v in arrays.items() if isinstance(v, np.ndarray) and v.dtype.kind in "fi"}
    options = ("timestep", "gravity", "wind", "density", "viscosity")
    found |= {f"opt.{n}": np.array(getattr(model.opt, n)) for n in options}
    return found | {f"stat.{n}": np.array(getattr(model.stat, n)) for n in ("meaninertia",)}


def assert_same_model(ours: Any, theirs: Any, tolerance: float) -> None:
    expected = numbers(theirs)
    for name, values in numbers(ours).items():
        np.testing.assert_allclose(
            values, expected[name], rtol=tolerance, atol=tolerance, err_msg=name
        )


def roll(model: Any, steps: int = 200, effort: float = 1.0) -> Any:
    """Return the positions, shape (steps, nq), under noise in the controls."""
    data, rng = mujoco.MjData(model), np.random.default_rng(1)
    positions = np.empty((steps, model.nq))
    for step in range(steps):
        data.ctrl[:] = effort * rng.uniform(*model.actuator_ctrlrange.T)
        mujoco.mj_step(model, data, 2)
        positions[step] = data.qpos
    return positions


# -- the default context ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_the_default_is_gymnasiums_environment_bit_for_bit(name: str) -> None:
    ours, theirs = make(name).make(), gym.make(make(name).spec.base)
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    ours.action_space.seed(3)
    for seed in range(40):
        actions = record_actions(ours, lambda _: ours.action_space.sample(), 200, seed)
        assert replay(ours, actions, seed) == replay(theirs, actions, seed)
        if seed * len(actions) > 200:
            break


@pytest.mark.parametrize("name", FAMILIES)
def test_the_default_model_is_what_mujoco_compiles(name: str) -> None:
    path = plan_of(make(name).spec).blueprint.path
    assert_same_model(model_at(name), mujoco.MjModel.from_xml_path(str(path)), 0.0)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_model_is_of_nobody_else(name: str) -> None:
    usual = numbers(model_at(name))
    changed = model_at(name)
    changed.body_mass[:] = 7.0
    changed.opt.gravity[:] = 7.0
    assert all(np.array_equal(usual[n], v) for n, v in numbers(model_at(name)).items())


@pytest.mark.parametrize("name", FAMILIES)
def test_a_value_is_what_the_model_then_has(name: str) -> None:
    plan = plan_of(make(name).spec)
    for feature in plan.space:
        if feature.unit == "1" and feature.name.endswith("_scale"):
            continue
        value = 0.3 * feature.low + 0.7 * feature.high
        model = model_at(name, **{feature.name: value})
        own = plan.family.edits[feature.name].own_value(model)
        assert own == pytest.approx(value, rel=1e-5), feature.name


# -- mass ------------------------------------------------------------------------------------------


def denser(factor: float, bodies: Sequence[str] = ()) -> Edit:
    def edit(spec: Any) -> None:
        for geom in spec.geoms:
            if not bodies or geom.parent.name in bodies:
                geom.density *= factor

    return edit


@pytest.mark.parametrize("name", ["ant", "hopper", "humanoid", "walker2d", "pusher"])
def test_a_mass_factor_is_a_recompilation_with_another_density(name: str) -> None:
    ours, theirs = model_at(name, mass_scale=1.7), recompiled(name, denser(1.7))
    assert_same_model(ours, theirs, EXACT)


def test_trajectories_of_the_two_are_the_same() -> None:
    ours, theirs = model_at("hopper", mass_scale=1.7), recompiled("hopper", denser(1.7))
    np.testing.assert_allclose(roll(ours), roll(theirs), rtol=0, atol=EXACT)


def test_without_the_derived_constants_they_are_not() -> None:
    """This is what `set_constants` is for."""
    half, whole = model_at("hopper"), recompiled("hopper", denser(1.7))
    half.body_mass[:] *= 1.7
    half.body_inertia[:] *= 1.7
    assert np.abs(roll(half) - roll(whole)).max() > 1e-3


def test_the_cheetahs_total_mass_can_be_changed() -> None:
    """Its MJCF says `settotalmass`, which would take a changed density back."""
    ours = model_at("halfcheetah", mass_scale=1.7)
    assert ours.body_mass.sum() == pytest.approx(1.7 * 14)
    theirs = recompiled_text("halfcheetah", {'settotalmass="14"': 'settotalmass="23.8"'})
    assert_same_model(ours, theirs, EXACT)


@pytest.mark.parametrize(
    ("name", "feature", "bodies"),
    [
        ("ant", "mass_torso", ["torso"]),
        ("hopper", "mass_torso", ["torso"]),
        ("inverted_pendulum", "mass_cart", ["cart"]),
        ("inverted_double_pendulum", "mass_pole", ["pole", "pole2"]),
        ("pusher", "mass_object", ["object"]),
    ],
)
def test_a_bodys_mass_is_a_recompilation_too(name: str, feature: str, bodies: list[str]) -> None:
    default = make(name).space[feature].default
    ours = model_at(name, **{feature: 1.3 * default})
    assert_same_model(ours, recompiled(name, denser(1.3, bodies)), EXACT)


# -- joints, motors, options -----------------------------------------------------------------------


def test_factors_on_joints_and_motors() -> None:
    usual = model_at("halfcheetah")
    factors = {"damping_scale": 0.5, "armature_scale": 2.0, "stiffness_scale": 3.0}
    model = model_at("halfcheetah", gear_scale=0.7, **factors)
    np.testing.assert_allclose(model.dof_damping, 0.5 * usual.dof_damping, rtol=EXACT)
    np.testing.assert_allclose(model.dof_armature, 2.0 * usual.dof_armature, rtol=EXACT)
    np.testing.assert_allclose(model.jnt_stiffness, 3.0 * usual.jnt_stiffness, rtol=EXACT)
    np.testing.assert_allclose(model.actuator_gear, 0.7 * usual.actuator_gear, rtol=EXACT)


def test_armature_is_a_recompilation() -> None:
    ours = model_at("hopper", armature_scale=0.5)
    theirs = recompiled_text("hopper", {'<joint armature="1"': '<joint armature="0.5"'})
    assert_same_model(ours, theirs, EXACT)


def test_gravity_keeps_its_other_parts() -> None:
    model = model_at("inverted_double_pendulum", gravity=5.0)
    assert model.opt.gravity.tolist() == [1e-5, 0.0, -5.0]


def test_the_timestep_changes_what_a_decision_lasts() -> None:
    env = make("halfcheetah").make({"timestep": 0.005})
    member: Any = env.unwrapped
    assert member.dt == 0.025
    assert env.metadata["render_fps"] == 40
    env.reset(seed=0, options={"context": {"timestep": 0.0125}})
    assert member.dt == 0.0625
    assert env.metadata["render_fps"] == 16


# -- friction and wind -----------------------------------------------------------------------------


def test_friction_acts_because_both_sides_of_a_contact_change() -> None:
    usual, floor_only = model_at("hopper"), model_at("hopper")
    floor_only.geom_friction[0] *= 0.1
    standing = roll(usual, effort=0.1)
    assert np.array_equal(roll(floor_only, effort=0.1), standing), "the foot's is larger"
    ours = model_at("hopper", friction_scale=0.1)
    assert np.abs(roll(ours, effort=0.1) - standing).max() > 1e-6
    np.testing.assert_allclose(ours.geom_friction, 0.1 * usual.geom_friction, rtol=EXACT)


def test_friction_can_be_told_as_a_coefficient() -> None:
    assert np.unique(model_at("halfcheetah", friction=0.8).geom_friction[:, 0]) == [0.8]


def test_wind_brings_air_where_there_was_none() -> None:
    model = model_at("hopper", wind=5.0)
    assert (model.opt.wind[0], model.opt.density) == (5.0, 1.2)
    assert model_at("hopper").opt.density == 0.0
    assert model_at("swimmer", wind=0.5).opt.density == 4000.0
    airless = model_at("hopper")
    airless.opt.wind[0] = 5.0
    assert np.array_equal(roll(airless), roll(model_at("hopper"))), "wind alone does nothing"
    assert np.abs(roll(model) - roll(airless)).max() > 1e-6


# -- lengths ---------------------------------------------------------------------------------------


def test_a_longer_leg_is_the_mjcf_that_one_would_write() -> None:
    """Hopper's lower leg of 0.6 m instead of 0.5: the torso stands 0.1 m higher."""
    theirs = recompiled_text(
        "hopper",
        {
            'size="0.04 0.25"': 'pos="0 0 -0.05" size="0.04 0.3"',
            'name="foot" pos="0.13 0 -0.35"': 'name="foot" pos="0.13 0 -0.45"',
            'name="torso" pos="0 0 1.25"': 'name="torso" pos="0 0 1.35"',
            'ref="1.25"': 'ref="1.35"',
        },
    )
    assert_same_model(model_at("hopper", length_leg=0.6), theirs, EXACT)


def test_both_shins_of_a_humanoid() -> None:
    """Their geoms are written from end to end; the root is a free joint, the waist leans a bit."""
    f, knee, lean = 0.54 / 0.47, 0.02, 4 * np.arctan(0.002)
    ends = [knee + f * (z - knee) for z in (0.0, -0.3)]
    theirs = recompiled_text(
        "humanoid",
        {
            'fromto="0 0 0 0 0 -.3"': f'fromto="0 0 {ends[0]} 0 0 {ends[1]}"',
            'pos="0 0 -0.45"': f'pos="0 0 {knee - 0.54}"',
            'name="torso" pos="0 0 1.4"': f'name="torso" pos="0 0 {1.4 + 0.07 * np.cos(lean)}"',
        },
    )
    assert_same_model(model_at("humanoid", length_shin=0.54), theirs, 1e-9)


@pytest.mark.parametrize(
    ("name", "feature", "value"),
    [
        ("ant", "length_thigh", 0.35),
        ("ant", "length_shin", 0.7),
        ("halfcheetah", "length_bthigh", 0.39),
        ("halfcheetah", "length_fthigh", 0.25),
        ("hopper", "length_thigh", 0.32),
        ("humanoid", "length_thigh", 0.45),
        ("walker2d", "length_leg", 0.4),
    ],
)
def test_the_body_stands_as_clear_of_the_ground_as_before(
    name: str, feature: str, value: float
) -> None:
    usual, model = model_at(name), model_at(name, **{feature: value})
    assert clearance(model) == pytest.approx(clearance(usual), abs=1e-9)


def clearance(model: Any) -> float:
    """Return the distance, m, from the ground to the nearest geom in the reference pose."""
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    floor = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, "floor")
    others = [geom for geom in range(model.ngeom) if model.geom_bodyid[geom] > 0]
    pairs = [mujoco.mj_geomDistance(model, data, floor, geom, 10.0, None) for geom in others]
    return min(pairs)


def test_a_limbs_mass_follows_its_volume_at_the_cheetahs_own_density() -> None:
    usual, model = model_at("halfcheetah"), model_at("halfcheetah", length_bthigh=0.39)
    thigh = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, "bthigh")
    r, h = 0.046, 0.145

    def volume(half_length: float) -> float:
        return np.pi * r**2 * 2 * half_length + 4 / 3 * np.pi * r**3

    longer = volume(h * 0.39 / make("halfcheetah").space["length_bthigh"].default) / volume(h)
    assert model.body_mass[thigh] / usual.body_mass[thigh] == pytest.approx(longer, rel=1e-9)
    others = np.arange(model.nbody) != thigh
    np.testing.assert_allclose(model.body_mass[others], usual.body_mass[others], rtol=EXACT)


def test_healthy_heights_follow_the_standing_height() -> None:
    env = make("walker2d")
    context = env.space.validate({"length_leg": 0.4})
    low, high = task_constants(env.spec, context).healthy_z_range or (0.0, 0.0)
    assert (low, high) == pytest.approx((0.8 * 1.15 / 1.25, 2.0 * 1.15 / 1.25))
    member = env.make(context)
    assert member.reset(seed=0)[0][0] == pytest.approx(1.15, abs=0.01)
    assert not member.step(member.action_space.sample())[2]
    member.reset(options={"context": {}})
    assert member.unwrapped._healthy_z_range == (0.8, 2.0)  # type: ignore[attr-defined]


def test_task_constants_are_gymnasiums_own() -> None:
    hopper = make("hopper")
    usual = task_constants(hopper.spec, hopper.space.default)
    assert usual.healthy_z_range == (0.7, float("inf"))
    assert usual.healthy_angle_range == (-0.2, 0.2)
    heavy = hopper.space.validate({"mass_scale": 2.0})
    assert task_constants(hopper.spec, heavy) == usual
    reacher = make("reacher")
    assert task_constants(reacher.spec, reacher.space.default).healthy_z_range is None


def test_lengths_and_masses_of_one_body_multiply() -> None:
    both = model_at("inverted_pendulum", length_pole=0.9, mass_pole=10.0)
    longer = model_at("inverted_pendulum", length_pole=0.9)
    default = make("inverted_pendulum").space["mass_pole"].default
    np.testing.assert_allclose(both.body_mass[2], longer.body_mass[2] * 10.0 / default, rtol=1e-9)


# -- a living environment --------------------------------------------------------------------------


def test_a_new_context_is_written_into_the_same_model() -> None:
    """The renderer, and whoever holds the model, sees the new body."""
    env = make("hopper").make()
    member: Any = env.unwrapped
    model, data = member.model, member.data
    env.reset(seed=0, options={"context": {"length_leg": 0.6, "gravity": 7.0}})
    assert (member.model, member.data) == (model, data)
    assert member.mujoco_renderer.model is model
    assert_same_model(model, model_at("hopper", length_leg=0.6, gravity=7.0), 0.0)
    assert member.init_qpos[1] == pytest.approx(1.35)


@pytest.mark.parametrize("name", FAMILIES)
def test_far_contexts_stay_clear_of_mujocos_automatic_resets(name: str) -> None:
    """MuJoCo begins an episode of its own where the numbers explode; none does, at any corner."""
    env, rng = make(name), np.random.default_rng(4)
    for context in env.space.from_unit(rng.integers(0, 2, (12, len(env.space)))):
        member: Any = env.make(context)
        member.action_space.seed(4)
        member.reset(seed=4)
        for _ in range(60):
            member.step(member.action_space.sample())
        assert not any(warning.number for warning in member.unwrapped.data.warning), context
