from __future__ import annotations

import pytest
import stable_baselines3
from stable_baselines3.common.vec_env import VecEnv

import rltransfer
from rltransfer.envs import TrainingDefaults, load_catalog
from rltransfer.errors import InvalidExperiment, UnknownName
from rltransfer.training.algorithms import ALGORITHMS, defaults_of, resolve

DEFAULTS = TrainingDefaults(
    origin="a test", steps=500, n_envs=2, normalize=True, hyperparameters={"gamma": 0.9}
)


@pytest.fixture(scope="module")
def cartpole():
    return rltransfer.make("cartpole")


@pytest.fixture(scope="module")
def pendulum():
    return rltransfer.make("pendulum")


def test_settings_are_the_defaults_with_overrides(cartpole):
    settings = resolve("PPO", DEFAULTS, cartpole, {"n_steps": 32, "gamma": 0.95})
    assert settings.algorithm == "PPO"
    assert (settings.steps, settings.n_envs, settings.normalize) == (500, 2, True)
    assert settings.hyperparameters == {"gamma": 0.95, "n_steps": 32}
    assert DEFAULTS.hyperparameters == {"gamma": 0.9}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("PPPO", "unknown algorithm 'PPPO'; did you mean 'PPO'? Known: PPO, A2C, DQN, SAC, TD3."),
        ("ppo", "unknown algorithm 'ppo'; did you mean 'PPO'?"),
        ("dreamer", "unknown algorithm 'dreamer'. Known: PPO"),
    ],
)
def test_an_unknown_algorithm_is_named(cartpole, name, message):
    with pytest.raises(UnknownName) as caught:
        resolve(name, DEFAULTS, cartpole)
    assert message in str(caught.value)


def test_an_algorithm_for_other_actions_says_which_fit(cartpole, pendulum):
    with pytest.raises(
        InvalidExperiment,
        match=r"DQN cannot choose continuous actions, which pendulum needs\. "
        r"These can: PPO, A2C, SAC, TD3\.",
    ):
        resolve("DQN", DEFAULTS, pendulum)
    with pytest.raises(InvalidExperiment, match=r"These can: PPO, A2C, DQN\."):
        resolve("SAC", DEFAULTS, cartpole)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_what_is_said_about_an_algorithm_is_true(name, cartpole, pendulum):
    from rltransfer.envs.vector import ContextVecEnv
    from rltransfer.training.sb3_agent import ACTIVATIONS

    known = ALGORITHMS[name]
    buffer = {"buffer_size": 10} if name in ("DQN", "SAC", "TD3") else {}

    def build(env) -> VecEnv:
        venv = ContextVecEnv(env, [env.space.default])
        return getattr(stable_baselines3, name)("MlpPolicy", venv, device="cpu", **buffer)

    for env, fits in ((cartpole, known.discrete), (pendulum, known.continuous)):
        if fits:
            assert build(env).policy.activation_fn is ACTIVATIONS[known.activation]
        else:
            with pytest.raises(AssertionError, match="supports"):
                build(env)


def test_values_that_do_not_go_together_are_refused(pendulum):
    episodes = {"train_freq": [1, "episode"], "gamma": 0.9}
    with pytest.raises(InvalidExperiment, match=r"one sub-environment only; got .* n_envs = 2"):
        resolve("TD3", DEFAULTS, pendulum, episodes)
    with pytest.raises(InvalidExperiment, match="noise_type needs a noise_std"):
        resolve("TD3", DEFAULTS, pendulum, {"noise_type": "normal"})


def test_a_family_without_settings_gets_the_librarys(cartpole):
    name, defaults = defaults_of(cartpole, "A2C")
    assert name == "A2C"
    if "A2C" not in cartpole.spec.training:
        assert defaults.hyperparameters == {}
        assert "Stable-Baselines3's defaults" in defaults.origin


@pytest.mark.parametrize("spec", list(load_catalog()), ids=lambda spec: spec.id)
def test_every_familys_settings_can_be_used(spec):
    env = rltransfer.make(spec.id)
    for name, defaults in spec.training.items():
        resolve(name, defaults, env)
        assert len(defaults.origin) > 10
