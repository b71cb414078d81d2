"""A laboratory without training: made-up returns, in this process, in milliseconds."""

from concurrent.futures import Executor, Future
from contextlib import contextmanager

import numpy as np
import pytest

from rltransfer.experiment import loop
from rltransfer.experiment.events import Events
from rltransfer.experiment.job import Progress
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import SourceRecord


class Here(Executor):
    """Runs a job at once, in this process."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


class StubPolicy:
    def save(self, folder):
        (folder / "policy.json").write_text("{}")


def stub_training(job):
    """Return what a linear gap would: 500 on its own context, less with distance."""
    experiment = Experiment.model_validate(job.experiment)
    targets = experiment.targets()
    units = experiment.space.to_unit(targets)
    own = units.mean(0) if job.context is None else experiment.space.to_unit([job.context])[0]
    mean = 500 - 300 * np.abs(units - own).sum(1)
    returns = mean[:, None] + np.arange(experiment.evaluation.episodes)
    job.progress.write_text('[10, 20, 1.5]\n[20, 20, null]\n{"torn"')
    record = SourceRecord(
        key=job.key, context=job.context, returns=returns, lengths=returns.astype(int),
        curve=((10, 1.5), (20, 2.5)), steps=job.steps, seconds=1.0, seed=1, started=0.0,
        finished=1.0, stages=("stub",),
    )  # fmt: skip
    return record, StubPolicy()


@pytest.fixture
def stub(monkeypatch):
    """Have the loop train with the stub; return the keys of what it trains, in order."""
    trained = []

    def train(job):
        trained.append(job.key)
        return stub_training(job)

    @contextmanager
    def pool(jobs):
        yield Here()

    monkeypatch.setattr(loop, "train_and_evaluate", train)
    monkeypatch.setattr(loop, "worker_pool", pool)
    return trained


class Recorder(Events):
    """Events as a list of words."""

    def __init__(self):
        self.heard = []

    def began(self, run, trained, planned):
        self.heard.append(("began", trained, planned))

    def unchanged(self, run):
        self.heard.append(("unchanged",))

    def started(self, job):
        self.heard.append(("started", job.label))

    def progressed(self, job, progress: Progress):
        self.heard.append(("progressed", progress.steps, progress.score))

    def committed(self, job, record):
        self.heard.append(("committed", job.label))

    def ended(self, run):
        self.heard.append(("ended",))


@pytest.fixture
def recorder():
    return Recorder()
