"""Workers that die, hang, or lose their controller cost only their own source."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import wait
from pathlib import Path
from types import SimpleNamespace

import pytest

from rltransfer.errors import WorkerDied
from rltransfer.experiment import controller
from rltransfer.experiment.events import Events
from rltransfer.experiment.loop import run_experiment
from rltransfer.experiment.spec import Experiment
from rltransfer.experiment.workers import worker_pool
from rltransfer.runs import Run

NOTICED = 1.0  # seconds until a death is known
FIRST = "length=0.158114"  # the source that is trained first


class Lost(Events):
    """Remembers which trainings began again, why, and when."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def repeated(self, label: str, why: str) -> None:
        self.heard.append((label, why))


def study(**tables: object) -> Experiment:
    return Experiment.of(
        "cartpole", vary=["length"], targets=5, rounds=2, selection={"selector": "equidistant"},
        evaluation={"episodes": 2}, **tables,
    )  # fmt: skip


def working(trouble: Callable[[SimpleNamespace], None]) -> Callable[[object], object]:
    """Return what workers do instead of training; first they get into trouble.

    It is made here so that it travels to them by value: they cannot import a test.
    """

    def train(job):
        import types

        import numpy as np

        from rltransfer.experiment.pulse import Pulse
        from rltransfer.runs import SourceRecord

        class Policy:
            def save(self, folder):
                (folder / "policy.json").write_text("{}")

        Pulse(job.progress).beat()
        tried = job.working / "tried"
        tried.mkdir(parents=True, exist_ok=True)
        attempt = len(list(tried.iterdir()))
        (tried / str(attempt)).touch()
        trouble(types.SimpleNamespace(label=job.label, attempt=attempt))
        (own,) = job.context.values()
        returns = np.add.outer(100.0 - 10.0 * np.abs(np.arange(5) - own), np.arange(2.0))
        record = SourceRecord(
            key=job.key, context=job.context, returns=returns, lengths=np.ones((5, 2), int),
            curve=((1, 1.0),), steps=1, seconds=1.0, seed=1, started=0.0, finished=1.0,
            stages=("stub",),
        )  # fmt: skip
        return record, Policy()

    return train


@pytest.fixture
def run(tmp_path, monkeypatch) -> Callable[..., tuple[Run, list[tuple[str, str]]]]:
    """Run the study with workers that get into trouble; return what came of it."""
    monkeypatch.setattr(controller, "prepare", os.fspath)  # nothing to load

    def call(trouble: Callable[[SimpleNamespace], None], **options: object):
        events = Lost()
        monkeypatch.setattr(controller, "train_and_evaluate", working(trouble))
        (made,) = run_experiment(study(), tmp_path, jobs=2, events=events, **options)
        return made, events.heard

    return call


def test_a_killed_worker_costs_only_its_own_source(run):
    def trouble(job):
        import os
        import signal

        if (job.label, job.attempt) == (FIRST, 0):
            os.kill(os.getpid(), signal.SIGKILL)

    made, repeated = run(trouble)
    died = "its worker process died: killed, or out of memory"
    assert repeated == [(FIRST, died)]
    assert made.failures() == {}
    assert {record.label for record in made.sources().values()} >= {FIRST}


def test_a_source_that_kills_every_worker_is_given_up_and_named(run):
    def trouble(job):
        import os
        import signal

        if job.label == FIRST:
            os.kill(os.getpid(), signal.SIGKILL)

    made, repeated = run(trouble)
    assert [label for label, _ in repeated] == [FIRST] * 2
    (failure,) = made.failures().values()
    assert failure.label == FIRST
    assert failure.reason.endswith("killed, or out of memory, in each of 3 attempts")
    assert len(made.sources()) == 1  # of two rounds


def test_a_hung_training_is_killed_and_begins_again(run):
    def trouble(job):
        import time

        if (job.label, job.attempt) == (FIRST, 0):
            time.sleep(600)

    began = time.monotonic()
    made, repeated = run(trouble, step_timeout=2.0)
    assert repeated == [(FIRST, "it gave no sign of life for 2 s")]
    assert made.failures() == {}
    assert time.monotonic() - began < 60


def test_a_death_is_noticed_at_once_and_the_other_worker_goes_on():
    with worker_pool(2) as crew:
        first = {crew.submit(os.getpid).result(timeout=60)}
        doomed, fine = crew.submit(time.sleep, 60), crew.submit(time.sleep, 1.5)
        began = time.monotonic()
        os.kill(first.pop(), signal.SIGKILL)
        with pytest.raises(WorkerDied, match="its worker process died"):
            doomed.result(timeout=10)
        assert time.monotonic() - began < NOTICED
        assert fine.result(timeout=60) is None
        assert crew.submit(os.getpid).result(timeout=60)


def test_workers_that_train_nothing_end_when_they_are_asked_to_stop():
    with worker_pool(2) as crew:
        starting = [crew.submit(time.sleep, 60) for _ in range(2)]
        crew.ask_to_stop()
        assert not wait(starting, timeout=10).not_done
        assert crew.submit(os.getpid).result(timeout=60)
        busy = crew.submit(time.sleep, 60)
        crew.ask_to_stop()
        assert isinstance(busy.exception(timeout=10), WorkerDied)


def test_workers_are_in_groups_of_their_own():
    with worker_pool(2) as crew:
        groups = {crew.submit(os.getpgrp).result(timeout=30) for _ in range(2)}
        blocked = crew.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result(timeout=30)
    assert os.getpgrp() not in groups
    assert signal.SIGINT in blocked  # from the first moment, before it has a group


ORPHANS = """
import os, time
from rltransfer.experiment.workers import worker_pool
def work():
    import os
    os.write(1, b"%d\\n" % os.getpid())  # at once: two may write
    while True:
        pass
with worker_pool(2) as crew:
    jobs = [crew.submit(work) for _ in range(2)]
    time.sleep(60)
"""


def alive(pid: int) -> bool:
    """Say whether a process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_in_the_midst_of_work_are_gone_when_their_parent_is_killed():
    process = subprocess.Popen(
        [sys.executable, "-c", ORPHANS], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    workers = [int(process.stdout.readline()) for _ in range(2)]
    process.kill()
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 5
    while any(map(alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, workers))
