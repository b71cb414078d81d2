"""Trainings from recorded data that are compared, by name: which stages each goes through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from rltransfer.envs import ContextualEnv, TrainingDefaults
from rltransfer.training.offline_recipes import CloneThenPPO, Kit, OfflineOnly, UniO4
from rltransfer.training.trainer import Trainer

if TYPE_CHECKING:
    from rltransfer.training.stage import Stage

__all__ = ["ARMS", "offline_trainer"]


def cloning(kit: Kit) -> Sequence[Stage]:
    """Behaviour cloning of one policy."""
    from rltransfer.training.offline.cloning import Cloning

    return [Cloning(kit.network, kit.view, members=1)]


def iql(kit: Kit) -> Sequence[Stage]:
    """Implicit Q-learning, its policy extracted by advantage-weighted regression."""
    from rltransfer.training.offline.extraction import ExtractIQL
    from rltransfer.training.offline.iql import FitIQL

    return [FitIQL(kit.view), ExtractIQL(kit.network, kit.view)]


ARMS: Mapping[str, Callable[[Kit], Sequence[Stage]]] = MappingProxyType(
    {
        "cloning": cloning,
        "iql": iql,
        "uni-o4-offline": lambda kit: OfflineOnly().from_data(kit),
        "uni-o4": lambda kit: UniO4().from_data(kit),
        "cloning+ppo": lambda kit: CloneThenPPO().from_data(kit),
    }
)
"""What a file may call a training from data; the first three take no environment step."""


def offline_trainer(
    arm: str, env: ContextualEnv, defaults: TrainingDefaults, observe: Sequence[str] = ()
) -> Trainer:
    """Return the stages of an arm.

    Args:
        arm: a name of `ARMS`.
        env: the family.
        defaults: of PPO, whose networks and online settings all arms share.
        observe: the context features that the policy sees.
    """
    kit = OfflineOnly("PPO", defaults, tuple(observe)).kit(env)
    return Trainer(ARMS[arm](kit))
