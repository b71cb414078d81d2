"""Jobs in workers' hands, by a clock that a test can turn."""

import os
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest

from rltransfer.errors import Interrupted, SourceFailed, WorkerDied
from rltransfer.experiment import flights as module
from rltransfer.experiment.flights import TO_START, Flights
from rltransfer.experiment.workers import Crew

TIMEOUT = 10.0


@dataclass(frozen=True)
class Job:
    key: str
    progress: Path

    @property
    def label(self) -> str:
        return self.key


class ByHand(Crew):
    """Workers that do what the test says."""

    def __init__(self):
        self.futures, self.ended, self.asked = [], [], False

    def submit(self, fn, /, *args, **kwargs):
        self.futures.append(Future())
        self.futures[-1].set_running_or_notify_cancel()
        return self.futures[-1]

    def end(self, future):
        self.ended.append(future)
        future.set_exception(WorkerDied("killed."))

    def ask_to_stop(self):
        self.asked = True


class Clock:
    """The time module, as far as it is looked at."""

    now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module.time, "monotonic", clock.monotonic)
    monkeypatch.setattr(module, "wait", lambda futures, **_: (set(futures), set()))
    return clock


@pytest.fixture
def crew():
    return ByHand()


@pytest.fixture
def heard():
    return []


@pytest.fixture
def flights(crew, heard, clock):
    return Flights(crew, TIMEOUT, lambda label, why: heard.append((label, why)))


@pytest.fixture
def job(tmp_path):
    return Job("x", tmp_path / "progress")


def live(job, moment):
    """Give a sign of life."""
    job.progress.touch()
    os.utime(job.progress, (moment, moment))


def test_what_is_done_lands_once(flights, crew, job):
    flights.launch(str, job)
    crew.futures[0].set_result(7)
    (landing,) = flights.landed()
    assert (landing.result, landing.error, landing.flight.job) == (7, None, job)
    assert (flights.landed(), len(flights)) == ([], 0)


@pytest.mark.parametrize("error", [WorkerDied("its worker died."), Interrupted("asked.")])
def test_a_lost_job_begins_again_twice_and_then_lands(flights, crew, job, heard, error):
    flights.launch(str, job)
    live(job, 1.0)
    for attempt in range(3):
        crew.futures[attempt].set_exception(error)
        landed = flights.landed()
        assert not job.progress.exists() or attempt == 2  # nothing of the attempt before is read
    assert heard == [("x", str(error).rstrip("."))] * 2
    assert (landed[0].error, landed[0].flight.attempt) == (error, 3)


def test_a_training_that_fails_is_not_repeated(flights, crew, job, heard):
    flights.launch(str, job)
    crew.futures[0].set_exception(SourceFailed("it diverged."))
    assert len(flights.landed()) == 1
    assert heard == []


def test_a_job_is_hung_when_no_sign_follows_the_last(flights, crew, clock, job, heard):
    flights.launch(str, job)
    for moment in (1.0, 2.0, 3.0):
        clock.now += 0.9 * TIMEOUT
        live(job, moment)
        flights.wait(0.0)
    clock.now += 0.9 * TIMEOUT
    flights.wait(0.0)
    assert crew.ended == []
    clock.now += 0.2 * TIMEOUT
    flights.wait(0.0)
    assert crew.ended == [crew.futures[0]]
    assert flights.landed() == []
    assert heard == [("x", "it gave no sign of life for 10 s")]


def test_the_first_sign_may_take_longer(flights, crew, clock, job):
    flights.launch(str, job)
    flights.wait(0.0)
    clock.now += TIMEOUT + 0.9 * TO_START
    flights.wait(0.0)
    assert crew.ended == []
    clock.now += 0.2 * TO_START
    flights.wait(0.0)
    assert len(crew.ended) == 1


def test_a_job_that_waits_for_a_worker_is_not_hung(flights, crew, clock, job, monkeypatch):
    def submit(fn, /, *args, **kwargs):
        crew.futures.append(Future())  # in a queue
        return crew.futures[-1]

    monkeypatch.setattr(crew, "submit", submit)
    flights.launch(str, job)
    clock.now += 1e6
    flights.wait(0.0)
    assert crew.ended == []


def test_stopping_returns_what_is_finished(flights, crew, tmp_path):
    for name in "ab":
        flights.launch(str, Job(name, tmp_path / name))
    crew.futures[0].set_result(1)
    crew.futures[1].set_exception(Interrupted("asked."))
    (landing,) = flights.stop(0.0)
    assert (crew.asked, landing.flight.job.key, landing.result) == (True, "a", 1)
