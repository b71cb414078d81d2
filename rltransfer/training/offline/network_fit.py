"""One of the networks of a model, its optimiser, and the best weights of each of its members."""

from __future__ import annotations

from torch import Tensor, nn

from rltransfer.training.kept import Together, Tree
from rltransfer.training.offline.keeper import StackKeeper
from rltransfer.training.offline.stack import StackAdam
from rltransfer.training.torch_state import ModuleState

__all__ = ["NetworkFit"]

CLIP = 10.0
"""The largest gradient norm of a member."""


class NetworkFit:
    """A stack of networks in training; each stops when it no longer improves.

    Args:
        network: all its parameters have the members as their first dimension.
        learning_rate: of Adam at first.
        patience: see `StackKeeper`.
    """

    def __init__(self, network: nn.Module, learning_rate: float, patience: int) -> None:
        self._learning_rate = learning_rate
        self._adam = StackAdam(network.parameters(), learning_rate, CLIP)
        self._keeper = StackKeeper(network, patience)
        self._parts = Together(network=ModuleState(network), adam=self._adam, keeper=self._keeper)

    def step(self, losses: Tensor, share: float) -> None:
        """Go one step down the sum of losses, with a share of the first learning rate."""
        self._adam.set_learning_rate(self._learning_rate * share)
        self._adam.step(losses.sum())

    def look(self, losses: Tensor) -> bool:
        """Note each member's loss on held-out data; return whether all have stopped."""
        return self._keeper.look(losses.flatten())

    def restore_best(self) -> None:
        """Give each member its best weights; see `StackKeeper.restore`."""
        self._keeper.restore_best()

    def state(self) -> Tree:
        """Return weights, Adam's memory, and the best so far; see `kept.Kept`."""
        return self._parts.state()

    def restore(self, state: Tree) -> None:
        """Become as it was."""
        self._parts.restore(state)
