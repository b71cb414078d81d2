"""Early stopping for a stack: each network stops when it no longer improves, whatever others do."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from rltransfer.errors import InvalidPolicy
from rltransfer.training.kept import Tree
from rltransfer.training.torch_state import array_of

__all__ = ["StackKeeper"]


class StackKeeper:
    """Keeps the best weights of each of K networks.

    A network whose patience has run out is not looked at again, so what is kept of it does not
    depend on how long the rest of the stack goes on.

    Args:
        stack: a module whose parameters all have K as their first dimension.
        patience: looks without an improvement after which a network stops.
    """

    def __init__(self, stack: nn.Module, patience: int) -> None:
        self._parameters = list(stack.parameters())
        self._best = [p.detach().clone() for p in self._parameters]
        size = self._parameters[0].shape[0]
        self._losses = torch.full((size,), torch.inf)
        self._left = torch.full((size,), patience)
        self._patience = patience

    @torch.no_grad()
    def look(self, losses: Tensor) -> bool:
        """Note the losses on held-out data, shape (K,); return whether all have stopped."""
        better = (losses < self._losses) & (self._left > 0)
        self._losses = torch.where(better, losses, self._losses)
        self._left = torch.where(better, self._patience, self._left - 1)
        for best, now in zip(self._best, self._parameters, strict=True):
            best[better] = now[better]
        return not bool((self._left > 0).any())

    @torch.no_grad()
    def restore_best(self) -> None:
        """Put the best weights back into the stack.

        Raises:
            InvalidPolicy: if a network never had a finite loss.
        """
        if not bool(self._losses.isfinite().all()):
            raise InvalidPolicy(
                "a model could not be fitted: its loss on held-out data was never finite. Lower "
                "the learning rate, or look for extreme values in the data."
            )
        for best, now in zip(self._best, self._parameters, strict=True):
            now.copy_(best)

    def state(self) -> Tree:
        """Return the best weights, their losses, and the patience left; see `kept.Kept`."""
        best = {str(place): array_of(own) for place, own in enumerate(self._best)}
        return {"best": best, "losses": array_of(self._losses), "left": array_of(self._left)}

    def restore(self, state: Tree) -> None:
        """Become as it was."""
        for place, own in enumerate(self._best):
            own.copy_(torch.from_numpy(state["best"][str(place)]))
        self._losses, self._left = torch.tensor(state["losses"]), torch.tensor(state["left"])
