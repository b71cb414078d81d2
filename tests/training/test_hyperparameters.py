from __future__ import annotations

import inspect

import pytest
import stable_baselines3

from rltransfer.errors import InvalidExperiment
from rltransfer.training.hyperparameters import (
    HYPERPARAMETERS,
    check_hyperparameters,
    linear_start,
)

OURS_TO_DECIDE = {
    "self", "policy", "env", "seed", "device", "verbose", "tensorboard_log", "stats_window_size",
    "_init_setup_model", "rollout_buffer_class", "rollout_buffer_kwargs", "replay_buffer_class",
    "replay_buffer_kwargs", "action_noise",
}  # fmt: skip


@pytest.mark.parametrize("algorithm", HYPERPARAMETERS)
def test_names_are_those_of_the_constructor(algorithm):
    signature = inspect.signature(getattr(stable_baselines3, algorithm).__init__)
    known = set(HYPERPARAMETERS[algorithm]) - {"noise_type", "noise_std"}
    assert known == set(signature.parameters) - OURS_TO_DECIDE


@pytest.mark.parametrize("algorithm", HYPERPARAMETERS)
def test_the_librarys_own_defaults_are_accepted(algorithm):
    signature = inspect.signature(getattr(stable_baselines3, algorithm).__init__)
    for name, kind in HYPERPARAMETERS[algorithm].items():
        default = signature.parameters[name].default if name in signature.parameters else None
        if default is not None:
            assert kind.accepts(default), (name, default)


@pytest.mark.parametrize(
    ("value", "start"),
    [("lin_0.001", 0.001), ("lin_2.5e-4", 2.5e-4), ("lin_1", 1.0), ("lin_", None), (0.1, None)],
)
def test_reads_linear_schedules(value, start):
    assert linear_start(value) == start


@pytest.mark.parametrize(
    ("algorithm", "given", "message"),
    [
        ("PPO", {"gama": 0.9}, "PPO has no hyperparameter 'gama'; did you mean 'gamma'? Allowed: "),
        ("PPO", {"seed": 1}, "PPO has no hyperparameter 'seed'"),
        ("DQN", {"n_epochs": 3}, "DQN has no hyperparameter 'n_epochs'"),
        ("PPO", {"gamma": 1.5}, "PPO's gamma must be a number from 0 to 1; got 1.5."),
        ("PPO", {"gamma": float("nan")}, "PPO's gamma must be a number from 0 to 1; got nan."),
        ("PPO", {"n_steps": 0}, "PPO's n_steps must be a whole number of at least 1; got 0."),
        ("PPO", {"n_steps": True}, "PPO's n_steps must be a whole number of at least 1; got True."),
        ("PPO", {"n_steps": 64.0}, "PPO's n_steps must be a whole number"),
        ("PPO", {"learning_rate": "fast"}, "or 'lin_0.001' to fall from there to 0; got 'fast'."),
        ("PPO", {"learning_rate": "lin_0"}, "got 'lin_0'"),
        ("PPO", {"ent_coef": "auto"}, "PPO's ent_coef must be a number; got 'auto'."),
        ("SAC", {"ent_coef": "automatic"}, "SAC's ent_coef must be"),
        ("SAC", {"noise_type": "pink"}, "must be 'normal' or 'ornstein-uhlenbeck'; got 'pink'."),
        ("TD3", {"train_freq": [1, "day"]}, "[1, \"episode\"]; got [1, 'day']."),
        ("PPO", {"policy_kwargs": {"net_arch": [64, 0]}}, "PPO's policy_kwargs must be a table"),
        ("PPO", {"policy_kwargs": {"net_arch": {"pi": [8]}}}, "{ pi = [64, 64], vf = [64, 64] }"),
        ("DQN", {"policy_kwargs": {"net_arch": {"pi": [8]}}}, "a list of widths;"),
        ("PPO", {"policy_kwargs": {"activation_fn": "gelu"}}, "activation_fn: 'tanh' or 'relu'"),
        ("PPO", {"policy_kwargs": {"optimizer_class": "x"}}, "PPO's policy_kwargs must be"),
        ("PPO", {"policy_kwargs": "dict(net_arch=[64])"}, "PPO's policy_kwargs must be a table"),
    ],
)
def test_mistakes_are_sentences(algorithm, given, message):
    with pytest.raises(InvalidExperiment) as caught:
        check_hyperparameters(algorithm, given)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("algorithm", "given"),
    [
        ("PPO", {"policy_kwargs": {"net_arch": {"pi": [8], "vf": []}, "log_std_init": -2}}),
        ("SAC", {"ent_coef": "auto_0.1", "target_entropy": -1.0}),
        ("TD3", {"train_freq": [1, "episode"], "noise_type": "normal", "noise_std": 0.1}),
    ],
)
def test_plain_data_is_accepted(algorithm, given):
    check_hyperparameters(algorithm, given)
