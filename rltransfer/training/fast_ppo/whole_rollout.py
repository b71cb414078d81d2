"""Collecting a whole rollout in one compiled loop, where environments and callback allow it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback, CallbackList, ConvertCallback
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from rltransfer.envs.simulators import Physics, Transition
from rltransfer.envs.vector import ContextVecEnv
from rltransfer.training.fast_ppo.rollout import Pilot
from rltransfer.training.kernels.whole import (
    Lives,
    Scales,
    Track,
    clipped_moves,
    loop_with,
    whole_moves,
)

if TYPE_CHECKING:
    from rltransfer.training.fast_ppo.agent import FastPPO

__all__ = ["collect_whole", "physics_of", "sees_only_rollouts"]

Array = NDArray[Any]


def sees_only_rollouts(callback: BaseCallback) -> bool:
    """Say whether a callback has nothing to do between two steps of a rollout.

    One of ours says so by an attribute of this name.
    """
    if isinstance(callback, CallbackList):
        return all(map(sees_only_rollouts, callback.callbacks))
    if isinstance(callback, ConvertCallback):
        return callback.callback is None
    return bool(getattr(callback, "sees_only_rollouts", False))


def physics_of(env: VecEnv) -> Physics | None:
    """Return the compiled physics of an environment that is ours, normalised or not, or None."""
    inner = env.venv if type(env) is VecNormalize else env
    if type(inner) is not ContextVecEnv or inner.changes_contexts:
        return None
    return inner.episodes.batch.physics


def collect_whole(
    agent: FastPPO, env: VecEnv, callback: BaseCallback, buffer: RolloutBuffer, physics: Physics
) -> bool:
    """Fill the buffer; return False if the callback ended the training before."""
    buffer.reset()
    callback.on_rollout_start()  # may give the agent other weights and another seed
    layout = agent.layout
    pilot = Pilot(layout.parameters.values(), layout.networks, agent.action_space)
    noise = pilot.noise(buffer.buffer_size, env.num_envs)
    callback.update_locals(locals())
    if not callback.on_step():
        return False
    flight = Flight.of(agent, env, buffer, physics)
    flight.fly(pilot, noise, agent.gamma)
    flight.land(agent, env)
    pilot.judge(buffer, flight.lives.seen, flight.lives.begun)
    buffer.pos, buffer.full = buffer.buffer_size, True
    callback.update_locals(locals())
    callback.on_rollout_end()
    return True


@dataclass(frozen=True)
class Flight:
    """What a compiled rollout works on."""

    inner: ContextVecEnv
    physics: Physics
    lives: Lives
    scales: Scales
    track: Track

    @classmethod
    def of(cls, agent: FastPPO, env: VecEnv, buffer: RolloutBuffer, physics: Physics) -> Flight:
        """Take over from an environment and an agent that have been reset."""
        inner = cast(ContextVecEnv, env.venv if isinstance(env, VecNormalize) else env)
        lives = lives_of(inner, physics, agent)
        return cls(inner, physics, lives, scales_of(env, lives), track_of(buffer))

    def fly(self, pilot: Pilot, noise: NDArray[np.float32], gamma: float) -> None:
        """Step through the whole rollout.

        Raises:
            SourceFailed: if a step went wrong, naming context, episode, step and field.
        """
        space = pilot.space
        discrete = isinstance(space, gym.spaces.Discrete)
        limits = (np.zeros(1), np.zeros(1)) if discrete else (space.low, space.high)  # type: ignore[attr-defined]
        loop, t, ahead = loop_with(self.physics.step, discrete), 0, self.lives.starts.shape[1]
        while t < len(noise):
            self.refill()
            t = loop(
                pilot.parameters, pilot.networks, noise, limits, self.lives, self.scales,
                self.track, (t, ahead), np.float32(gamma),
            )  # fmt: skip
            if t < 0:
                self.count_episodes()
                moves = whole_moves if discrete else clipped_moves
                self.inner.episodes.require_sound(
                    moves(self.track.actions[-1 - t], *limits),
                    Transition(
                        self.lives.fresh,
                        np.asarray(self.lives.rewards, np.float64),
                        self.lives.begun > 0,
                    ),
                )

    def refill(self) -> None:
        """Draw initial states for the environments that have used theirs."""
        for row in self.inner.episodes.starts.refill().tolist():
            self.lives.firsts[row] = self.physics.observe(self.lives.starts[row])
        self.inner.episodes.require_firsts(self.lives.firsts)

    def count_episodes(self) -> None:
        """Count those that have begun; each began with the end of another."""
        self.inner.episodes.begun += np.count_nonzero(self.track.lengths, axis=0)

    def land(self, agent: FastPPO, env: VecEnv) -> None:
        """Leave agent and environment as after as many single steps."""
        self.count_episodes()
        agent.num_timesteps += self.track.rewards.size
        agent._last_obs = self.lives.seen
        agent._last_episode_starts = self.lives.begun.astype(np.bool_)
        if isinstance(env, VecNormalize):
            give_back(env, self.scales)
        clock = round(time.time() - self.inner.began, 6)
        for t, row in np.argwhere(self.track.lengths > 0).tolist():
            total, length = float(self.track.returns[t, row]), int(self.track.lengths[t, row])
            episode = {"r": round(total, 6), "l": length, "t": clock}
            cast(Any, agent.ep_info_buffer).append(episode)


def lives_of(inner: ContextVecEnv, physics: Physics, agent: FastPPO) -> Lives:
    """Return the environments as they are; counters, state and initial states are their own."""
    episodes = inner.episodes
    starts, used = episodes.starts.drawn
    shown = len(episodes.observe)
    seen = np.array(agent._last_obs, np.float32)
    n, width = len(seen), seen.shape[1] - shown
    firsts = np.stack([physics.observe(states) for states in starts])
    episodes.require_firsts(firsts)
    return Lives(
        coefficients=physics.coefficients,
        units=episodes.units,
        starts=starts,
        firsts=firsts,
        horizon=episodes.env.spec.horizon,
        state=physics.state,
        used=used,
        lengths=episodes.lengths,
        returns=episodes.returns,
        seen=seen,
        begun=np.asarray(agent._last_episode_starts, np.float32),
        fresh=np.empty((n, width), np.float32),
        rewards=np.empty(n),
    )


def scales_of(env: VecEnv, lives: Lives) -> Scales:
    """Return the statistics of a normalised environment; of another, some that do nothing."""
    n, o = lives.seen.shape
    if not isinstance(env, VecNormalize):
        nothing = np.zeros(o), np.ones(o), np.array([0.0, 1.0, 0.0, 0.0]), np.zeros(n)
        return Scales(*nothing, (np.inf, np.inf), 0.0, 0.0, False, False, False)
    known = cast(RunningMeanStd, env.obs_rms) if env.norm_obs else RunningMeanStd(shape=(o,))
    of_returns = [env.ret_rms.mean, env.ret_rms.var, known.count, env.ret_rms.count]
    return Scales(
        np.array(known.mean),
        np.array(known.var),
        np.array(of_returns, np.float64),
        env.returns,
        (float(env.clip_obs), float(env.clip_reward)),
        float(env.gamma),
        float(env.epsilon),
        bool(env.training),
        bool(env.norm_obs),
        bool(env.norm_reward),
    )


def give_back(env: VecNormalize, scales: Scales) -> None:
    """Write what was learnt into the environment's own statistics."""
    if env.norm_obs:
        known = cast(RunningMeanStd, env.obs_rms)
        known.mean, known.var = np.array(scales.mean), np.array(scales.variance)
        known.count = float(scales.of_returns[2])
    mean, variance, _, count = scales.of_returns
    env.ret_rms.mean, env.ret_rms.var, env.ret_rms.count = mean, variance, count


def track_of(buffer: RolloutBuffer) -> Track:
    """Return the buffer's own arrays, and room for what is known of episodes that end."""
    shape = (buffer.buffer_size, buffer.n_envs)
    return Track(
        buffer.observations,
        buffer.actions,
        buffer.rewards,
        buffer.episode_starts,
        buffer.values,
        buffer.log_probs,
        np.zeros(shape, np.int64),
        np.zeros(shape),
    )
