from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3.common.base_class import BaseAlgorithm

import rltransfer
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.training import AlgorithmSettings, Policy, TrainingProblem
from rltransfer.training.sb3_agent import build_agent, policy_of


@dataclass(frozen=True)
class Case:
    """An algorithm on a family, with networks that are not the default ones."""

    algorithm: str
    env: str
    normalize: bool = False
    hyperparameters: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        sde = "-gsde" if self.hyperparameters.get("use_sde") else ""
        return f"{self.algorithm}-{self.env}{sde}{'-normalized' if self.normalize else ''}"


def networks(**table: Any) -> dict[str, Any]:
    return {"policy_kwargs": table}


OFF_POLICY = {"buffer_size": 100}
CASES = [
    Case("PPO", "cartpole", False, {"n_steps": 8, "batch_size": 8}),
    Case("PPO", "cartpole", True, networks(net_arch=[7, 5], activation_fn="relu")),
    Case("PPO", "pendulum", True, networks(net_arch={"pi": [9], "vf": [4, 4]})),
    Case("PPO", "pendulum", True, {"use_sde": True}),
    Case("A2C", "acrobot", False, networks(net_arch=[])),
    Case("A2C", "mountain_car_continuous", True),
    Case("DQN", "cartpole", False, {**OFF_POLICY, **networks(net_arch=[6, 8])}),
    Case("DQN", "mountain_car", True, {**OFF_POLICY, **networks(activation_fn="tanh")}),
    Case("SAC", "pendulum", False, {**OFF_POLICY, **networks(net_arch={"pi": [8], "qf": [6]})}),
    Case("SAC", "pendulum", True, {**OFF_POLICY, "use_sde": True}),
    Case("TD3", "pendulum", True, {**OFF_POLICY, **networks(net_arch=[12, 6])}),
    Case("TD3", "mountain_car_continuous", False, {**OFF_POLICY, **networks(net_arch=[])}),
]


@dataclass(frozen=True)
class Trained:
    """An agent with random weights and statistics, and the policy made of it."""

    case: Case
    agent: BaseAlgorithm
    problem: TrainingProblem
    policy: Policy

    def predict(self, observations: np.ndarray) -> np.ndarray:
        """What Stable-Baselines3 itself does with raw observations."""
        venv = self.agent.get_vec_normalize_env()
        seen = observations if venv is None else venv.normalize_obs(observations)
        return self.agent.predict(seen, deterministic=True)[0]

    def observations(self, rng: np.random.Generator, n: int = 400, far: float = 3.0) -> np.ndarray:
        """Random observations; those of a normalised agent reach `far` deviations from the mean."""
        z = far * rng.standard_normal((n, self.policy.observation_size))
        venv = self.agent.get_vec_normalize_env()
        if venv is not None:
            z = z * np.sqrt(venv.obs_rms.var) + venv.obs_rms.mean
        return z.astype(np.float32)


def random_agent(case: Case, seed: int = 0) -> Trained:
    rng = np.random.default_rng(seed)
    problem = TrainingProblem(rltransfer.make(case.env), [{}])
    settings = AlgorithmSettings(
        case.algorithm, 1, normalize=case.normalize, hyperparameters=case.hyperparameters
    )
    agent = build_agent(settings, ContextVecEnv(problem.env, problem.contexts), seed)
    with torch.no_grad():
        for weight in agent.policy.parameters():
            spread = 1.2 / np.sqrt(weight.shape[-1])
            weight.copy_(torch.from_numpy(rng.normal(0.0, spread, weight.shape)))
    if (venv := agent.get_vec_normalize_env()) is not None:
        venv.obs_rms.mean = rng.normal(0.0, 2.0, venv.obs_rms.mean.shape)
        venv.obs_rms.var = rng.uniform(0.1, 5.0, venv.obs_rms.var.shape)
    return Trained(case, agent, problem, policy_of(agent, problem, {"made": "by a test"}))


@pytest.fixture(params=CASES, ids=str)
def trained(request: pytest.FixtureRequest) -> Trained:
    return random_agent(request.param)


@pytest.fixture
def make_trained() -> Callable[..., Trained]:
    return lambda algorithm, env, **rest: random_agent(Case(algorithm, env, **rest))


@pytest.fixture
def policy() -> Policy:
    return random_agent(CASES[1]).policy
