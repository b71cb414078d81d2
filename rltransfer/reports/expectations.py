"""What a selector expected of its sources, beside what came of them: whether to trust its model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rltransfer.contexts import Context
from rltransfer.experiment.lanes import LaneState

__all__ = ["Expectation", "within"]


@dataclass(frozen=True)
class Expectation:
    """One round of a selector, in returns.

    Attributes:
        round: from 2 on; of the first round nothing is expected, unless policies from
            elsewhere were known before it.
        source: what was trained.
        predicted_set_point, set_point: its return on its own context; None if not predicted.
        predicted_gain, error: by how much it was to raise V, and the standard error or None.
        gain: by how much it did.
    """

    round: int
    source: Context
    predicted_set_point: float | None
    set_point: float
    predicted_gain: float
    error: float | None
    gain: float

    @classmethod
    def of_lane(cls, state: LaneState) -> tuple[Expectation, ...]:
        """Return the rounds of which a gain was predicted."""
        set_points = state.transfer.set_points
        return tuple(
            cls(
                round=k + 1,
                source=pick.context,
                predicted_set_point=pick.predicted_set_point,
                set_point=float(set_points[k]),
                predicted_gain=pick.predicted_gain,
                error=pick.predicted_error,
                gain=gain,
            )
            for k, (pick, gain) in enumerate(zip(state.picks, state.gains, strict=True))
            if gain is not None and pick.predicted_gain is not None
        )


def within(expected: Sequence[Expectation]) -> tuple[int, int]:
    """Return how many gains lie within two standard errors of the prediction, of how many."""
    told = [(e.gain - e.predicted_gain, e.error) for e in expected if e.error is not None]
    return sum(abs(off) <= 2.0 * error for off, error in told), len(told)
