"""Between settings, policies and Stable-Baselines3's agents. Imports torch: load it late."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np
import stable_baselines3
import torch
from stable_baselines3.common import noise
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from rltransfer.errors import InvalidExperiment, InvalidPolicy
from rltransfer.training.algorithms import ALGORITHMS, AlgorithmSettings
from rltransfer.training.fast_dqn import FastDQN
from rltransfer.training.fast_ppo import FastPPO
from rltransfer.training.hyperparameters import linear_start
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import NetworkSpec, Normalization
from rltransfer.training.problem import TrainingProblem
from rltransfer.training.sb3_weights import policy_from_weights

__all__ = [
    "ACTIVATIONS",
    "build_agent",
    "give_statistics",
    "load_policy",
    "network_arguments",
    "policy_of",
    "start_from",
    "translate",
]

ACTIVATIONS: dict[str, type[torch.nn.Module]] = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}
FASTER: dict[str, type[BaseAlgorithm]] = {"DQN": FastDQN, "PPO": FastPPO}
NOISES: dict[str, Callable[..., noise.ActionNoise]] = {
    "normal": noise.NormalActionNoise,
    "ornstein-uhlenbeck": noise.OrnsteinUhlenbeckActionNoise,
}


def build_agent(settings: AlgorithmSettings, venv: VecEnv, seed: int) -> BaseAlgorithm:
    """Return an untrained agent; seeds the global generators, its spaces and the environment.

    Raises:
        InvalidExperiment: if Stable-Baselines3 refuses the settings.
    """
    given = dict(settings.hyperparameters)
    if settings.normalize:
        venv = VecNormalize(venv, gamma=given.get("gamma", 0.99))
    action_noise = take_noise(given, venv)
    arguments = {name: translate(name, value) for name, value in given.items()} | action_noise
    algorithm = algorithm_class(settings.algorithm)
    try:
        agent: BaseAlgorithm = algorithm("MlpPolicy", venv, seed=seed, device="cpu", **arguments)
    except (AssertionError, TypeError, ValueError) as error:
        raise InvalidExperiment(f"{settings.algorithm} refuses its settings: {error}") from error
    agent.set_logger(Logger(folder=None, output_formats=[]))  # else it makes a temporary folder
    return agent


def algorithm_class(name: str) -> Callable[..., BaseAlgorithm]:
    """Return the class of this name: Stable-Baselines3's, or ours that does the same faster."""
    kind: Callable[..., BaseAlgorithm] = FASTER.get(name) or getattr(stable_baselines3, name)
    return kind


def take_noise(given: dict[str, Any], venv: VecEnv) -> dict[str, noise.ActionNoise]:
    """Take `noise_type` and `noise_std` out of the hyperparameters; return the noise they mean."""
    std = given.pop("noise_std", None)
    kind = given.pop("noise_type", "normal")
    if std is None:
        return {}
    size = venv.action_space.shape
    return {"action_noise": NOISES[kind](np.zeros(size), np.full(size, float(std)))}


def translate(name: str, value: Any) -> Any:
    """Return a hyperparameter as Stable-Baselines3's constructors take it."""
    start = linear_start(value)
    if start is not None:
        return LinearSchedule(start, 0.0, 1.0)
    if name == "train_freq" and not isinstance(value, int):
        return tuple(value)
    return policy_arguments(value) if name == "policy_kwargs" else value


def policy_arguments(table: Mapping[str, Any]) -> dict[str, Any]:
    """Return `policy_kwargs` with the activation as a class and widths as lists."""
    arguments = dict(table)
    if "activation_fn" in table:
        arguments["activation_fn"] = ACTIVATIONS[table["activation_fn"]]
    if isinstance(table.get("net_arch"), tuple):
        arguments["net_arch"] = list(table["net_arch"])
    return arguments


def policy_of(
    agent: BaseAlgorithm, problem: TrainingProblem, provenance: Mapping[str, str]
) -> Policy:
    """Return what an agent would do now, as a policy.

    Raises:
        InvalidPolicy: if a weight is not finite.
    """
    state = agent.policy.state_dict()
    names = {kind: name for name, kind in ACTIVATIONS.items()}
    return policy_from_weights(
        algorithm=algorithm_of(agent),
        weights={name: tensor.detach().numpy() for name, tensor in state.items()},
        activation=names[cast(type[torch.nn.Module], agent.policy.activation_fn)],
        spaces=(agent.observation_space, agent.action_space),
        problem=problem,
        normalization=normalization_of(agent),
        provenance=provenance,
    )


def algorithm_of(agent: BaseAlgorithm) -> str:
    """Return which of Stable-Baselines3's algorithms an agent is, or is built on."""
    return next(kind.__name__ for kind in type(agent).__mro__ if kind.__name__ in ALGORITHMS)


def normalization_of(agent: BaseAlgorithm) -> Normalization | None:
    """Return the statistics that an agent's observations are standardised with."""
    venv = agent.get_vec_normalize_env()
    if venv is None:
        return None
    seen = cast(RunningMeanStd, venv.obs_rms)
    return Normalization(
        mean=tuple(seen.mean.tolist()),
        var=tuple(seen.var.tolist()),
        count=float(seen.count),
        clip=float(venv.clip_obs),
        epsilon=float(venv.epsilon),
        return_var=max(float(venv.ret_rms.var), 1e-8) if venv.norm_reward else None,
    )


def start_from(agent: BaseAlgorithm, start: Policy, problem: TrainingProblem) -> None:
    """Give an agent a policy's weights and statistics; optimisers begin afresh.

    Raises:
        InvalidPolicy: if the policy is not of the agent's kind, naming the difference.
    """
    load_policy(agent, start, problem)
    venv, stats = agent.get_vec_normalize_env(), start.spec.normalization
    if (venv is None) != (stats is None):
        raise InvalidPolicy(
            f"training cannot start from {start!r}: it was trained with normalize = "
            f"{stats is not None}, so set that here, too."
        )
    if venv is not None and stats is not None:
        give_statistics(venv, stats)


def load_policy(agent: BaseAlgorithm, start: Policy, problem: TrainingProblem) -> None:
    """Give an agent a policy's weights, if it is of the agent's kind; see `start_from`."""
    own = policy_of(agent, problem, {}).spec
    for field in ("algorithm", "network", "observation_space", "action_space", "observe"):
        wanted, given = getattr(own, field), getattr(start.spec, field)
        if wanted != given:
            raise InvalidPolicy(
                f"training cannot start from {start!r}: its {field} is {given!r}, and the "
                f"settings make {wanted!r}."
            )
    agent.policy.load_state_dict({name: torch.tensor(w) for name, w in start.weights.items()})


def network_arguments(network: NetworkSpec) -> dict[str, Any]:
    """Return `policy_kwargs` for an actor and a critic of these widths."""
    return {
        "net_arch": {"pi": list(network.actor), "vf": list(network.critic)},
        "activation_fn": ACTIVATIONS[network.activation],
    }


def give_statistics(venv: VecNormalize, stats: Normalization) -> None:
    """Let an environment standardise as a policy was used to."""
    seen = cast(RunningMeanStd, venv.obs_rms)
    seen.mean, seen.var, seen.count = np.array(stats.mean), np.array(stats.var), stats.count
    if stats.return_var is not None:
        venv.ret_rms.var, venv.ret_rms.count = np.array(stats.return_var), stats.count
