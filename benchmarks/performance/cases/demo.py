"""A source of `make demo`, trained and evaluated, now and before the code was made fast.

Set `RLTRANSFER_BEFORE` to a checkout of an earlier commit, such as `git worktree add` makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count

from harness.case import AtLeast, Case, Work
from harness.peer import Peer, earlier_self, present_self

__all__ = ["CASES"]

BEFORE, OURS = "before", "ours"


@contextmanager
def sources(start: Callable[[str], AbstractContextManager[Peer]]) -> Iterator[Work]:
    """Yield the work of one source after another; round k has seed k."""
    seeds = count()
    with start("demo_source.py") as process:
        yield lambda: process.ask(str(next(seeds)))


CASES = (
    Case(
        name="demo",
        title="A source of the demo: training, looks, 50 targets",
        unit="source",
        contenders={BEFORE: partial(sources, earlier_self), OURS: partial(sources, present_self)},
        bars=(AtLeast(OURS, BEFORE, 5.0),),
        rounds=3,
    ),
)
