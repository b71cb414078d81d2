"""One pass over a rollout: a gradient and a step of Adam for each minibatch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.compiling import compiled_loosely
from rltransfer.training.kernels.adam import Adam, Groups, descend
from rltransfer.training.kernels.objective import (
    Experience,
    Loss,
    Networks,
    gradient_of_loss,
    make_room,
)

__all__ = ["one_epoch"]

Array = NDArray[np.floating[Any]]


@compiled_loosely
def one_epoch(
    parameters: Array,
    networks: Networks,
    seen: Experience,
    batches: tuple[NDArray[np.int64], int],
    loss: Loss,
    adam: Adam,
    groups: Groups,
    limits: tuple[float, float],
    steps: int,
    findings: Array,
) -> int:
    """Update the parameters in place; return how many minibatches were looked at.

    Args:
        parameters: the weights, (P,), changed in place.
        networks: what they mean.
        seen: the rollout.
        loss: its settings.
        adam: its memory, changed in place.
        groups: of parameters.
        batches: an order of the N transitions, and how many make a minibatch.
        limits: largest norm of the gradient, and KL after which the epoch ends without a step.
        steps: of Adam so far.
        findings: (minibatches, 5), written; see `FINDINGS`.
    """
    order, size = batches
    largest, most_kl = limits
    room = make_room(networks, seen, size)
    gradient = np.empty_like(parameters)
    for n in range(len(findings)):
        chosen = order[n * size : (n + 1) * size]
        gradient_of_loss(
            parameters, networks, seen, chosen, loss, room, gradient, findings[n]
        )  # fmt: skip
        if findings[n, 4] > most_kl:
            return n + 1
        descend(parameters, gradient, adam, groups, largest, steps + n + 1)
    return len(findings)
