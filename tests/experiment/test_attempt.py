"""One attempt at a job: what it keeps when it fails, and when it is asked to stop."""

import os
import signal

import numpy as np
import pytest

from rltransfer.errors import Interrupted, SourceFailed
from rltransfer.experiment import attempt
from rltransfer.experiment.attempt import train_and_evaluate
from rltransfer.experiment.job import Job
from rltransfer.experiment.keys import Lineage
from rltransfer.experiment.loop import continue_run, run_experiment
from rltransfer.experiment.pulse import Pulse, WatchedEnv, last_sign
from rltransfer.experiment.spec import Experiment
from rltransfer.training import Trainer


def study(**tables) -> Experiment:
    return Experiment.of(
        "cartpole", vary=["length"], targets=4, rounds=2, training={"recipe": "toy"},
        evaluation={"episodes": 2}, **tables,
    )  # fmt: skip


def only_once(evaluate, error):
    """Return an evaluation that fails when it is asked for the first time."""
    left = [error]

    def fail_first(*args, **kwargs):
        if left:
            raise left.pop()
        return evaluate(*args, **kwargs)

    return fail_first


@pytest.mark.parametrize("error", [SourceFailed("it is not finite."), MemoryError()])
def test_a_policy_whose_evaluation_fails_is_kept(tmp_path, toy, monkeypatch, error):
    (whole,) = run_experiment(study(), tmp_path / "whole")
    toy.clear()
    monkeypatch.setattr(attempt, "evaluate", only_once(attempt.evaluate, error))
    (run,) = run_experiment(study(), tmp_path / "broken")
    (failure,) = run.failures().values()
    assert failure.reason.startswith("evaluating the policy trained on length=")
    assert failure.reason.endswith("The training is kept: another attempt only evaluates")
    trained = stages_of(toy, failure.label)
    run.forget_failures()
    continue_run(run)
    assert stages_of(toy, failure.label) == trained
    keys = [key for key in run.sources() if key in whole.sources()]
    assert failure.key in keys
    first, second = (r.policy_folder(failure.key) / "policy.safetensors" for r in (run, whole))
    assert first.read_bytes() == second.read_bytes()


def stages_of(toy, label):
    return [ran for ran in toy if ran[1] == label]


@pytest.fixture
def job(tmp_path, toy) -> Job:
    experiment = study().resolved()
    return Job.on_source(experiment, Lineage(experiment.sources()[0]), tmp_path / "job", {}, 0)


def test_a_sigterm_asks_the_training_to_stop(job, monkeypatch):
    def ask(self, *args, **kwargs):
        os.kill(os.getpid(), signal.SIGTERM)
        assert kwargs["interruption"].asked
        raise Interrupted("it was asked to stop.")

    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(Trainer, "train", ask)
    with pytest.raises(Interrupted):
        train_and_evaluate(job)
    assert signal.getsignal(signal.SIGTERM) == before


def test_steps_of_an_environment_are_signs_of_life(job, tmp_path):
    pulse = Pulse(tmp_path / "new" / "pulse")
    env = WatchedEnv(study().environment.spec, pulse)
    batch = env.batch([env.space.default])
    assert last_sign(pulse.path) == 0
    batch.reset([0], batch.initial_states(np.random.default_rng(0), 1))
    batch.step(batch.action_space.sample()[None])
    first = last_sign(pulse.path)
    assert first > 0
    os.utime(pulse.path, ns=(1, 1))
    batch.step(batch.action_space.sample()[None])  # a moment later: no new sign
    assert last_sign(pulse.path) == 1
    assert batch.physics is not None  # compiled loops find what they look for
    train_and_evaluate(job)
    assert last_sign(job.progress) > 0
