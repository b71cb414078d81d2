from __future__ import annotations

import pickle
import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest

from rltransfer.envs import load_catalog, make
from rltransfer.envs.registration import register_all
from rltransfer.errors import InvalidContext


@pytest.fixture(autouse=True)
def _registered() -> None:
    register_all()


def test_every_family_has_an_id_and_a_time_limit() -> None:
    for spec in load_catalog():
        registered = gym.spec(spec.gym_id)
        assert registered.max_episode_steps == spec.horizon
        assert registered.kwargs == {"name": spec.id}


def test_registering_twice_changes_nothing() -> None:
    before = dict(gym.registry)
    register_all()
    assert dict(gym.registry) == before


def test_gymnasium_builds_the_same_environment() -> None:
    ours = make("cartpole").make({"length": 0.7}, observe=("length",))
    theirs = gym.make("rltransfer/CartPole-v1", context={"length": 0.7}, observe=("length",))
    assert np.array_equal(ours.reset(seed=3)[0], theirs.reset(seed=3)[0])
    for _ in range(10):
        assert np.array_equal(ours.step(1)[0], theirs.step(1)[0])


def test_the_default_context_is_gymnasiums_environment() -> None:
    ours, theirs = gym.make("rltransfer/Pendulum-v1"), gym.make("Pendulum-v1")
    assert np.array_equal(ours.reset(seed=3)[0], theirs.reset(seed=3)[0])
    ours.action_space.seed(0)
    for _ in range(200):
        action = ours.action_space.sample()
        (*one, _), (*other, _) = ours.step(action), theirs.step(action)
        assert one[0].tolist() == other[0].tolist()
        assert one[1:] == other[1:]


def test_gymnasiums_own_vector_environments_work() -> None:
    envs = gym.make_vec(
        "rltransfer/CartPole-v1", num_envs=3, vectorization_mode="sync", context={"length": 0.7}
    )
    observations, infos = envs.reset(seed=0)
    assert observations.shape == (3, 4)
    assert infos["context"]["length"].tolist() == [0.7, 0.7, 0.7]
    envs.close()


def test_an_environment_survives_pickling() -> None:
    env = gym.make("rltransfer/Acrobot-v1", context={"gravity": 5.0})
    env.reset(seed=1)
    copy = pickle.loads(pickle.dumps(env))
    assert np.array_equal(env.step(2)[0], copy.step(2)[0])


def test_a_bad_context_is_explained() -> None:
    with pytest.raises(InvalidContext, match=r"must lie in 0\.05…5 m; got 50"):
        gym.make("rltransfer/CartPole-v1", context={"length": 50.0})


def test_importing_the_package_registers() -> None:
    code = "import gymnasium, rltransfer; gymnasium.make('rltransfer/MountainCar-v0')"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
