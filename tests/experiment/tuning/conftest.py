"""A tuning without training: what settings are worth is a formula, so the optimum is known."""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from rltransfer.errors import SourceFailed
from rltransfer.experiment.tuning import Tuning, loop, trainings
from rltransfer.experiment.tuning.record import Cell
from rltransfer.training.online import LOOKS

STEPS = 2000
BEST_RATE = 1e-3


def describe(**changes):
    """Return a small tuning of a learning rate and a clip range."""
    plain = {
        "name": "toy",
        "env": "cartpole",
        "contexts": {"vary": ["length"], "count": 2},
        "training": {"algorithm": "PPO", "steps": STEPS},
        "space": {
            "learning_rate": {"range": [1e-5, 1e-1], "scale": "log"},
            "clip_range": {"choices": [0.1, 0.2]},
        },
        "trials": 6,
        "seeds": 2,
        "episodes": 1,
        "startup": 2,
    }
    return Tuning.checked({**plain, **changes}, "toy").resolved()


@pytest.fixture
def described():
    """A function that makes a tuning, with changes by name."""
    return describe


def worth(job):
    """A return in 0 … 500: highest at the best rate, lower for short poles and later seeds."""
    chosen = job.study["training"]["hyperparameters"]
    rate = chosen["learning_rate"]
    rate = float(rate.removeprefix("lin_")) if isinstance(rate, str) else rate
    off = math.log10(rate / BEST_RATE)
    hard = 30 if job.context["length"] < 0.5 else 0
    return 480 - 80 * off**2 - hard - 2 * job.repetition + 5 * (chosen["clip_range"] == 0.2)


def made_up(job):
    """Return what a training would: looks that rise to its worth, in the progress file, too."""
    mean = worth(job)
    looks = [(STEPS * k // LOOKS, mean * k / LOOKS) for k in range(1, LOOKS + 1)]
    job.progress.write_text("".join(json.dumps([s, STEPS, j]) + "\n" for s, j in looks))
    if mean < -150:
        return Cell(looks=tuple(looks[:3]), mean=None, steps=300, seconds=0.0, failure="NaN.")
    return Cell(looks=tuple(looks), mean=mean, steps=STEPS, seconds=0.0)


@pytest.fixture
def trained(monkeypatch):
    """Have trainings made up, in threads of this process; return what was trained, in order."""
    seen = []

    def train(job):
        seen.append((job.study["training"]["hyperparameters"]["learning_rate"], job.repetition))
        return made_up(job)

    @contextmanager
    def pool(jobs):
        with ThreadPoolExecutor(jobs) as executor:
            yield executor

    monkeypatch.setattr(trainings, "train_cell", train)
    monkeypatch.setattr(loop, "worker_pool", pool)
    return seen


@pytest.fixture
def refuse(monkeypatch, trained):
    """Have the training after so many more end the process's work."""
    real = trainings.train_cell

    def after(count):
        left = iter(range(count))

        def train(job):
            if next(left, None) is None:
                raise SourceFailed("the power went.")
            return real(job)

        monkeypatch.setattr(trainings, "train_cell", train)

    return after
