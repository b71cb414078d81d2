"""Recorded observations as one policy's own networks see them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from rltransfer.data import Transitions
from rltransfer.errors import InvalidPolicy
from rltransfer.training.actor import standardiser
from rltransfer.training.offline.samples import seen
from rltransfer.training.policy import Policy
from rltransfer.training.problem import TrainingProblem

__all__ = ["policy_inputs"]


def policy_inputs(
    policy: Policy, problem: TrainingProblem, data: Transitions, observations: NDArray[np.float32]
) -> Tensor:
    """Return observations standardised by the policy's statistics, not by the data's: (T, o).

    Args:
        policy: made by an earlier stage, or inherited with statistics of other data.
        problem: says which context features are visible.
        data: where the observations are from.
        observations: of `data`, before or after its steps, shape (T, o without features).

    Raises:
        InvalidPolicy: if the policy takes observations of another size.
    """
    x = seen(problem, observations, data)
    if x.shape[1] != policy.observation_size:
        raise InvalidPolicy(
            f"the policy takes observations of {policy.observation_size} numbers, and the data of "
            f"{problem.label} have {x.shape[1]}. Start from a policy of this family with the same "
            "visible features."
        )
    return torch.tensor(standardiser(policy.spec.normalization)(x), dtype=torch.float32)
