"""Array programs against Gymnasium's own environments, with attributes set by hand.

Bits are compared, so the machine's sines must agree: NumPy's must be the C library's. Where they
are not, the first test says so, and the others mean nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.seeding import np_random
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv, EnvironmentSpec, load_catalog, make
from rltransfer.envs.simulators.classic import BATCHES
from rltransfer.envs.simulators.classic.acrobot import wrap
from rltransfer.envs.simulators.classic.arrays import square, square_float32
from rltransfer.errors import InvalidExperiment


def test_sines_of_arrays_are_those_of_scalars() -> None:
    angles = np.random.default_rng(0).uniform(-40, 40, 20_000)
    for array, scalar in ((np.cos, math.cos), (np.sin, math.sin)):
        assert np.array_equal(array(angles), [scalar(angle) for angle in angles.tolist()])


WriteFamily = Callable[..., Path]
FINITE = {"allow_nan": False, "allow_infinity": False}


@given(hnp.arrays(np.float64, 64, elements=st.floats(-1e3, 1e3, **FINITE)))
def test_squares_are_rounded_as_scalars_are(values: Any) -> None:
    assert square(values).tolist() == [value**2 for value in values]


@given(hnp.arrays(np.float32, 64, elements=st.floats(-2, 2, width=32, **FINITE)))
def test_float32_squares_are_rounded_as_scalars_are(values: Any) -> None:
    assert square_float32(values).tolist() == [value**2 for value in values]


def test_many_float32_squares_are_rounded_as_scalars_are() -> None:
    values = np.random.default_rng(1).uniform(-2, 2, 50_000).astype(np.float32)
    expected = np.array([value**2 for value in values])
    assert np.array_equal(square_float32(values), expected)
    assert not np.array_equal(values * values, expected), "else this function is not needed"


@dataclass(frozen=True)
class Family:
    """Gymnasium's environment, and what a user writes to change it."""

    attributes: Mapping[str, str]
    derive: Callable[[Any], None] = lambda env: None


def rebuild_masses(env: Any) -> None:
    env.total_mass = env.masspole + env.masscart
    env.polemass_length = env.masspole * env.length


FAMILIES = {
    "cartpole": Family(
        {n: n for n in ("gravity", "masscart", "masspole", "length", "force_mag", "tau")},
        rebuild_masses,
    ),
    "pendulum": Family({"gravity": "g", "mass": "m", "length": "l", "dt": "dt"}),
    "acrobot": Family(  # gravity is a constant in Gymnasium
        {
            "link_length_1": "LINK_LENGTH_1",
            "link_mass_1": "LINK_MASS_1",
            "link_mass_2": "LINK_MASS_2",
            "link_com_1": "LINK_COM_POS_1",
            "link_com_2": "LINK_COM_POS_2",
            "link_moi": "LINK_MOI",
            "dt": "dt",
        }
    ),
    "mountain_car": Family({n: n for n in ("force", "gravity", "goal_position")}),
    "mountain_car_continuous": Family({n: n for n in ("power", "goal_position")}),
}


def plain(name: str, context: Mapping[str, float]) -> Any:
    """Build Gymnasium's environment and set its attributes, as a careful user would."""
    family = FAMILIES[name]
    env = gym.make(make(name).spec.base).unwrapped
    for feature, attribute in family.attributes.items():
        setattr(env, attribute, context[feature])
    family.derive(env)
    return env


@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=15, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**31 - 1))
def test_a_row_equals_gymnasium(name: str, data: st.DataObject, seed: int) -> None:
    family, env = FAMILIES[name], make(name)
    units = {feature: data.draw(st.floats(0, 1), label=feature) for feature in family.attributes}
    values = {f: float(env.space[f].from_unit(unit)) for f, unit in units.items()}
    context = env.space.validate(values)
    reference, batch = plain(name, context), env.batch([context])
    state = batch.initial_states(np_random(seed)[0], 1)
    assert np.array_equal(batch.reset(np.arange(1), state)[0], reference.reset(seed=seed)[0])
    reference.action_space.seed(seed)
    for _ in range(80):
        action = reference.action_space.sample()
        observation, reward, terminated, _, _ = reference.step(action)
        step = batch.step(np.array([action]))
        assert np.array_equal(step.observations[0], observation)
        assert step.rewards[0] == reward
        assert step.terminated[0] == terminated
        ours = batch._state[: len(reference.state), 0]  # type: ignore[attr-defined]
        assert np.array_equal(ours, np.asarray(reference.state, dtype=np.float64))
        if terminated:
            break


@pytest.mark.parametrize("name", FAMILIES)
def test_initial_states_are_those_of_successive_resets(name: str) -> None:
    env = make(name)
    reference, batch = gym.make(env.spec.base), env.batch([env.space.default] * 6)
    states = batch.initial_states(np_random(11)[0], 6)
    observations = batch.reset(np.arange(6), states)
    expected = [reference.reset(seed=11)[0]] + [reference.reset()[0] for _ in range(5)]
    assert np.array_equal(observations, expected)


