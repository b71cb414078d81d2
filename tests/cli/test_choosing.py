"""What selectors say while a run goes on."""

from io import StringIO
from types import SimpleNamespace

import pytest
from rich.console import Console
from rich.progress import Progress

from rltransfer.cli import choosing
from rltransfer.cli.display import LiveEvents, PlainEvents
from rltransfer.contexts import Context
from rltransfer.selection import Proposal

FIRST = Proposal(0, Context(length=0.7), "nothing is trained yet [middle]")
SECOND = Proposal(1, Context(length=2.0), "expected to raise V by 25 ± 8", 300.0, 25.0, 8.0)
STOPPED = "another source is expected to raise V by 1, less than 2: stopped after 2 of 6 rounds"


def plain(monkeypatch, out):
    monkeypatch.setattr(choosing, "console", Console(file=out, width=60))
    return PlainEvents()


def live(monkeypatch, out):
    return LiveEvents(Progress(console=Console(file=out, width=60)))


@pytest.mark.parametrize("events_of", [plain, live])
def test_each_choice_what_it_won_and_why_it_ends(monkeypatch, events_of):
    out = StringIO()
    events = events_of(monkeypatch, out)
    events.proposed("matrix-gp", FIRST)
    events.learned("matrix-gp", FIRST, SimpleNamespace(value=400.0, gain=400.0))
    events.proposed("matrix-gp", SECOND)
    events.learned("matrix-gp", SECOND, SimpleNamespace(value=431.0, gain=31.0))
    events.stopped("matrix-gp", STOPPED)
    assert out.getvalue().splitlines() == [
        "matrix-gp chose length=0.7: nothing is trained yet [middle].",
        "matrix-gp: V is now 400.0.",
        "matrix-gp chose length=2: expected to raise V by 25 ± 8.",
        "matrix-gp: V is now 431.0, +31.0 by length=2 (25 ± 8 was expected).",
        f"matrix-gp: {STOPPED}.",
    ]
