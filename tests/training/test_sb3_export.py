from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import stable_baselines3

from rltransfer.errors import StorageError
from rltransfer.training import TrainingProblem
from rltransfer.training.sb3_export import export_sb3
from rltransfer.training.sb3_import import import_sb3


def test_stable_baselines3_predicts_the_same(trained, tmp_path):
    path = export_sb3(trained.policy, tmp_path / "agent")
    assert path.name == "agent.zip"
    agent = getattr(stable_baselines3, trained.case.algorithm).load(path, device="cpu")
    observations = trained.observations(np.random.default_rng(1), n=200, far=1.5)
    theirs, _ = agent.predict(observations, deterministic=True)
    np.testing.assert_allclose(theirs, trained.policy.act(observations), atol=1e-4, rtol=1e-4)


def test_critics_are_exported_too(make_trained, tmp_path):
    import torch

    trained = make_trained("PPO", "cartpole", normalize=True)
    agent = stable_baselines3.PPO.load(export_sb3(trained.policy, tmp_path / "a.zip"), device="cpu")
    x = trained.observations(np.random.default_rng(1), n=50, far=1.5)
    z = trained.agent.get_vec_normalize_env().normalize_obs(x)
    with torch.no_grad():
        ours = trained.agent.policy.predict_values(torch.from_numpy(z))
        theirs = agent.policy.predict_values(torch.from_numpy(x))
    np.testing.assert_allclose(theirs, ours, atol=1e-4)


def test_is_loaded_where_this_package_is_not_installed(make_trained, tmp_path):
    trained = make_trained("PPO", "cartpole", normalize=True)
    path = export_sb3(trained.policy, tmp_path / "agent.zip")
    code = f"""
import sys
sys.modules["rltransfer"] = None
import numpy as np
from stable_baselines3 import PPO
print(PPO.load({str(path)!r}).predict(np.ones((1, 4), np.float32), deterministic=True)[0])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(trained.policy.act(np.ones((1, 4), np.float32)))


def test_comes_back_by_import(trained, tmp_path):
    path = export_sb3(trained.policy, tmp_path / "agent.zip")
    again = import_sb3(path, trained.case.algorithm, trained.problem)
    assert again.spec.network == trained.policy.spec.network
    observations = trained.observations(np.random.default_rng(2), n=200, far=1.5)
    np.testing.assert_allclose(
        again.act(observations), trained.policy.act(observations), atol=1e-4, rtol=1e-4
    )


def test_a_failed_export_keeps_the_old_file(policy, tmp_path, monkeypatch):
    path = tmp_path / "agent.zip"
    path.write_bytes(b"old")

    def failing(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(StorageError, match=r"agent.zip could not be written: No space left"):
        export_sb3(policy, path)
    assert [p.name for p in tmp_path.iterdir()] == ["agent.zip"]
    assert path.read_bytes() == b"old"


def test_leaves_the_global_random_state_alone(policy, tmp_path):
    import torch

    before = torch.get_rng_state()
    export_sb3(policy, tmp_path / "agent.zip")
    assert torch.equal(torch.get_rng_state(), before)


def test_visible_context_widens_the_observation(tmp_path):
    import rltransfer
    from rltransfer.envs.vector import ContextVecEnv
    from rltransfer.training import AlgorithmSettings
    from rltransfer.training.sb3_agent import build_agent, policy_of

    env = rltransfer.make("cartpole")
    problem = TrainingProblem(env, [{"length": 0.1}, {"length": 1.0}], ["length"])
    venv = ContextVecEnv(env, problem.contexts, observe=problem.observe)
    policy = policy_of(build_agent(AlgorithmSettings("PPO", 1), venv, 0), problem, {})
    assert policy.observation_size == 5
    assert policy.spec.context is None
    again = import_sb3(export_sb3(policy, tmp_path / "agent.zip"), "PPO", problem)
    assert again.spec.observation_space == policy.spec.observation_space
    assert again.observe == ("length",)
