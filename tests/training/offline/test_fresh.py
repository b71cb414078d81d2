"""Random policies begin as Stable-Baselines3's do."""

from __future__ import annotations

import numpy as np
import pytest

import rltransfer
from rltransfer.envs import TrainingDefaults
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.errors import InvalidPolicy
from rltransfer.training import TrainingProblem, resolve
from rltransfer.training.network import layout_of
from rltransfer.training.offline.fresh import fresh_policy, network_of, spec_for
from rltransfer.training.policy_spec import NetworkSpec
from rltransfer.training.sb3_agent import build_agent, policy_of
from tests.training.offline.policy_toys import problem_of, same, statistics

NETS = [{}, {"policy_kwargs": {"net_arch": [16, 3], "activation_fn": "relu"}}]
NETS += [
    {"policy_kwargs": {"net_arch": {"pi": [5], "vf": [40, 4]}}},
    {"policy_kwargs": {"net_arch": []}},
]


def pair(env, hyperparameters, seed=0):
    """A fresh policy, and that of an agent of the library."""
    problem = problem_of(env)
    settings = resolve("PPO", TrainingDefaults(origin="", steps=1), problem.env, hyperparameters)
    agent = build_agent(settings, ContextVecEnv(problem.env, problem.contexts), seed)
    own = fresh_policy(spec_for(problem, network_of(settings), None), np.random.default_rng(seed))
    return own, policy_of(agent, problem, {})


@pytest.mark.parametrize("env", ["cartpole", "pendulum"])
@pytest.mark.parametrize("hyperparameters", NETS, ids=str)
def test_layout_and_gains_are_the_librarys(env, hyperparameters):
    own, theirs = pair(env, hyperparameters)
    assert own.spec == theirs.spec
    assert {n: w.shape for n, w in own.weights.items()} == {
        n: w.shape for n, w in theirs.weights.items()
    }
    for name, weight in own.weights.items():
        if weight.ndim == 2:
            found, wanted = (
                np.linalg.svd(w, compute_uv=False) for w in (weight, theirs.weights[name])
            )
            np.testing.assert_allclose(found, wanted, atol=1e-5)
        else:
            np.testing.assert_array_equal(weight, theirs.weights[name])


def test_weights_are_orthogonal_and_evenly_distributed():
    """Over many draws a weight has the mean 0 and the variance gain² / larger width."""
    problem = problem_of("cartpole")
    spec = spec_for(problem, NetworkSpec(actor=(6,), critic=(6,), activation="tanh"), None)
    rng = np.random.default_rng(0)
    name = layout_of(spec).actor[0].weight
    drawn = np.stack([fresh_policy(spec, rng).weights[name] for _ in range(2000)])  # (N, 6, 4)
    np.testing.assert_allclose(drawn[0].T @ drawn[0], 2.0 * np.eye(4), atol=1e-5)
    np.testing.assert_allclose(drawn.mean(axis=0), 0.0, atol=0.06)
    np.testing.assert_allclose(drawn.var(axis=0), 2.0 / 6.0, atol=0.06)


def test_the_generator_decides_the_weights():
    spec = spec_for(
        problem_of("pendulum"), NetworkSpec(actor=(4,), critic=(4,), activation="tanh"), None
    )
    one, again, other = (fresh_policy(spec, np.random.default_rng(s)) for s in (1, 1, 2))
    assert same(one, again)
    assert not same(one, other)


def test_log_std_is_as_given():
    spec = spec_for(
        problem_of("pendulum"), NetworkSpec(actor=(4,), critic=(4,), activation="tanh"), None
    )
    assert fresh_policy(spec, np.random.default_rng(0), -0.5).weights["log_std"].tolist() == [-0.5]


def test_the_description_says_what_the_policy_sees():
    env = rltransfer.make("cartpole")
    network = NetworkSpec(actor=(4,), critic=(4,), activation="tanh")
    stats = statistics(5)
    problem = TrainingProblem(env, [{"length": 0.3}], ["length"])
    spec = spec_for(problem, network, stats)
    assert spec.observation_space.size == 5
    assert spec.observe == ("length",)
    assert spec.context["length"] == 0.3
    assert spec.normalization == stats
    many = TrainingProblem(env, [{"length": 0.3}, {"length": 0.6}])
    assert spec_for(many, network, None).context is None


def test_only_ppo_has_networks_for_offline_stages():
    env = rltransfer.make("cartpole")
    settings = resolve("DQN", TrainingDefaults(origin="", steps=1), env)
    with pytest.raises(InvalidPolicy, match=r"make PPO policies; got DQN. Use algorithm = 'PPO'"):
        network_of(settings)