@pytest.mark.parametrize("name", FAMILIES)
def test_dropping_rows_leaves_the_others_alone(name: str) -> None:
    env, rng = make(name), np.random.default_rng(2)
    contexts = env.space.sample(7, rng)
    whole, part = env.batch(contexts), env.batch(contexts)
    states = whole.initial_states(rng, 7)
    kept = np.array([5, 0, 3])
    for batch in (whole, part):
        batch.reset(np.arange(7), states)
    actions = np.array([whole.action_space.sample() for _ in range(7)])
    for step in range(30):
        expected = whole.step(actions)
        if step == 10:
            part.keep(kept)
        got = part.step(actions if step < 10 else actions[kept])
        rows = np.arange(7) if step < 10 else kept
        assert len(part) == len(rows)
        assert np.array_equal(got.observations, expected.observations[rows], equal_nan=True)
        assert np.array_equal(got.rewards, expected.rewards[rows], equal_nan=True)


@pytest.mark.parametrize("name", FAMILIES)
def test_assigning_a_context_equals_building_with_it(name: str) -> None:
    env, rng = make(name), np.random.default_rng(3)
    old, new = env.space.sample(4, rng), env.space.sample(2, rng)
    batch, fresh = env.batch(old), env.batch([old[0], new[0], old[2], new[1]])
    states = batch.initial_states(rng, 4)
    actions = np.array([batch.action_space.sample() for _ in range(4)])
    batch.reset(np.arange(4), states)
    batch.step(actions)
    batch.assign(np.array([1, 3]), new)
    for one in (batch, fresh):
        one.reset(np.arange(4), states)
    for _ in range(20):
        ours, theirs = batch.step(actions), fresh.step(actions)
        assert np.array_equal(ours.observations, theirs.observations, equal_nan=True)


def test_rows_that_ended_long_ago_overflow_in_silence(recwarn: pytest.WarningsRecorder) -> None:
    env = make("cartpole")
    wild = Context(masscart=0.1, masspole=1.0, length=0.05, force_mag=100.0, tau=0.2)
    batch = env.batch([wild])
    batch.reset(np.arange(1), np.zeros((1, 4)))
    for _ in range(2000):
        batch.step(np.array([1]))
    assert not recwarn.list


def test_angles_are_wrapped_by_whole_turns() -> None:
    angles = np.array([0.0, np.pi, -np.pi, 3.2, -3.2, 40.0, -40.0])
    turned = angles.copy()
    wrap(turned)
    assert (np.abs(turned) <= np.pi).all()
    np.testing.assert_allclose(np.exp(1j * turned), np.exp(1j * angles), atol=1e-12)


def test_every_base_is_gymnasiums() -> None:
    for base, batch in BATCHES.items():
        reference = gym.make(base).unwrapped
        assert isinstance(batch.scalar(), type(reference))
        known = [set(spec.space.names) for spec in load_catalog() if spec.base == base]
        assert set(batch.scalar.ATTRIBUTES) in known


def test_pendulum_takes_torques_beyond_the_action_space_as_gymnasium_does() -> None:
    context = make("pendulum").space.default
    reference, batch = plain("pendulum", context), make("pendulum").batch([context])
    batch.reset(np.arange(1), batch.initial_states(np_random(0)[0], 1))
    reference.reset(seed=0)
    torque = np.array([7.0], dtype=np.float32)
    assert np.array_equal(batch.step(torque[None])[0][0], reference.step(torque)[0])


def test_an_unknown_base_is_answered_with_the_known_ones(write_family: WriteFamily) -> None:
    spec = EnvironmentSpec.read(write_family(replace={'"CartPole-v1"': '"CartPole-v2"'}))
    with pytest.raises(InvalidExperiment, match=r"did you mean 'CartPole-v1'\? Known: Acrobot-v1"):
        ContextualEnv(spec).make()


def test_a_feature_that_the_simulator_does_not_have_is_named(write_family: WriteFamily) -> None:
    spec = EnvironmentSpec.read(write_family(replace={".gravity]": ".gravitation]"}))
    with pytest.raises(InvalidExperiment, match="'gravitation'; did you mean 'gravity'"):
        ContextualEnv(spec).make()


def test_a_family_may_vary_fewer_features(write_family: WriteFamily) -> None:
    text = (write_family() / "env.toml").read_text(encoding="utf-8")
    head, tail = text.split("[context.gravity]")[0], text.split("[context.length]")[1]
    folder = write_family("shorter")
    (folder / "env.toml").write_text(
        (head + "[context.length]" + tail.split("[context.force_mag]")[0])
        + "[score]\nlow = 0.0\nhigh = 500.0\n",
        encoding="utf-8",
    )
    short, usual = ContextualEnv(EnvironmentSpec.read(folder)), make("cartpole")
    assert short.space.names == ("length",)
    states = np.full((1, 4), 0.01)
    batches = [env.batch([{"length": 0.7}]) for env in (short, usual)]
    for batch in batches:
        batch.reset(np.arange(1), states)
    one, other = (batch.step(np.array([1])).observations for batch in batches)
    assert np.array_equal(one, other)
