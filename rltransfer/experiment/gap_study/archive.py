"""A Stable-Baselines3 archive as a policy; its algorithm is read off its weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rltransfer.contexts import Context
from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidPolicy

if TYPE_CHECKING:
    from rltransfer.training.policy import Policy

__all__ = ["SUFFIX", "load_archive"]

SUFFIX = ".zip"

MARKS = {"DQN": "q_net.", "SAC": "actor.log_std", "TD3": "actor_target.", "PPO": "action_net."}
"""How a weight's name begins that no other algorithm has. A2C's policies are PPO's."""


def load_archive(
    path: Path, algorithm: str | None, env: ContextualEnv, home: Sequence[Context] = ()
) -> Policy:
    """Read an agent that anyone saved with Stable-Baselines3; runs no code from the file.

    Args:
        path: the zip.
        algorithm: that it was trained with; read off the weights if None.
        env: the family that it acts in.
        home: what it was trained in; the default context stands in where that is not known.

    Raises:
        InvalidPolicy: if it is no such archive, or its policy cannot act in the family.
        UnknownName: if there is no such algorithm.
    """
    from rltransfer.training.problem import TrainingProblem
    from rltransfer.training.sb3_import import import_sb3

    problem = TrainingProblem(env, home or [env.space.default])
    return import_sb3(path, algorithm or algorithm_of(path), problem)


def algorithm_of(path: Path) -> str:
    """Return the algorithm whose policies have the weights that an archive holds.

    Raises:
        InvalidPolicy: if it is no archive of Stable-Baselines3, or of none that is known.
    """
    from rltransfer.training.sb3_import import read_members, read_tensors

    try:
        weights = read_tensors(read_members(path)[1])
    except InvalidPolicy as error:
        if str(error).startswith(str(path)):
            raise
        raise InvalidPolicy(f"{path} is no policy of Stable-Baselines3: {error}") from None
    for algorithm, mark in MARKS.items():
        if any(name.startswith(mark) for name in weights):
            return algorithm
    raise InvalidPolicy(
        f"{path} holds the weights of no algorithm that is known here; known are "
        f"{', '.join(MARKS)} and A2C, with their own policy classes."
    )
