"""What went wrong, where, and the sentence of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from rltransfer.contexts import Context
from rltransfer.errors import RLTransferError, SourceFailed

__all__ = ["NARROW", "Fault", "Place", "at_step", "brief", "failure"]

LOOK = "Look into it with: rltransfer check-env {env}."
NARROW = "Narrow the range of the context, or look into it with: rltransfer check-env {env}."

LETTERS = 200
"""Of another's message or value, quoted in ours."""


class Fault(SourceFailed):
    """What a member did wrong, as half a sentence that begins with a verb.

    Attributes:
        row: of the batch, where it is known.
        advice: what to try; may name {env}.
    """

    def __init__(self, clause: str, row: int | None = None, advice: str = LOOK) -> None:
        super().__init__(clause)
        self.row, self.advice = row, advice

    @classmethod
    def of(cls, error: Exception, row: int | None = None) -> Exception:
        """Return what any error says of a member, of a row; sentences of ours stay as they are."""
        if isinstance(error, Fault):
            return cls(str(error), error.row if row is None else row, error.advice)
        if isinstance(error, RLTransferError):
            return error
        said = " ".join(str(error).split())[:LETTERS].rstrip(".")
        kind = type(error).__name__
        return cls(f"raised {kind}: {said}" if said else f"raised {kind}", row)


class Place(NamedTuple):
    """Where in the life of a member."""

    env: str
    context: Context
    moment: str
    """Such as "at step 3 of episode 1"."""

    def __str__(self) -> str:
        return f"{self.env}[{self.context.label}], {self.moment},"


def at_step(episode: int, step: int) -> str:
    """Return the moment in words; episodes and steps count from 1, and step 0 is the reset."""
    return f"{f'at step {step}' if step else 'at the reset'} of episode {episode}"


def failure(error: Exception, place_of: Callable[[int], Place], members: int = 1) -> Exception:
    """Return what to raise where members of one family were driven and something was raised.

    Args:
        error: what was raised; sentences of ours stay as they are.
        place_of: the place of a member, given its row.
        members: how many were driven together.
    """
    fault = Fault.of(error, 0 if members == 1 else None)
    if not isinstance(fault, Fault):
        return fault
    env = place_of(0).env
    who = f"{env}, {members} members in one batch," if fault.row is None else place_of(fault.row)
    return SourceFailed(f"{who} {fault}. {fault.advice.format(env=env)}")


def brief(value: Any) -> str:
    """Quote a value with its type, in few letters."""
    return f"{repr(value)[:60]} ({type(value).__name__})"
