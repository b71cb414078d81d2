"""Actions as networks take them: one-hot, or scaled to [-1, 1]."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from rltransfer.training.policy_spec import BoxSpace, DiscreteSpace

__all__ = ["action_encoder"]


def action_encoder(space: BoxSpace | DiscreteSpace) -> Callable[[Tensor], Tensor]:
    """Return the map from actions (…) or (…, a) to inputs (…, a).

    Continuous actions are clipped to the space's bounds first, as the environment gets them.
    """
    if isinstance(space, DiscreteSpace):
        n = space.n
        return lambda actions: torch.nn.functional.one_hot(actions, n).float()
    box = space.to_gym()
    low, high = torch.as_tensor(box.low), torch.as_tensor(box.high)
    middle, half = 0.5 * (high + low), 0.5 * (high - low)
    return lambda actions: ((actions - middle) / half).clamp(-1.0, 1.0)
