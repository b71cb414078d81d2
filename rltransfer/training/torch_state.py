"""Networks, optimisers and arrays as parts of a training that are kept. Imports torch.

See `kept.Kept`. What is put back is written into the tensors and arrays that are there, so that
whoever holds them goes on with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rltransfer.training.kept import Tree

__all__ = ["ArrayState", "ModuleState", "OptimizerState", "array_of"]


class ModuleState:
    """The weights and buffers of a network.

    Args:
        module: the network.
    """

    def __init__(self, module: torch.nn.Module) -> None:
        self._module = module

    def state(self) -> Tree:
        """Return copies of the tensors."""
        return arrays_of(self._module.state_dict())

    def restore(self, state: Tree) -> None:
        """Write them back."""
        self._module.load_state_dict(tensors_of(state))


class OptimizerState:
    """What an optimiser remembers of each parameter, and its step sizes.

    Args:
        optimizer: the optimiser.
    """

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self._optimizer = optimizer

    def state(self) -> Tree:
        """Return copies of the tensors, and the step size of each group of parameters."""
        known = self._optimizer.state_dict()["state"]
        return {
            "parameters": {str(place): arrays_of(own) for place, own in known.items()},
            "rates": [float(group["lr"]) for group in self._optimizer.param_groups],
        }

    def restore(self, state: Tree) -> None:
        """Remember them; all other settings stay the optimiser's own."""
        known = {int(place): tensors_of(own) for place, own in state["parameters"].items()}
        groups = self._optimizer.state_dict()["param_groups"]
        for group, rate in zip(groups, state["rates"], strict=True):
            group["lr"] = rate
        self._optimizer.load_state_dict({"state": known, "param_groups": groups})


class ArrayState:
    """Some arrays that are changed in place.

    Args:
        arrays: by name.
    """

    def __init__(self, **arrays: NDArray[Any]) -> None:
        self._arrays = arrays

    def state(self) -> Tree:
        """Return copies."""
        return {name: own.copy() for name, own in self._arrays.items()}

    def restore(self, state: Tree) -> None:
        """Write them back."""
        for name, own in self._arrays.items():
            own[...] = state[name]


def arrays_of(tensors: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Return the tensors of a table as arrays of their own."""
    return {name: array_of(own) for name, own in tensors.items() if isinstance(own, torch.Tensor)}


def array_of(tensor: torch.Tensor) -> NDArray[Any]:
    """Return a copy of a tensor."""
    return np.array(tensor.detach().numpy())


def tensors_of(arrays: Mapping[str, NDArray[Any]]) -> dict[str, torch.Tensor]:
    """Return arrays as tensors of their own."""
    return {name: torch.tensor(own) for name, own in arrays.items()}
