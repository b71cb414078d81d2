"""Sources that failed: which, why, and in which seed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from rltransfer.contexts import ContextSpace
from rltransfer.reports.words import context_text
from rltransfer.runs import Failure

__all__ = ["FailedSource"]


@dataclass(frozen=True)
class FailedSource:
    """A source that has no policy, or one that could not be measured.

    Attributes:
        seed: of its run.
        source: its context, or what the policy of many contexts is called.
        reason: why, without a full stop.
        attempts: how often it was tried.
    """

    seed: int
    source: str
    reason: str
    attempts: int

    @classmethod
    def of(cls, seed: int, failure: Failure, space: ContextSpace) -> FailedSource:
        """Put a failure into words."""
        where = failure.context
        source = failure.key if where is None else context_text(space, where)
        return cls(seed, source, failure.reason.rstrip("."), failure.attempts)

    def sentence(self, seeds: int) -> str:
        """Return what failed, and why; with its seed where there are several."""
        where = f"Seed {self.seed}: " if seeds > 1 else ""
        return f"{where}{self.source}: {self.reason}."

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return asdict(self)
