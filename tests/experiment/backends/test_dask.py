import logging
import operator
import os
import signal
import threading
import time

import pytest

from rltransfer.envs.cores import thread_count
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.backends import Wish, make_backend
from rltransfer.experiment.backends.dask import Dask
from rltransfer.experiment.backends.premises import Premises
from rltransfer.experiment.loop import run_experiment
from rltransfer.experiment.spec import Experiment

distributed = pytest.importorskip("distributed")


def cluster(**asked):
    quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
    return distributed.LocalCluster(**{"n_workers": 2, "threads_per_worker": 1, **quiet, **asked})


@pytest.fixture
def here():
    """A cluster whose workers are threads of this process."""
    with cluster(processes=False) as found:
        yield found.scheduler_address


def test_calls_come_back_and_errors_as_themselves(here, tmp_path, monkeypatch):
    monkeypatch.setenv("RLTRANSFER_THREADS", "2")
    with Dask(here).open(tmp_path) as workers:
        assert workers.count == 2
        assert workers.crew.submit(operator.add, 2, 3).result(30) == 5
        assert workers.crew.submit(thread_count).result(30) == 1  # a worker is one core
        with pytest.raises(InvalidExperiment, match=r"none\.toml cannot be read"):
            workers.crew.submit(Experiment.read, tmp_path / "none.toml").result(30)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (InvalidExperiment("the worker 7 on a machine does not see it."), "worker 7 on a machine"),
        (ModuleNotFoundError("No module named 'torch'"), "cannot work for this package.*'torch'"),
    ],
)
def test_workers_are_checked_before_anything_is_trained(
    here, tmp_path, monkeypatch, fault, message
):
    def enter(self):
        raise fault

    monkeypatch.setattr(Premises, "enter", enter)
    with pytest.raises(InvalidExperiment, match=message), Dask(here).open(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_more_jobs_than_workers_may_be_asked_for(here, tmp_path):
    with make_backend("dask", Wish(jobs=5, address=here)).open(tmp_path) as workers:
        assert workers.count == 5


def test_workers_of_several_threads_are_refused(tmp_path):
    with (
        cluster(processes=False, n_workers=1, threads_per_worker=2) as found,
        pytest.raises(InvalidExperiment, match=r"has 2 threads.*--nthreads 1"),
        Dask(found.scheduler_address).open(tmp_path),
    ):
        pass


def test_without_workers_or_a_scheduler_a_sentence_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("rltransfer.experiment.backends.dask.PATIENCE", 0.3)
    with (
        cluster(processes=False, n_workers=0) as found,
        pytest.raises(InvalidExperiment, match=r"has no workers.*dask worker tcp|inproc"),
        Dask(found.scheduler_address).open(tmp_path),
    ):
        pass
    for address in ("tcp://127.0.0.1:1", "nonsense://"):
        with (
            pytest.raises(InvalidExperiment, match="no Dask scheduler answers at"),
            Dask(address).open(tmp_path),
        ):
            pass


# -- whole studies, in worker processes ------------------------------------------------------------


@pytest.fixture
def processes():
    """A cluster of two worker processes."""
    with cluster() as found:
        yield found


@pytest.mark.slow
def test_a_worker_killed_mid_training_changes_nothing(processes, small_study, same, tmp_path):
    (there,) = run_experiment(small_study, tmp_path / "here", jobs=2)
    killed = []

    def kill_one_that_trains(folder):
        while not list(folder.glob("working/*/progress.jsonl")):
            time.sleep(0.01)
        victim = next(iter(processes.workers.values()))
        killed.append(victim.pid)
        os.kill(victim.pid, signal.SIGKILL)

    folder = tmp_path / "dask" / small_study.name / "seed-0"
    threading.Thread(target=kill_one_that_trains, args=(folder,), daemon=True).start()
    backend = Dask(processes.scheduler_address)
    (run,) = run_experiment(small_study, tmp_path / "dask", backend=backend)
    assert killed
    assert not run.failures()
    same(there, run)


@pytest.mark.slow
def test_a_call_that_is_given_up_ends_its_process(processes, tmp_path):
    begun = tmp_path / "begun"
    with Dask(processes.scheduler_address).open(tmp_path) as workers:
        future = workers.crew.submit(os.system, f"touch {begun}; sleep 4")
        while not begun.exists():
            time.sleep(0.05)
        before = {worker.pid for worker in processes.workers.values()}
        workers.crew.end(future)
        assert future.cancelled()
        deadline = time.monotonic() + 20
        while before == {worker.pid for worker in processes.workers.values()}:
            assert time.monotonic() < deadline
            time.sleep(0.1)
