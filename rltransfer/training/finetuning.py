"""Online fine-tuning: PPO goes on exactly where the policy of the stage before stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rltransfer.training.algorithms import AlgorithmSettings
from rltransfer.training.head_start import HeadStart
from rltransfer.training.online import OnlineRL
from rltransfer.training.problem import TrainingProblem

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.vec_env import VecEnv

    from rltransfer.training.policy import Policy

__all__ = ["FineTuning", "Pace", "careful", "family_pace", "warmed_pace"]

EPISODES = 8
"""Full episodes in a rollout: fewer make updates of a good policy mostly noise."""

LARGEST_ROLLOUT = 8192
SMALLEST_BATCH, LARGEST_BATCH = 256, 512


@dataclass(frozen=True)
class Pace:
    """How fast fine-tuning may leave the policy that it was given; see `fine_tuner.FineTuner`.

    Attributes:
        actor_rate: the actor's first step size; None for the critic's.
        critic_rate: the critic's step size; "lin_0.001" falls to 0.
        desired_kl: what the actor's step size follows; None to keep it.
        warm_up: rollouts in which only the critic learns.
        max_norm: of the gradient of each network.
    """

    actor_rate: float | None = 1e-4
    critic_rate: float | str = 3e-4
    desired_kl: float | None = 0.01
    warm_up: int = 1
    max_norm: float = 0.5


@dataclass(frozen=True)
class FineTuning(OnlineRL):
    """Stable-Baselines3's PPO, continuing from a policy: weights, value function, statistics, σ.

    The policy's networks are SB3's own, so nothing is converted: the first actions and their
    log-probabilities are those of the policy. Its observation statistics, and the scale of its
    rewards, stay as they are. The policy is scored before the first step.

    Attributes:
        settings: PPO's hyperparameters; the step size is the pace's.
        pace: how fast it may change.
    """

    pace: Pace = Pace()

    @property
    def name(self) -> str:
        """A word for tables."""
        return "fine-tuning"

    @property
    def first_look(self) -> float:
        """The start itself is scored."""
        return 0.0

    def agent(
        self, venv: VecEnv, problem: TrainingProblem, start: HeadStart, seed: int
    ) -> BaseAlgorithm:
        """Return the agent, which acts as the policy of `start` does.

        Raises:
            InvalidExperiment: if there is no policy to start from.
            InvalidPolicy: if the policy is not PPO's, or not of this problem's spaces.
        """
        from rltransfer.training.sb3_agent import load_policy

        policy = start.need_policy(self.name)
        agent = build_fine_tuner(self, with_statistics_of(policy, venv, self.gamma), policy, seed)
        load_policy(agent, policy, problem)
        return agent

    @property
    def gamma(self) -> float:
        """The discount."""
        return float(self.settings.hyperparameters.get("gamma", 0.99))


def careful(settings: AlgorithmSettings, horizon: int) -> AlgorithmSettings:
    """Return a family's PPO settings with rollouts of several episodes and fitting minibatches.

    Args:
        settings: of PPO.
        horizon: the longest episode.
    """
    given = settings.hyperparameters
    wanted = min(EPISODES * horizon, LARGEST_ROLLOUT)
    wanted = max(wanted, given.get("n_steps", 2048) * settings.n_envs)
    batch = min(LARGEST_BATCH, max(SMALLEST_BATCH, given.get("batch_size", 64)))
    whole = batch // math.gcd(batch, settings.n_envs)  # steps after which minibatches come out even
    n_steps = -(-wanted // (settings.n_envs * whole)) * whole
    return with_hyperparameters(settings, n_steps=n_steps, batch_size=batch)


def family_pace(settings: AlgorithmSettings) -> Pace:
    """Return the pace of PPO from scratch: one step size for both networks, no warm-up."""
    rate = settings.hyperparameters.get("learning_rate", 3e-4)
    norm = float(settings.hyperparameters.get("max_grad_norm", 0.5))
    return Pace(None, rate, desired_kl=None, warm_up=0, max_norm=norm)


def warmed_pace(settings: AlgorithmSettings, horizon: int) -> Pace:
    """Return the family's pace after a warm-up of the critic over several episodes.

    It is the critic that decides whether a good policy stays good: with one that fits, a policy
    of Hopper at 2,808 and one of HalfCheetah at 2,093 rose without a dip under their families'
    own step sizes, several times as fast as under small ones. And one rollout may be a fraction
    of an episode: warmed up on 1,024 steps, policies of CartPole at 458 fell to 157; on 4,096,
    they rose. (One run each.)

    Args:
        settings: of PPO.
        horizon: the longest episode.
    """
    rollout = settings.hyperparameters.get("n_steps", 2048) * settings.n_envs
    episodes = min(EPISODES * horizon, LARGEST_ROLLOUT)
    return replace(family_pace(settings), warm_up=max(1, round(episodes / rollout)))


def with_hyperparameters(settings: AlgorithmSettings, **changed: Any) -> AlgorithmSettings:
    """Return settings with some hyperparameters replaced."""
    return replace(settings, hyperparameters={**settings.hyperparameters, **changed})


def with_statistics_of(policy: Policy, venv: VecEnv, gamma: float) -> VecEnv:
    """Standardise an environment as the policy was used to, and go on doing so unchanged."""
    from stable_baselines3.common.vec_env import VecNormalize

    from rltransfer.training.sb3_agent import give_statistics

    stats = policy.spec.normalization
    if stats is None:
        return venv
    wrapped = VecNormalize(
        venv,
        training=False,
        norm_reward=stats.return_var is not None,
        clip_obs=stats.clip,
        gamma=gamma,
        epsilon=stats.epsilon,
    )
    give_statistics(wrapped, stats)
    return wrapped


PACE_OWN = ("learning_rate", "max_grad_norm", "policy_kwargs", "use_sde")
"""Hyperparameters that the pace or the policy replaces."""


def build_fine_tuner(stage: FineTuning, venv: VecEnv, policy: Policy, seed: int) -> BaseAlgorithm:
    """Return a fine-tuner with the networks of a policy, its weights still random."""
    from stable_baselines3.common.logger import Logger

    from rltransfer.training.fine_tuner import FineTuner, TwoRatePolicy
    from rltransfer.training.sb3_agent import network_arguments, translate

    given: Mapping[str, Any] = stage.settings.hyperparameters
    arguments = {n: translate(n, v) for n, v in given.items() if n not in PACE_OWN}
    pace = stage.pace
    agent = FineTuner(
        TwoRatePolicy,
        venv,
        seed=seed,
        device="cpu",
        learning_rate=translate("learning_rate", pace.critic_rate),
        actor_rate=pace.actor_rate,
        desired_kl=pace.desired_kl,
        warm_up=pace.warm_up,
        use_sde=policy.spec.network.use_sde,
        policy_kwargs={"max_norm": pace.max_norm, **network_arguments(policy.spec.network)},
        **arguments,
    )
    agent.set_logger(Logger(folder=None, output_formats=[]))
    return agent
