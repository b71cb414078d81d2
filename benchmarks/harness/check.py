"""Whether we have become slower: ratios of today's run against the committed ones.

Only ratios are compared, never times: both sides of a ratio are measured in the same run, so that
the machine and its load cancel out as far as they can.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.case import AtLeast, Case
from harness.measured import Measured

__all__ = ["TOLERANCE", "regressions"]

TOLERANCE = 0.25
"""By what share a ratio may lie below the committed one."""


def regressions(case: Case, today: Measured, committed: Measured) -> Iterator[str]:
    """Yield a sentence for every bar whose ratio has fallen."""
    for one, other in compared(case):
        if any(name not in run.turns for run in (today, committed) for name in (one, other)):
            continue
        now, then = today.ratio(one, other).median, committed.ratio(one, other).median
        if now < (1.0 - TOLERANCE) * then:
            yield (
                f"{case.name}: {one} is {now:.3g} times as fast as {other}; it was {then:.3g} "
                f"times on {committed.date}, and may fall by {TOLERANCE:.0%}."
            )


def compared(case: Case) -> Iterator[tuple[str, str]]:
    """Yield the contenders that the bars of a case compare; bars in seconds, with the first."""
    first = next(iter(case.contenders))
    for bar in case.bars:
        yield bar.contender, bar.other if isinstance(bar, AtLeast) else first
