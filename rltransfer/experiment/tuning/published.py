"""Search spaces as they were published, by algorithm.

Those of rl-baselines3-zoo (Raffin 2020), file `rl_zoo3/hyperparams_opt.py`, commit 0a9df50. Where
it chooses between powers of 2, so does a scale here. Of its TD3 the choice "no noise" is left out,
and of its SAC the initial scale of state-dependent exploration, which is off here.
"""

from __future__ import annotations

from typing import Any

from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.tuning.axis import Axis
from rltransfer.experiment.tuning.space import SearchSpace

__all__ = ["SPACES", "published_space"]

ZOO = "rl-baselines3-zoo, rl_zoo3/hyperparams_opt.py, commit 0a9df50"


def between(low: float, high: float, scale: Any = "linear") -> Axis:
    """Return a range."""
    return Axis(range=(low, high), scale=scale)


def one_of(*choices: Any) -> Axis:
    """Return a choice."""
    return Axis(choices=list(choices))


GAMMA = between(0.97, 0.9999, "complement")
GAE_LAMBDA = between(0.9, 0.9999, "complement")
ENTROPY = between(1e-8, 0.1, "log")
ACTIVATION = one_of("tanh", "relu")
TINY, SMALL, MEDIUM, BIG = [64], [64, 64], [256, 256], [400, 300]

ON_POLICY = {
    "learning_rate": between(1e-5, 0.002, "log"),
    "n_steps": between(32, 2048, "power-of-2"),
    "gamma": GAMMA,
    "gae_lambda": GAE_LAMBDA,
    "ent_coef": ENTROPY,
    "max_grad_norm": between(0.3, 2.0),
    "policy_kwargs.activation_fn": ACTIVATION,
}
OFF_POLICY = {
    "learning_rate": between(1e-5, 1.0, "log"),
    "gamma": one_of(0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9999),
    "buffer_size": one_of(10_000, 100_000, 1_000_000),
    "tau": one_of(0.001, 0.005, 0.01, 0.02, 0.05, 0.08),
    "train_freq": one_of(1, 4, 8, 16, 32, 64, 128, 256, 512),
    "gradient_steps": Axis(same_as="train_freq"),
    "policy_kwargs.net_arch": one_of(SMALL, MEDIUM, BIG),
}

SPACES = {
    "PPO": SearchSpace(
        {
            **ON_POLICY,
            "batch_size": between(32, 512, "power-of-2"),
            "clip_range": one_of(0.1, 0.2, 0.3, 0.4),
            "n_epochs": one_of(1, 5, 10, 20),
            "policy_kwargs.net_arch": one_of(TINY, SMALL, MEDIUM),
        },
        ZOO,
    ),
    "A2C": SearchSpace({**ON_POLICY, "policy_kwargs.net_arch": one_of(SMALL, MEDIUM)}, ZOO),
    "DQN": SearchSpace(
        {
            "learning_rate": OFF_POLICY["learning_rate"],
            "gamma": OFF_POLICY["gamma"],
            "batch_size": one_of(16, 32, 64, 100, 128, 256, 512),
            "buffer_size": one_of(10_000, 50_000, 100_000, 1_000_000),
            "learning_starts": one_of(0, 1000, 5000, 10_000, 20_000),
            "train_freq": one_of(1, 4, 8, 16, 128, 256, 1000),
            "gradient_steps": OFF_POLICY["gradient_steps"],
            "exploration_fraction": between(0.0, 0.5),
            "exploration_final_eps": between(0.0, 0.2),
            "target_update_interval": one_of(1, 1000, 5000, 10_000, 15_000, 20_000),
            "policy_kwargs.net_arch": one_of(TINY, SMALL, MEDIUM),
        },
        f"{ZOO}; as many gradient steps as environment steps",
    ),
    "SAC": SearchSpace(
        {
            **OFF_POLICY,
            "batch_size": between(16, 2048, "power-of-2"),
            "learning_starts": one_of(0, 1000, 10_000, 20_000),
        },
        ZOO,
    ),
    "TD3": SearchSpace(
        {
            **OFF_POLICY,
            "batch_size": one_of(16, 32, 64, 100, 128, 256, 512, 1024, 2048),
            "noise_type": one_of("ornstein-uhlenbeck", "normal"),
            "noise_std": between(1e-6, 1.0),
        },
        f"{ZOO}; always with noise",
    ),
}


def published_space(algorithm: str) -> SearchSpace:
    """Return the space of an algorithm.

    Raises:
        InvalidExperiment: if none was published for it.
    """
    if algorithm not in SPACES:
        raise InvalidExperiment(
            f"there is no search space for {algorithm}. Write one: [space.learning_rate] and so "
            f"on; there is one for {', '.join(SPACES)}."
        )
    return SPACES[algorithm]
