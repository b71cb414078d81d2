"""What a running study says of itself."""

from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console
from rich.progress import Progress

from rltransfer.cli import display
from rltransfer.cli.display import LiveEvents, PlainEvents
from rltransfer.experiment.events import Work
from rltransfer.experiment.progress import Progress as Point
from rltransfer.experiment.progress import StageProgress

JOB = SimpleNamespace(key="k", label="length=0.7", steps=1000)
RUN = SimpleNamespace(path=Path("runs/study/seed-0"))


class Record(SimpleNamespace):
    label, steps, seconds = "length=0.7", 300, 2.0
    returns = np.full((2, 3), 5.0)


@pytest.fixture
def written(monkeypatch):
    out = StringIO()
    monkeypatch.setattr(display, "console", Console(file=out, width=100))
    return out


def test_a_log_has_a_line_per_stage(written):
    events = PlainEvents()
    events.started(JOB)
    for done in (1, 50, 100):
        events.working(JOB, StageProgress("cloning", done, 100))
    events.working(JOB, StageProgress("IQL critic", 1, 2))
    for steps in (100, 200):
        events.progressed(JOB, Point(steps, 1000, 3.0))
    assert written.getvalue().splitlines() == [
        "training length=0.7 …",
        "training length=0.7: cloning",
        "training length=0.7: IQL critic",
        "training length=0.7: online",
    ]


def test_a_log_of_trainings_with_one_stage_is_as_short_as_before(written):
    events = PlainEvents()
    events.started(JOB)
    events.progressed(JOB, Point(100, 1000, 3.0))
    assert written.getvalue() == "training length=0.7 …\n"


def test_a_bar_names_the_stage_and_how_far_it_is():
    bars = Progress(console=Console(file=StringIO()))
    events = LiveEvents(bars)
    events.began(RUN, Work(0, 0), Work(2, 2000))
    events.started(JOB)
    events.working(JOB, StageProgress("cloning", 4, 10))
    assert bars.tasks[1].description == "  length=0.7 · cloning 40 %"
    events.progressed(JOB, Point(100, 1000, 3.0))
    assert bars.tasks[1].description == "  length=0.7"


def test_bars_are_full_although_trainings_ended_early():
    bars = Progress(console=Console(file=StringIO()))
    events = LiveEvents(bars)
    events.began(RUN, Work(1, 1000), Work(3, 3000))
    events.started(JOB)
    events.progressed(JOB, Point(300, 1000, 3.0))
    assert bars.tasks[0].completed == 1300
    events.committed(JOB, Record())
    assert bars.tasks[0].completed == 2000
    events.ended(RUN)
    assert bars.tasks[0].percentage == 100
