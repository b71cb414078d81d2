"""A third party's package, installed for real, adds a family to the catalogue."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest

from rltransfer.envs import load_catalog, make
from rltransfer.envs.loop import LoopBatch
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.testing.env_contract import EnvironmentContract

PROJECT = Path(__file__).resolve().parents[1] / "plugin"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder into which pip has installed the plug-in."""
    target = tmp_path_factory.mktemp("site")
    flags = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target", target]
    subprocess.run([sys.executable, "-m", "pip", "install", *flags, PROJECT], check=True)
    return target


@pytest.fixture(autouse=True)
def _installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(site)
    load_catalog.cache_clear()
    yield
    load_catalog.cache_clear()
    gym.registry.pop("rltransfer/Thermostat-v0", None)


class TestThermostat(EnvironmentContract):
    name = "thermostat"


def test_the_catalogue_lists_it_beside_ours() -> None:
    spec = load_catalog()["thermostat"]
    assert spec.provider == "rltransfer-thermostat"
    assert load_catalog()["cartpole"].provider == "rltransfer"


def test_listing_runs_none_of_its_code(site: Path) -> None:
    code = (
        "import sys, rltransfer.envs as envs\n"
        "assert envs.load_catalog()['thermostat'].horizon == 50\n"
        "assert not [name for name in sys.modules if 'thermostat' in name]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=environment(site))


def test_plugins_can_be_switched_off(site: Path) -> None:
    code = "import rltransfer.envs as envs; assert 'thermostat' not in envs.load_catalog().specs"
    switched_off = {**environment(site), "RLTRANSFER_DISABLE_PLUGINS": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=switched_off)


def test_it_is_a_gymnasium_id_for_code_that_knows_nothing_of_this_package(site: Path) -> None:
    code = (
        "import gymnasium, rltransfer\n"
        "env = gymnasium.make('rltransfer/Thermostat-v0', context={'leak': 0.2})\n"
        "assert env.reset(seed=0)[1]['context']['leak'] == 0.2"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=environment(site))


def test_its_environments_are_driven_as_a_loop() -> None:
    env = make("thermostat")
    contexts = [context.replace(power=0.5) for context in env.space.grid({"leak": 3})]
    assert isinstance(env.batch(contexts), LoopBatch)
    vector = ContextVecEnv(env, contexts, observe=("leak",))
    vector.seed(3)
    first = vector.reset()
    np.testing.assert_allclose(first[:, 1], [0.0, 0.5, 1.0])
    for _ in range(env.spec.horizon):
        observations, _, dones, infos = vector.step(np.array([1, 1, 1]))
    assert dones.all()
    assert [info["episode"]["l"] for info in infos] == [50, 50, 50]
    warm = [float(info["terminal_observation"][0]) for info in infos]
    assert warm == sorted(warm, reverse=True), "a leaky room stays colder"
    assert (observations[:, 0] < 10.0).all(), "the next episodes have begun"
    vector.close()


def environment(site: Path) -> dict[str, str]:
    """Return the variables of a process that finds the plug-in and this checkout."""
    paths = [str(site), str(PROJECT.parents[1])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
