"""Kills one after another, until a study is done in spite of them."""

from __future__ import annotations

from collections.abc import Callable

from stub_lab.command_line import CommandLine
from stub_lab.essence import committed

__all__ = ["Moment", "survive"]

Moment = Callable[[CommandLine], tuple[int, float]]
"""Says when to kill next; see `CommandLine.killed`."""


def survive(line: CommandLine, moment: Moment, kills: int) -> int:
    """Kill a study until it is done or has suffered so many kills, then let it finish.

    Args:
        line: the study, before its beginning.
        moment: asked before each kill.
        kills: at most.

    Returns:
        how many kills there were. No committed source was lost or changed by them.
    """
    suffered, before = 0, committed(line.run)
    while suffered < kills and line.killed(*moment(line)):
        suffered += 1
        now = committed(line.run)
        assert before.items() <= now.items(), "a kill has cost a committed source"
        before = now
    line.finish()
    assert before.items() <= committed(line.run).items()
    return suffered
