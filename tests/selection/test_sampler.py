"""The study picks what the plain selector picks, however often it is interrupted."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from rltransfer.contexts import ContextFeature, ContextSpace, Scale
from rltransfer.errors import InvalidExperiment, InvalidTransferMatrix
from rltransfer.selection import MBTL, MBTLSampler, RandomSelector, make_selector, replay
from rltransfer.testing.toys import LinearGapToy, SyntheticFamily

TOY = LinearGapToy.wavy(45)
LENGTHS = ContextSpace(
    [
        ContextFeature("length", 0.5, 0.05, 5.0, "m", Scale.LOG),
        ContextFeature("gravity", 9.8, 1.0, 20.0, "m/s^2"),
    ]
)


@pytest.fixture
def storage(tmp_path):
    return JournalStorage(JournalFileBackend(str(tmp_path / "study.journal")))


def sampler_of(selector, toy=TOY):
    return MBTLSampler(selector, toy.contexts, toy.contexts, toy.space)


def open_study(storage, sampler):
    return optuna.create_study(
        study_name="s", storage=storage, sampler=sampler, direction="maximize", load_if_exists=True
    )


def drive(study, sampler, rounds, toy=TOY):
    for _ in range(rounds):
        trial = study.ask(sampler.distributions())
        source = toy.contexts.index(sampler.context(trial))
        sampler.record(study, trial, toy.truth[source])


@pytest.mark.parametrize("name", ["mbtl", "mbtl-literal", "random", "equidistant"])
def test_a_study_picks_what_replay_picks(storage, name):
    selector = make_selector(name, seed=3, budget=5, score=(0.0, 1.0))
    sampler = sampler_of(selector)
    study = open_study(storage, sampler)
    drive(study, sampler, 6)
    expected = replay(selector, TOY.truth, TOY.space, TOY.contexts, TOY.contexts, 6)
    assert sampler.transfer(study) == expected
    np.testing.assert_array_equal([t.value for t in study.trials], expected.coverage_curve())
    gains = [t.user_attrs["gain"] for t in study.trials[1:]]
    np.testing.assert_allclose(gains, np.diff(expected.coverage_curve()))


def test_a_resumed_study_goes_on(tmp_path):
    path = str(tmp_path / "study.journal")
    for rounds in (1, 2, 3):  # a new storage, study and sampler each time
        sampler = sampler_of(MBTL())
        study = open_study(JournalStorage(JournalFileBackend(path)), sampler)
        drive(study, sampler, rounds)
    expected = replay(MBTL(), TOY.truth, TOY.space, TOY.contexts, TOY.contexts, 6)
    assert sampler.transfer(study) == expected


PROCESS = """
import sys, optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from rltransfer.selection import MBTL, MBTLSampler
from rltransfer.testing.toys import LinearGapToy
toy = LinearGapToy.wavy(45)
sampler = MBTLSampler(MBTL(), toy.contexts, toy.contexts, toy.space)
storage = JournalStorage(JournalFileBackend(sys.argv[1]))
study = optuna.load_study(study_name="s", storage=storage, sampler=sampler)
trial = study.ask(sampler.distributions())
sampler.record(study, trial, toy.truth[toy.contexts.index(sampler.context(trial))])
"""


def test_another_process_goes_on(tmp_path):
    path = str(tmp_path / "study.journal")
    sampler = sampler_of(MBTL())
    drive(open_study(JournalStorage(JournalFileBackend(path)), sampler), sampler, 3)
    subprocess.run([sys.executable, "-c", PROCESS, path], check=True, capture_output=True)
    study = open_study(JournalStorage(JournalFileBackend(path)), sampler)
    expected = replay(MBTL(), TOY.truth, TOY.space, TOY.contexts, TOY.contexts, 4)
    assert sampler.transfer(study) == expected


def test_contexts_come_back_exactly(storage):
    contexts = (*LENGTHS.sample(30, np.random.default_rng(0)), LENGTHS.grid(2)[0])
    sampler = MBTLSampler(RandomSelector(0), contexts, contexts, LENGTHS)
    study = open_study(storage, sampler)
    for _ in contexts:
        trial = study.ask(sampler.distributions())
        sampler.record(study, trial, np.arange(31.0))
    again = open_study(storage, sampler).trials
    assert {sampler.context(trial) for trial in again} == set(contexts)
    assert again[0].distributions["ctx.length"].log
    assert not again[0].distributions["ctx.gravity"].log


def test_running_trials_are_pending(storage):
    sampler = sampler_of(MBTL())
    study = open_study(storage, sampler)
    drive(study, sampler, 1)
    batch = [study.ask(sampler.distributions()) for _ in range(4)]
    picks = [TOY.contexts.index(sampler.context(trial)) for trial in batch]
    assert len(set(picks) | {22}) == 5
    assert min(abs(a - b) for a in picks for b in picks if a != b) >= 3
    for trial, pick in zip(reversed(batch), reversed(picks), strict=True):
        sampler.record(study, trial, TOY.truth[pick])
    assert sampler.transfer(study).trained == (22, *picks)  # by number, not by the time of telling


def test_failed_trials_are_tried_again(storage):
    sampler = sampler_of(MBTL())
    study = open_study(storage, sampler)
    trial = study.ask(sampler.distributions())
    study.tell(trial, state=TrialState.FAIL)
    assert sampler.context(study.ask(sampler.distributions())) == sampler.context(trial)


def test_episodes_are_averaged_and_own_returns_kept(storage):
    targets = TOY.contexts[:3]
    sampler = MBTLSampler(MBTL(), TOY.contexts, targets, TOY.space)
    study = open_study(storage, sampler)
    trial = study.ask(sampler.distributions())
    with pytest.raises(InvalidTransferMatrix, match="is not a target, so `own`"):
        sampler.record(study, trial, [1.0, 2.0, 3.0])
    transfer = sampler.record(study, trial, [[1, 3], [2, 2], [0, 1]], own=[4, 5])
    np.testing.assert_array_equal(transfer.mean, [[2, 2, 0.5]])
    np.testing.assert_array_equal(transfer.set_points, [4.5])
    assert study.trials[0].user_attrs == {"returns": [2.0, 2.0, 0.5], "own": 4.5}
    assert study.trials[0].value == 1.5


def test_returns_that_do_not_fit_leave_the_trial_running(storage):
    sampler = sampler_of(MBTL())
    study = open_study(storage, sampler)
    trial = study.ask(sampler.distributions())
    with pytest.raises(InvalidTransferMatrix, match=r"\(45, any\); got \(3, 1\)"):
        sampler.record(study, trial, [1.0, 2.0, 3.0])
    assert study.trials[0].state == TrialState.RUNNING
    sampler.record(study, trial, TOY.truth[22])
    assert study.trials[0].state == TrialState.COMPLETE


def test_what_the_sampler_does_not_choose(storage):
    sampler = sampler_of(MBTL())
    study = open_study(storage, sampler)
    with pytest.raises(InvalidExperiment, match=r"chooses ctx.position together .* asked for 'lr'"):
        study.ask().suggest_float("lr", 0.0, 1.0)


def test_trials_told_by_others_are_explained(storage):
    sampler = sampler_of(MBTL())
    study = open_study(storage, sampler)
    study.tell(study.ask(sampler.distributions()), 1.0)
    with pytest.raises(InvalidExperiment, match=r"trial 0 is complete but lacks .* sampler.record"):
        study.ask(sampler.distributions())


def test_the_end_of_the_candidates(storage):
    toy = SyntheticFamily((-3.0, -3.0), 2)
    sampler = sampler_of(MBTL(), toy)
    study = open_study(storage, sampler)
    drive(study, sampler, 4, toy)
    with pytest.raises(InvalidExperiment, match="all 4 candidate sources are trained"):
        study.ask(sampler.distributions())


def test_a_study_that_minimises_is_refused() -> None:
    space = ContextSpace([ContextFeature("x", 0.5, 0.0, 1.0)])
    sampler = MBTLSampler(MBTL(), space.grid(3), space.grid(3), space)
    study = optuna.create_study(direction="minimize", sampler=sampler)
    with pytest.raises(InvalidExperiment, match="direction='maximize'"):
        sampler.record(study, study.ask(sampler.distributions()), [1.0, 2.0, 3.0])
