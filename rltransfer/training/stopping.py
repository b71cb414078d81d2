"""When a training has learnt enough: the same rule for cold and for warm starts."""

from __future__ import annotations

from dataclasses import dataclass

from rltransfer.errors import InvalidExperiment

__all__ = ["StoppingRule"]


@dataclass(frozen=True)
class StoppingRule:
    """Stop when the last `patience` scores all reach a return.

    Attributes:
        score: the mean return to reach, as the monitor measures it.
        patience: how many scores in a row must reach it, at least 1.

    Raises:
        InvalidExperiment: if patience is below 1.
    """

    score: float
    patience: int = 1

    def __post_init__(self) -> None:
        if self.patience < 1:
            raise InvalidExperiment(f"patience must be at least 1; got {self.patience}.")

    def met(self, scores: list[float]) -> bool:
        """Say whether the scores so far, in order, are enough; NaN never is."""
        last = scores[-self.patience :]
        return len(last) == self.patience and all(score >= self.score for score in last)
