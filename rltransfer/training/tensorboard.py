"""Logs of a training for TensorBoard, written by Stable-Baselines3's own logger.

Off by default. A log changes no result. FastPPO and FastDQN record what Stable-Baselines3's own
loops do: `train/…` of every update, `time/…`, and here `eval/mean_reward` at every look.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from rltransfer.errors import MissingDependency, StorageError

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm

__all__ = ["Logged", "log_interval", "logged", "require_tensorboard"]

NEVER = 2**31
"""Rollouts between two dumps of a log that nobody wants."""

EPISODES = 4
"""Episodes between two dumps of an algorithm that learns by the step; Stable-Baselines3's own."""


@runtime_checkable
class Logged(Protocol):
    """A monitor that may want logs of the training that it watches."""

    @property
    def tensorboard(self) -> Path | None:
        """The folder for them; None for no logs."""


@contextmanager
def logged(agent: BaseAlgorithm, monitor: object) -> Iterator[None]:
    """Log what an agent does within the block, if its monitor wants that.

    Raises:
        MissingDependency: if TensorBoard is not installed.
        StorageError: if the folder cannot be made.
    """
    folder = monitor.tensorboard if isinstance(monitor, Logged) else None
    if folder is None:
        yield
        return
    from stable_baselines3.common import logger

    require_tensorboard()
    try:
        writer = logger.TensorBoardOutputFormat(str(folder))
    except OSError as error:
        raise StorageError(f"{folder} cannot hold logs: {error.strerror or error}.") from None
    agent.set_logger(logger.Logger(folder=str(folder), output_formats=[writer]))
    try:
        yield
        agent.logger.dump(agent.num_timesteps)
    finally:
        agent.logger.close()


def require_tensorboard() -> None:
    """Say what is missing, before anything is trained.

    Raises:
        MissingDependency: if TensorBoard is not installed.
    """
    if find_spec("tensorboard") is None:
        raise MissingDependency(
            "logs for TensorBoard need tensorboard, which is not installed. "
            'Try: pip install "rltransfer[track]", or leave out tensorboard.'
        )


def log_interval(agent: BaseAlgorithm) -> int:
    """Return how often an agent dumps its log: by rollouts, or by episodes where it has none."""
    if not agent.logger.output_formats:
        return NEVER
    return 1 if hasattr(agent, "rollout_buffer") else EPISODES
