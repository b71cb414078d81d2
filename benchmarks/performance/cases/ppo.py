"""PPO: environment steps per second at equal hyperparameters, rollout and update together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from harness.case import AtLeast, Case, Prepare, Work
from peers.learner import Setting

import rltransfer
from cases.learners import FAMILIES, IN_PROCESS, OURS, PLAIN, Build, asked
from cases.stepping import begun, episode_steps

__all__ = ["CASES", "JAX", "SBX"]

SBX, JAX, LIMIT = "SBX (JAX)", "PPO compiled whole (JAX)", "simulator alone"

FASTER = 4
"""How many times the work of the others those do in a turn that are much faster."""


@contextmanager
def learning(build: Build, setting: Setting, steps: int) -> Iterator[Work]:
    """Yield the work of a learner in this process."""
    with build(setting, 0) as learner:

        def work() -> float:
            learner.learn(steps)
            return steps

        yield work


@contextmanager
def peer_learning(script: str, setting: Setting, steps: int) -> Iterator[Work]:
    """Yield the work of a learner in another virtual environment."""
    with asked(script, setting) as process:
        yield lambda: process.ask(f"learn {steps}")


@contextmanager
def simulating(setting: Setting, steps: int) -> Iterator[Work]:
    """Yield the limit: our environments, random actions, nobody learns."""
    family = rltransfer.make(FAMILIES[setting.env])
    advance = begun(family, setting.n_envs, episode_steps)

    def work() -> float:
        for _ in range(steps // setting.n_envs):
            advance()
        return steps

    yield work


def contenders(setting: Setting, steps: int) -> dict[str, Prepare]:
    """Return everybody who can be compared at a setting."""
    found: dict[str, Prepare] = {
        name: partial(learning, build, setting, steps * (FASTER if name == OURS else 1))
        for name, build in IN_PROCESS.items()
    }
    found[SBX] = partial(peer_learning, "sbx_ppo.py", setting, steps)
    if setting.env == "CartPole-v1":
        found[JAX] = partial(peer_learning, "jax_ppo.py", setting, FASTER * steps)
    found[LIMIT] = partial(simulating, setting, FASTER * steps)
    return found


def case(env: str, times: float, steps: int, **given: int) -> Case:
    """Return the case of an environment and a setting."""
    setting = Setting(env, **given)
    bars = [AtLeast(OURS, PLAIN, times)]
    if env == "CartPole-v1":
        bars.append(AtLeast(OURS, JAX, 1.0))
    batches = f"batch {setting.batch_size}, {setting.n_epochs} epochs"
    return Case(
        name=f"ppo-{FAMILIES[env]}-{setting.n_envs}",
        title=f"PPO, {env}, {setting.n_envs} at once, {batches}",
        unit="step",
        contenders=contenders(setting, steps),
        bars=tuple(bars),
    )


CLASSIC, MUJOCO = ("CartPole-v1", "Pendulum-v1"), ("HalfCheetah-v5", "Hopper-v5")

CASES = (
    *(case(env, 10.0, 4096, n_envs=1, n_steps=2048) for env in CLASSIC),
    *(case(env, 10.0, 4096, n_envs=8, n_steps=256) for env in CLASSIC),
    *(case(env, 6.0, 8192, n_envs=16, n_steps=128, batch_size=256, n_epochs=4) for env in CLASSIC),
    *(case(env, 3.0, 4096, n_envs=8, n_steps=256) for env in MUJOCO),
)
