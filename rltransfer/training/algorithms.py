"""The reinforcement-learning algorithms, by name, and the settings in force for a family."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym

from rltransfer.envs import ContextualEnv, TrainingDefaults
from rltransfer.errors import InvalidExperiment, UnknownName, did_you_mean
from rltransfer.training.hyperparameters import check_hyperparameters

__all__ = ["ALGORITHMS", "Algorithm", "AlgorithmSettings", "defaults_of", "resolve"]

STEPS = 100_000
"""Of a training whose family has no settings for the algorithm."""


@dataclass(frozen=True, slots=True)
class Algorithm:
    """What must be known about an algorithm before its library is imported.

    Attributes:
        name: of the class in `stable_baselines3`.
        discrete, continuous: whether it can choose such actions.
        activation: of its networks, when nothing else is said.
    """

    name: str
    discrete: bool
    continuous: bool
    activation: str


ALGORITHMS = {
    algorithm.name: algorithm
    for algorithm in (
        Algorithm("PPO", discrete=True, continuous=True, activation="tanh"),
        Algorithm("A2C", discrete=True, continuous=True, activation="tanh"),
        Algorithm("DQN", discrete=True, continuous=False, activation="relu"),
        Algorithm("SAC", discrete=False, continuous=True, activation="relu"),
        Algorithm("TD3", discrete=False, continuous=True, activation="relu"),
    )
}


@dataclass(frozen=True, slots=True)
class AlgorithmSettings:
    """An algorithm with every setting that this package passes on, checked.

    Attributes:
        algorithm: its name.
        steps: environment steps of a training.
        n_envs: sub-environments stepped together.
        normalize: whether observations (and rewards, while training) are standardised.
        hyperparameters: arguments of its constructor, as plain data.
    """

    algorithm: str
    steps: int
    n_envs: int = 1
    normalize: bool = False
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)


def defaults_of(env: ContextualEnv, algorithm: str | None = None) -> tuple[str, TrainingDefaults]:
    """Return the algorithm meant (the family's own when None) and the family's settings for it."""
    known = env.spec.training
    name = algorithm or next(iter(known), "PPO")
    origin = f"Stable-Baselines3's defaults: {env.spec.id} has no settings for {name}"
    return name, known.get(name) or TrainingDefaults(origin=origin, steps=STEPS)


def resolve(
    algorithm: str,
    defaults: TrainingDefaults,
    env: ContextualEnv,
    overrides: Mapping[str, Any] | None = None,
) -> AlgorithmSettings:
    """Check an algorithm's settings for a family.

    Args:
        algorithm: a name of `ALGORITHMS`.
        defaults: the settings, such as `env.spec.training[algorithm]`.
        env: the family.
        overrides: hyperparameters that replace those of `defaults`, one by one.

    Raises:
        UnknownName: if there is no such algorithm.
        InvalidExperiment: if it cannot choose the family's actions, or a hyperparameter is
            unknown or has a value that it cannot have.
    """
    known = find(algorithm)
    require_fit(known, env)
    hyperparameters = {**defaults.hyperparameters, **(overrides or {})}
    check_hyperparameters(algorithm, hyperparameters)
    check_together(algorithm, defaults.n_envs, hyperparameters)
    return AlgorithmSettings(
        algorithm, defaults.steps, defaults.n_envs, defaults.normalize, hyperparameters
    )


def find(name: str) -> Algorithm:
    """Return the algorithm of this name."""
    if name not in ALGORITHMS:
        raise UnknownName(
            f"unknown algorithm {name!r}{did_you_mean(str(name).upper(), ALGORITHMS)} "
            f"Known: {', '.join(ALGORITHMS)}."
        )
    return ALGORITHMS[name]


def require_fit(algorithm: Algorithm, env: ContextualEnv) -> None:
    """Refuse an algorithm that cannot choose a family's actions; name those that can."""
    space = env.spaces.action
    kind = "discrete" if isinstance(space, gym.spaces.Discrete) else "continuous"
    if not getattr(algorithm, kind):
        fitting = [name for name, other in ALGORITHMS.items() if getattr(other, kind)]
        raise InvalidExperiment(
            f"{algorithm.name} cannot choose {kind} actions, which {env.spec.id} needs. "
            f"These can: {', '.join(fitting)}."
        )


def check_together(algorithm: str, n_envs: int, hyperparameters: Mapping[str, Any]) -> None:
    """Refuse values that are right alone and wrong together."""
    frequency = hyperparameters.get("train_freq", 1)
    if n_envs > 1 and not isinstance(frequency, int) and frequency[1] == "episode":
        raise InvalidExperiment(
            f"{algorithm} can train by the episode with one sub-environment only; got "
            f"train_freq = {list(frequency)} and n_envs = {n_envs}. Set n_envs = 1, or "
            "train_freq to a number of steps."
        )
    if "noise_type" in hyperparameters and "noise_std" not in hyperparameters:
        raise InvalidExperiment(f"{algorithm}'s noise_type needs a noise_std, such as 0.1.")
