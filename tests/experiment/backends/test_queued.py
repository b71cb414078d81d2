"""submitit's own local executor stands for a cluster's queue."""

import operator
import os
import time
from concurrent.futures import wait
from functools import partial

import pytest

from rltransfer.envs.cores import thread_count
from rltransfer.errors import InvalidExperiment, WorkerDied
from rltransfer.experiment.backends.queued import QueuedCall
from rltransfer.experiment.backends.slurm import Queue
from rltransfer.experiment.spec import Experiment

submitit = pytest.importorskip("submitit")


@pytest.fixture
def queue(monkeypatch):
    monkeypatch.setattr(submitit.LocalJob, "_results_timeout_s", 0)
    return Queue(submitit.LocalExecutor, jobs=2, poll=0.05)


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "study" / "seed-0"
    folder.mkdir(parents=True)
    return folder


def test_calls_come_back_and_leave_nothing(queue, run):
    with queue.open(run) as workers:
        assert workers.count == 2
        assert workers.crew.submit(thread_count).result(30) == 1  # a worker is one core
    assert not list((run.parent / "submitit" / "seed-0").iterdir())
    assert not list(run.iterdir())


def test_an_error_comes_back_as_itself_and_a_death_as_a_sentence(queue, run, tmp_path):
    with queue.open(run) as workers:
        bad = workers.crew.submit(Experiment.read, tmp_path / "none.toml")
        dead = workers.crew.submit(os._exit, 1)
        with pytest.raises(InvalidExperiment, match=r"none\.toml cannot be read"):
            bad.result(30)
        with pytest.raises(WorkerDied, match=r"ended without a result.*its log is .*log\.err"):
            dead.result(30)


def test_given_up_calls_end(queue, run, tmp_path):
    with queue.open(run) as workers:
        begun, late = tmp_path / "begun", tmp_path / "late"
        future = workers.crew.submit(os.system, f"touch {begun}; sleep 20; touch {late}")
        while not begun.exists():
            time.sleep(0.05)
        sent = workers.crew._sent[future]
        workers.crew.end(future)
        wait([future], timeout=10)
        assert future.cancelled()
    assert not sent.leave.exists()
    assert sent.job._process.wait(10) is not None
    assert not late.exists()


def test_what_a_killed_controller_queued_is_cancelled(queue, run, monkeypatch):
    folder = run.parent / "submitit" / "seed-0"
    folder.mkdir(parents=True)
    (folder / "123_submitted.pkl").touch()
    cancelled = []
    monkeypatch.setattr(
        submitit.LocalJob, "cancel", lambda job, check: cancelled.append(job.job_id)
    )
    with queue.open(run):
        assert cancelled == ["123"]
    assert not list(folder.iterdir())


def test_time_that_is_up_queues_the_same_call_again(run):
    call = QueuedCall(partial(operator.add, 1))
    again = call.checkpoint(2)
    assert again.function is call
    assert again.result() == 3


def test_any_error_is_brought_back_as_a_value():
    assert isinstance(QueuedCall(partial(operator.truediv, 1))(0), ZeroDivisionError)
