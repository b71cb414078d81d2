"""Measuring a case: its contenders take turns, so that whatever disturbs one disturbs all."""

from __future__ import annotations

import datetime
import gc
from collections.abc import Callable
from contextlib import ExitStack

from harness.case import Case, Unavailable, Work
from harness.clock import spend
from harness.measured import Measured, Turn

__all__ = ["measure"]

Say = Callable[[str], object]
"""Takes a line of text."""


def measure(
    case: Case, rounds: int | None = None, say: Callable[[str], object] = print
) -> Measured:
    """Measure a case; contenders that cannot be measured here are left out, and said so.

    Args:
        case: what to measure.
        rounds: instead of the case's own number.
        say: hears who is left out.

    Raises:
        RuntimeError: if nobody is left.
    """
    missing: dict[str, str] = {}
    with ExitStack() as closing:
        works: dict[str, Work] = {}
        for name, prepare in case.contenders.items():
            try:
                works[name] = closing.enter_context(prepare())
                for _ in range(case.warm_ups):
                    works[name]()
            except Unavailable as reason:
                works.pop(name, None)
                missing[name] = str(reason)
                say(f"    {name} is not measured: {reason}")
        if not works:
            raise RuntimeError("none of its contenders can be measured here.")
        turns: dict[str, list[Turn]] = {name: [] for name in works}
        for _ in range(rounds or case.rounds):
            for name, work in works.items():
                turns[name].append(take_turn(work))
    date = datetime.date.today().isoformat()
    return Measured(case.name, case.title, case.unit, date, turns, missing)


def take_turn(work: Work) -> Turn:
    """Time one contender's turn."""
    gc.collect()
    amount, spent = spend(work)
    return Turn(amount, *spent)
