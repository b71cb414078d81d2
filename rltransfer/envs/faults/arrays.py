"""Arrays of n members: what a step of a batch must return.

Notation
    n    members
    o    numbers in an observation
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np
from numpy.typing import NDArray

from rltransfer.envs.faults.fault import NARROW, Fault, brief

if TYPE_CHECKING:
    from rltransfer.envs.simulators.base import Transition

__all__ = ["require_array", "require_finite", "require_observations", "require_transition"]

FLOAT64, BOOL = np.dtype(np.float64), np.dtype(np.bool_)


def require_transition(
    step: Transition, space: gym.spaces.Box, n: int, live: NDArray[np.bool_] | None = None
) -> None:
    """Refuse what a step of a batch returned, if it has another shape or is not finite.

    Args:
        step: of all n members.
        space: of one observation.
        n: members.
        live: (n,) whose numbers matter; None for all.

    Raises:
        Fault: naming the field, and the row where there is one.
    """
    if not is_sound(step, space, n):
        require_array("rewards", step.rewards, (n,), FLOAT64)
        require_array("terminations", step.terminated, (n,), BOOL)
        if step.truncated is not None:
            require_array("truncations", step.truncated, (n,), BOOL)
        require_array("observations", step.observations, (n, *space.shape), space.dtype)
        require_finite("an observation", step.observations, live)
        require_finite("a reward", step.rewards, live)


def is_sound(step: Transition, space: gym.spaces.Box, n: int) -> bool:
    """Say the same in a microsecond, for a step is not much longer."""
    seen, rewards, terminated, truncated = step
    try:
        return (
            (truncated is None or (truncated.shape == (n,) and truncated.dtype == BOOL))
            and seen.shape[0] == n
            and seen.shape[1:] == space.shape
            and rewards.shape == terminated.shape == (n,)
            and seen.dtype == space.dtype
            and rewards.dtype == FLOAT64
            and terminated.dtype == BOOL
            and np.count_nonzero(np.isfinite(seen)) == seen.size  # half the time of `all`
            and np.count_nonzero(np.isfinite(rewards)) == n
        )
    except (AttributeError, IndexError):
        return False


def require_observations(observations: Any, space: gym.spaces.Box, rows: NDArray[np.intp]) -> None:
    """Refuse what a reset of some rows of a batch returned, if it has another shape or a NaN.

    Raises:
        Fault: naming the row where there is one.
    """
    require_array("observations", observations, (len(rows), *space.shape), space.dtype)
    require_finite("an observation", observations, rows=rows)


def require_array(name: str, values: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse what is no array of this shape, or of a type that does not fit into this one."""
    if not isinstance(values, np.ndarray):
        raise Fault(f"returned {name} that should be an array: {brief(values)}")
    if values.shape != shape:
        raise Fault(f"returned {name} of shape {values.shape}; expected {shape}")
    if values.dtype != dtype and not np.can_cast(values.dtype, dtype):
        raise Fault(f"returned {name} of type {values.dtype}; expected {dtype}")


def require_finite(
    name: str,
    values: NDArray[Any],
    live: NDArray[np.bool_] | None = None,
    rows: NDArray[np.intp] | None = None,
) -> None:
    """Refuse a NaN or an infinity in what belongs to n members, (n,) or (n, ...).

    Args:
        name: of the field, with its article.
        values: of the members.
        live: (n,) whose numbers matter; None for all.
        rows: (n,) of the batch that they are; None where these are all of it.
    """
    if np.count_nonzero(np.isfinite(values)) == values.size:
        return
    numbers = values.reshape(len(values), -1)
    wrong = ~np.isfinite(numbers)
    if live is not None:
        wrong &= live[:, np.newaxis]
    places = np.argwhere(wrong)
    if len(places):
        i, at = places[0].tolist()
        which = f"its number {at} is " if values.ndim > 1 else ""
        clause = f"returned {name} that is not finite: {which}{numbers[i, at]}"
        raise Fault(clause, i if rows is None else int(rows[i]), NARROW)
