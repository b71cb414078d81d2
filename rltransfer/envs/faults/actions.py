"""Actions: whether an environment is asked for one that it has.

Notation
    n    members
    a    numbers in an action
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.faults.fault import Fault, brief

__all__ = ["require_action", "require_actions"]

CHOOSER = "The fault is not the environment's: look into what chooses the actions."

FEW = 64
"""Up to here a list is looked through in less time than an array."""

ROUNDING = 1e-6
"""Of a box's width: what an action may be outside it by, after arithmetic in float32."""


def require_action(action: Any, space: gym.Space[Any]) -> None:
    """Refuse an action that is not in its space.

    Raises:
        Fault: naming it.
    """
    if is_plain(action, space):
        return
    if isinstance(space, (gym.spaces.Box, gym.spaces.Discrete)):
        require_actions(np.asarray(action)[np.newaxis], space, 1)
    elif not space.contains(action):
        raise Fault(f"was given an action outside {space}: {brief(action)}", None, CHOOSER)


def is_plain(action: Any, space: gym.Space[Any]) -> bool:
    """Say of most actions in a space that they are, in a microsecond; of others nothing."""
    if isinstance(space, gym.spaces.Discrete):
        whole = type(action) is int or isinstance(action, np.integer)
        return whole and bool(0 <= action - int(space.start) < int(space.n))
    if isinstance(space, gym.spaces.Box) and isinstance(action, np.ndarray):
        return action.shape == space.shape and all_in_box(action, space)
    return False


def require_actions(
    actions: NDArray[Any],
    space: gym.spaces.Discrete | gym.spaces.Box,
    n: int,
    live: NDArray[np.bool_] | None = None,
) -> None:
    """Refuse actions, (n,) or (n, a), unless all are in their space.

    Args:
        actions: one per member.
        space: of one action.
        n: members.
        live: (n,) whose actions matter; None for all.

    Raises:
        Fault: naming the first that is not, and its row.
    """
    expected = (n, *(space.shape or ()))
    if np.shape(actions) != expected:
        shape = np.shape(actions)
        raise Fault(f"was given actions of shape {shape}, not {expected}", None, CHOOSER)
    if isinstance(space, gym.spaces.Discrete):
        if all_in_discrete(actions, space):
            return
        within = in_discrete(actions, space)
    else:
        if all_in_box(actions, space):
            return
        within = in_box(actions, space)
    wrong = np.flatnonzero(~within if live is None else ~within & live)
    if len(wrong):
        row = int(wrong[0])
        raise Fault(f"was given an action outside {space}: {actions[row].tolist()}", row, CHOOSER)


def all_in_discrete(actions: NDArray[Any], space: gym.spaces.Discrete) -> bool:
    """Say whether all actions are among the space's whole numbers."""
    if actions.dtype.kind not in "iu":
        return False
    if len(actions) > FEW:
        least, most = actions.min(), actions.max()
    else:
        values = actions.tolist()
        least, most = min(values), max(values)
    return bool(int(space.start) <= least and most < int(space.start) + int(space.n))


def in_discrete(actions: NDArray[Any], space: gym.spaces.Discrete) -> NDArray[np.bool_]:
    """Say of each action whether it is one of the space's whole numbers, (n,)."""
    if actions.dtype.kind not in "iu":
        return np.zeros(len(actions), np.bool_)
    return (actions >= space.start) & (actions < space.start + space.n)


def all_in_box(actions: NDArray[Any], space: gym.spaces.Box) -> bool:
    """Say whether all numbers lie between their bounds."""
    if actions.dtype.kind not in "iuf":
        return False
    above = np.count_nonzero(actions >= space.low)
    return bool(above + np.count_nonzero(actions <= space.high) == 2 * actions.size)


def in_box(actions: NDArray[Any], space: gym.spaces.Box) -> NDArray[np.bool_]:
    """Say of each action whether it lies between its bounds, but for rounding, (n,)."""
    if actions.dtype.kind not in "iuf":
        return np.zeros(len(actions), np.bool_)
    low, high = space.low.astype(np.float64), space.high.astype(np.float64)
    slack = ROUNDING * (high - low)
    within = (actions >= low - slack) & (actions <= high + slack)
    return np.asarray(within.reshape(len(actions), -1).all(axis=1))
