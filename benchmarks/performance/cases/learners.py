"""Who learns by PPO: each builder yields a learner and closes what it opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

from harness.case import Unavailable
from harness.peer import Peer, peer
from peers.learner import Learner, Setting
from peers.single_file_ppo import SingleFilePPO
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv

import rltransfer
from rltransfer.envs.vector import ContextVecEnv

__all__ = [
    "FAMILIES",
    "IN_PROCESS",
    "OURS",
    "PLAIN",
    "Build",
    "asked",
    "fast",
    "sb3",
    "single_file",
]

FAMILIES = {
    "CartPole-v1": "cartpole",
    "Pendulum-v1": "pendulum",
    "HalfCheetah-v5": "halfcheetah",
    "Hopper-v5": "hopper",
}

Build = Callable[[Setting, int], AbstractContextManager[Learner]]


class SB3Learner:
    """An agent with the interface of Stable-Baselines3."""

    def __init__(self, agent: PPO) -> None:
        self._agent = agent
        agent.set_logger(Logger(folder=None, output_formats=[]))

    def learn(self, steps: int) -> None:
        """Go on learning."""
        self._agent.learn(steps, reset_num_timesteps=False)

    def recent(self) -> Sequence[float]:
        """Return the returns of the last episodes."""
        return [episode["r"] for episode in self._agent.ep_info_buffer]


def dummy(setting: Setting, seed: int) -> VecEnv:
    """Return Gymnasium's environments one by one, as users make them."""
    return make_vec_env(setting.env, setting.n_envs, seed=seed, vec_env_cls=DummyVecEnv)


def in_processes(setting: Setting, seed: int) -> VecEnv:
    """Return the same, a process each."""
    how = {"start_method": "fork"}
    return make_vec_env(
        setting.env, setting.n_envs, seed=seed, vec_env_cls=SubprocVecEnv, vec_env_kwargs=how
    )


def batched(setting: Setting, seed: int) -> VecEnv:
    """Return our array program."""
    env = rltransfer.make(FAMILIES[setting.env])
    venv = ContextVecEnv(env, [env.space.default] * setting.n_envs)
    venv.seed(seed)
    return venv


VECTORS: dict[str, Callable[[Setting, int], VecEnv]] = {
    "DummyVecEnv": dummy,
    "SubprocVecEnv": in_processes,
    "ContextVecEnv": batched,
}


@contextmanager
def agent(algorithm: type[PPO], vector: str, setting: Setting, seed: int) -> Iterator[Learner]:
    """Yield an agent of Stable-Baselines3's kind."""
    with closing(VECTORS[vector](setting, seed)) as venv:
        given: dict[str, Any] = setting.ppo
        yield SB3Learner(algorithm("MlpPolicy", venv, seed=seed, device="cpu", **given))


def sb3(vector: str) -> Build:
    """Return the builder of plain Stable-Baselines3 on a vector environment."""
    return lambda setting, seed: agent(PPO, vector, setting, seed)


def fast(setting: Setting, seed: int) -> AbstractContextManager[Learner]:
    """Yield ours."""
    try:
        from rltransfer.training.fast_ppo import FastPPO
    except ImportError as error:
        raise Unavailable(f"rltransfer.training.fast_ppo cannot be imported: {error}") from None
    return agent(FastPPO, "ContextVecEnv", setting, seed)


def single_file(setting: Setting, seed: int) -> AbstractContextManager[Learner]:
    """Yield the single file."""
    return closing(SingleFilePPO(setting, seed))


IN_PROCESS: dict[str, Build] = {
    "SB3 + DummyVecEnv": sb3("DummyVecEnv"),
    "SB3 + SubprocVecEnv": sb3("SubprocVecEnv"),
    "SB3 + ContextVecEnv": sb3("ContextVecEnv"),
    "single file (torch)": single_file,
    "ours": fast,
}

OURS, PLAIN = "ours", "SB3 + DummyVecEnv"


@contextmanager
def asked(script: str, setting: Setting) -> Iterator[Peer]:
    """Yield a peer that learns with this setting."""
    with peer(script, setting.to_json()) as process:
        yield process
