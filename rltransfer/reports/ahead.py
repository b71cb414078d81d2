"""What another source is expected to win: whether a study has enough of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rltransfer.contexts import Context
from rltransfer.experiment.lanes import LaneState
from rltransfer.experiment.worth import advice
from rltransfer.reports.study import Study

__all__ = ["Ahead"]


@dataclass(frozen=True)
class Ahead:
    """What the study's own selector expects of one source more, after the last of one seed.

    Attributes:
        seed: of the run.
        rounds: how many sources it has.
        context: the source that would be next.
        gain: by how much it is expected to raise V, in returns.
        error: the standard error of that, or None.
        stopped: whether the run ended before its last round because that is too little.
        text: the same in words, without a full stop.
    """

    seed: int
    rounds: int
    context: Context
    gain: float
    error: float | None
    stopped: bool
    text: str

    @classmethod
    def of(cls, seed: int, state: LaneState) -> Ahead | None:
        """Ask a selector once more; None where it predicts nothing."""
        following = state.following
        if following is None or following.predicted_gain is None:
            return None
        return cls(
            seed=seed,
            rounds=len(state.picks),
            context=following.context,
            gain=following.predicted_gain,
            error=following.predicted_error,
            stopped=state.stopped is not None,
            text=state.stopped or advice(following),
        )

    @classmethod
    def of_study(cls, study: Study) -> tuple[Ahead, ...]:
        """Ask the study's selector in every seed."""
        asked = (cls.of(replicate.seed, replicate.own) for replicate in study.replicates)
        return tuple(ahead for ahead in asked if ahead is not None)

    @property
    def sentence(self) -> str:
        """The words as a sentence."""
        return f"{self.text[0].upper()}{self.text[1:]}."

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {
            "seed": self.seed,
            "rounds": self.rounds,
            "context": dict(self.context),
            "predicted_gain": self.gain,
            "predicted_error": self.error,
            "stopped": self.stopped,
            "text": self.sentence,
        }
