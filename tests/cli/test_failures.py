"""What the command line says of sources that fail, and how they are tried again."""

import json
from contextlib import contextmanager

import numpy as np
import pytest

from rltransfer.errors import SourceFailed
from rltransfer.experiment import controller
from rltransfer.experiment.backends import backend
from rltransfer.runs import Run, SourceRecord, conditions
from rltransfer.runs.provenance import provenance
from rltransfer.testing.at_once import AtOnce

WORDS = ("run", "cartpole", "--vary", "length", "--targets", 5, "--rounds", 2, "--episodes", 2)
PATH = "runs/cartpole-length"


class Policy:
    def save(self, folder):
        (folder / "policy.json").write_text("{}")


def trained(job):
    (length,) = job.context.values()
    returns = np.add.outer(100.0 - 10.0 * np.abs(np.arange(5) - length), np.arange(2.0))
    record = SourceRecord(
        key=job.key, context=job.context, returns=returns, lengths=np.ones((5, 2), int),
        curve=(), steps=1, seconds=1.0, seed=1, started=0.0, finished=1.0, stages=("stub",),
    )  # fmt: skip
    return record, Policy()


@pytest.fixture
def broken(monkeypatch):
    """Have the first source fail, as long as the list is not empty."""
    left = ["length=0.5"]

    def train(job):
        if job.label in left:
            raise SourceFailed("the pole broke [sic].")
        return trained(job)

    @contextmanager
    def pool(jobs):
        yield AtOnce()

    monkeypatch.setattr(controller, "train_and_evaluate", train)
    monkeypatch.setattr(backend, "worker_pool", pool)
    return left


def test_a_run_with_a_failed_source_ends_with_3_and_says_why(command, broken):
    done = command(*WORDS)
    assert done.code == 3, done
    assert "failed length=0.5: the pole broke [sic]." in done.out
    assert "Failed: 0.5\N{NO-BREAK SPACE}m: the pole broke [sic]." in done.out
    assert done.err == ""


def test_resuming_it_says_so_again_and_trains_nothing(command, broken):
    command(*WORDS)
    done = command("resume", PATH, "--json")
    assert done.code == 3
    assert json.loads(done.out)["failed"][0]["reason"] == "the pole broke [sic]"


def test_what_failed_can_be_tried_again(command, broken):
    command(*WORDS)
    broken.clear()
    done = command("resume", PATH, "--retry-failed")
    assert done.code == 0, done
    assert "Failed" not in done.out
    assert Run.find(PATH)[0].failures() == {}


def test_other_versions_are_refused_until_they_are_accepted(command, broken, monkeypatch):
    command(*WORDS)
    facts = provenance()
    later = {**facts, "libraries": {**facts["libraries"], "numpy": "99.0"}}
    monkeypatch.setattr(conditions, "provenance", lambda: later)
    assert command("resume", PATH).code == 3  # nothing is trained, so nothing differs
    refused = command("resume", PATH, "--retry-failed")
    assert refused.code == 2
    assert "is now 99.0" in refused.err
    assert "Traceback" not in refused.err
    assert len(Run.find(PATH)[0].failures()) == 1
    assert command("resume", PATH, "--accept-environment").code == 3
    (accepted,) = Run.find(PATH)[0].provenance()["accepted"].values()
    assert accepted == {"libraries.numpy": "99.0"}


def test_record_and_step_timeout_are_options(command):
    plan = json.loads(command(*WORDS, "--record", 500, "--dry-run", "--json").out)
    assert plan["experiment"]["training"]["record"] == 500
    assert "--step-timeout" in command(*WORDS, "--step-timeout", 0).err
