"""A laboratory without training: made-up returns, in this process, in milliseconds."""

from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pytest

from rltransfer.data import Transitions
from rltransfer.experiment import controller
from rltransfer.experiment.backends import backend
from rltransfer.experiment.events import Events
from rltransfer.experiment.progress import Progress
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import SourceRecord
from rltransfer.testing.at_once import AtOnce
from rltransfer.training import CurvePoint, FromScratch, Policy, StageResult, Trainer
from rltransfer.training.offline.fresh import fresh_policy, spec_for
from rltransfer.training.policy_spec import NetworkSpec
from rltransfer.training.recipes import RECIPES

NETWORK = NetworkSpec(actor=(8,), critic=(8,), activation="tanh")


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
    returns = mean[:, None] + 7 * len(job.parents) + np.arange(experiment.evaluation.episodes)
    if job.measured:
        returns[np.setdiff1d(np.arange(len(targets)), job.measured)] = np.nan
    job.progress.parent.mkdir(parents=True, exist_ok=True)
    job.progress.write_text('[10, 20, 1.5]\n[20, 20, null]\n{"torn"')
    record = SourceRecord(
        key=job.key, context=job.context, returns=returns,
        lengths=np.nan_to_num(returns).astype(int),
        curve=((10, 1.5), (20, 2.5)), steps=job.steps, seconds=1.0, seed=1, started=0.0,
        finished=1.0, stages=("stub",), parents=tuple(job.parents),
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
        yield AtOnce()

    monkeypatch.setattr(controller, "train_and_evaluate", train)
    monkeypatch.setattr(backend, "worker_pool", pool)
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

    def working(self, job, progress):
        self.heard.append(("working", progress.stage, progress.done, progress.total))

    def failed(self, job, failure):
        self.heard.append(("failed", job.label, failure.reason))

    def committed(self, job, record):
        self.heard.append(("committed", job.label))

    def ended(self, run):
        self.heard.append(("ended",))


@pytest.fixture
def recorder():
    return Recorder()


# -- a way of training that inherits, in this process, without Stable-Baselines3 ---------------


@dataclass(frozen=True)
class Blend:
    """A stage whose policy is the mean of the members it is given, and a little noise."""

    name: str = "blending"

    def run(self, problem, start, seed, monitor):
        rng = np.random.default_rng(seed)
        policy = fresh_policy(spec_for(problem, NETWORK, None), rng)
        if start.members:
            mean = {
                name: np.mean([m.weights[name] for m in start.members], axis=0) + 0.1 * array
                for name, array in policy.weights.items()
            }
            policy = Policy(policy.spec, mean)
        monitor.working(self.name, 1, 2)
        monitor.working(self.name, 2, 2)
        learned = start.having(policy=policy)
        seen = 0 if start.data is None else len(start.data)
        return StageResult(learned, 0, 0.5, findings={"members": len(start.members), "seen": seen})


@dataclass(frozen=True)
class Play:
    """A stage that plays a little, records it, and changes nothing."""

    name: str = "playing"
    record: int = 0

    def run(self, problem, start, seed, monitor):
        rng, T = np.random.default_rng(seed), 6
        states = rng.normal(size=(2, T, 4)).astype(np.float32)
        last = np.arange(T) == T - 1
        seen = Transitions(
            states[0], rng.integers(0, 2, T), np.ones(T, np.float32), states[1], last,
            np.zeros(T, bool), np.zeros(T, np.int32), problem.contexts,
        )  # fmt: skip
        score = monitor.score(start.need_policy(self.name))
        monitor.report(T, T, score)
        return StageResult(
            start, T, 0.25, (CurvePoint(T, score),), recorded=seen if self.record else None
        )


@dataclass(frozen=True)
class Toy(FromScratch):
    """Blends what is inherited, then plays."""

    @property
    def inherits(self):
        return True

    def trainer(self, env):
        return Trainer([Blend(), Play(record=self.record)])

    def warm_trainer(self, env):
        return self.trainer(env)


@pytest.fixture
def toy(monkeypatch):
    """Register the recipe "toy" and train in this process; return the stages run, in order."""
    ran = []

    @contextmanager
    def pool(jobs):
        yield AtOnce()

    def noted(stage, run):
        def wrapper(self, problem, start, seed, monitor):
            ran.append((stage, problem.context.label, len(start.members)))
            return run(self, problem, start, seed, monitor)

        return wrapper

    for stage in (Blend, Play):
        monkeypatch.setattr(stage, "run", noted(stage.__name__, stage.run))
    monkeypatch.setitem(RECIPES, "toy", Toy)
    monkeypatch.setattr(backend, "worker_pool", pool)
    return ran
