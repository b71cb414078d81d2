"""SBX's PPO (JAX) on Stable-Baselines3's DummyVecEnv."""

from __future__ import annotations

from collections.abc import Sequence

from learner import Setting, answer
from sbx import PPO
from stable_baselines3.common.env_util import make_vec_env


class SBX:
    """SBX's PPO as a learner."""

    def __init__(self, setting: Setting, seed: int) -> None:
        venv = make_vec_env(setting.env, setting.n_envs, seed=seed)
        self._agent = PPO("MlpPolicy", venv, seed=seed, **setting.ppo)

    def learn(self, steps: int) -> None:
        """Go on learning."""
        self._agent.learn(steps, reset_num_timesteps=False)

    def recent(self) -> Sequence[float]:
        """Return the returns of the last episodes."""
        return [episode["r"] for episode in self._agent.ep_info_buffer]


if __name__ == "__main__":
    answer(SBX)
