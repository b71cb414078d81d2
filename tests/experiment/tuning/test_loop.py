"""Tuning as a whole, with made-up trainings: what it finds, and that nothing changes it."""

import math

import pytest
from optuna.storages import RDBStorage

from rltransfer.errors import CorruptRun, InvalidExperiment, RunLocked, SourceFailed
from rltransfer.experiment.tuning import Outcome, Tuning, TuningFolder, retrain, tune
from rltransfer.experiment.tuning.study import TuningStudy
from rltransfer.runs.lock import locked

BEST_RATE = 1e-3
"""Where the made-up trainings do best."""


def told(found):
    """What a tuning has found, without the time it took."""
    trials = [(t.params, t.state, t.value, t.ended, t.marks, len(t.cells)) for t in found.trials]
    return trials, found.toml, found.fresh, found.own


def test_it_finds_the_best_learning_rate(described, trained, tmp_path):
    found = tune(described(trials=20, pruner="none"), tmp_path / "t")
    rate = found.best.values["learning_rate"]
    assert abs(math.log10(rate / BEST_RATE)) < 0.25
    assert found.best.value > found.own


def test_the_best_settings_are_an_experiments_training_table(described, trained, tmp_path):
    found = tune(described(), tmp_path / "t")
    again = Tuning.checked({**described().model_dump(exclude_none=True)}, "t")
    study = again.study(found.best.values).resolved()
    assert str(found.best.values["learning_rate"]) in (tmp_path / "t" / "best.toml").read_text()
    assert study.training.hyperparameters["learning_rate"] == found.best.values["learning_rate"]


@pytest.mark.parametrize("pruner", ["median", "hyperband", "none"])
def test_the_number_of_workers_changes_nothing(described, trained, tmp_path, pruner):
    alone = tune(described(pruner=pruner), tmp_path / "one", jobs=1)
    four = tune(described(pruner=pruner), tmp_path / "four", jobs=4)
    assert told(alone) == told(four)
    states = {trial.state for trial in alone.trials}
    assert ("pruned" in states) == (pruner != "none")


@pytest.mark.parametrize(("count", "pruner"), [(1, "none"), (13, "median"), (20, "hyperband")])
def test_an_interrupted_tuning_comes_to_the_same(
    described, trained, refuse, tmp_path, count, pruner
):
    whole = tune(described(pruner=pruner), tmp_path / "whole")
    before = len(trained)
    refuse(count)
    with pytest.raises(SourceFailed, match="the power went"):
        tune(described(pruner=pruner), tmp_path / "t")
    refuse(10_000)
    again = tune(described(pruner=pruner), tmp_path / "t")
    assert told(again) == told(whole)
    assert len(trained) == 2 * before  # what was finished is not trained again


def test_what_is_proposed_depends_on_the_trials_before_alone(described, trained, tmp_path):
    tuning = described()
    found = tune(tuning, tmp_path / "t")
    for number in range(len(found.trials)):
        study = TuningStudy(tuning, found.trials[:number])
        assert study.propose(number) == found.trials[number].params


def test_more_trials_go_on(described, trained, tmp_path):
    tune(described(trials=3), tmp_path / "t")
    more = tune(described(trials=8), tmp_path / "t")
    assert told(more) == told(tune(described(trials=8), tmp_path / "whole"))


def test_a_finished_tuning_trains_nothing(described, trained, tmp_path):
    first = tune(described(), tmp_path / "t")
    before = len(trained)
    assert told(tune(described(), tmp_path / "t")) == told(first)
    assert len(trained) == before
    assert told(Outcome.read(TuningFolder(tmp_path / "t"))) == told(first)


def test_the_references_have_the_same_seeds_and_fresh_ones(described, trained, tmp_path):
    found = tune(described(trials=2), tmp_path / "t")
    repetitions = {repetition for _, repetition in trained}
    assert repetitions == {0, 1, 2, 3}
    assert found.own == pytest.approx((480 - 80 * math.log10(3) ** 2 - 15 - 1 + 5) / 500)
    assert found.fresh[1] == pytest.approx(found.own - 4 / 500)


def test_a_trial_trained_again_is_equal(described, trained, tmp_path):
    tuning = described(pruner="median")
    found = tune(tuning, tmp_path / "t")
    for trial in found.trials:
        assert retrain(tuning, trial, tmp_path / f"again-{trial.number}", jobs=3).equals(trial)
    assert {trial.state for trial in found.trials} >= {"complete", "pruned"}


def test_a_training_that_fails_ends_its_trial(described, trained, tmp_path):
    wide = {"learning_rate": {"range": [1e-9, 1e3], "scale": "log"}}
    found = tune(described(space=wide, pruner="none", seeds=1), tmp_path / "t")
    failed = [trial for trial in found.trials if trial.state == "failed"]
    assert failed
    assert all(trial.value is None and trial.failure == "NaN." for trial in failed)
    assert found.best.state == "complete"


def test_if_all_fail_nothing_is_best(described, trained, tmp_path):
    hopeless = {"learning_rate": {"range": [1e3, 1e4]}}
    with pytest.raises(SourceFailed, match=r"none of 2 trials came to its end: NaN\. Narrow"):
        tune(described(space=hopeless, trials=2), tmp_path / "t")
    assert not (tmp_path / "t" / "best.toml").exists()


# -- storages ----------------------------------------------------------------------------------


def test_a_database_holds_the_same_trials(described, trained, tmp_path):
    url = f"sqlite:///{tmp_path}/tuning.db"
    plain = tune(described(trials=4), tmp_path / "plain")
    kept = tune(described(trials=4), tmp_path / "t", storage=url)
    assert told(kept) == told(plain)
    (study,) = RDBStorage(url).get_all_studies()
    there = RDBStorage(url).get_all_trials(study._study_id)
    assert [trial.params for trial in there] == [trial.params for trial in plain.trials]
    assert study.user_attrs["rltransfer.tuning"] == described(trials=4).digest


def test_a_study_that_differs_is_made_again(described, trained, refuse, tmp_path):
    url = f"sqlite:///{tmp_path}/tuning.db"
    refuse(10)
    with pytest.raises(SourceFailed):
        tune(described(trials=4), tmp_path / "t", storage=url)
    refuse(10_000)
    found = tune(described(trials=4), tmp_path / "t", storage=url)
    (study,) = RDBStorage(url).get_all_studies()
    there = RDBStorage(url).get_all_trials(study._study_id)
    assert [trial.params for trial in there] == [trial.params for trial in found.trials]
    assert len(there) == len(found.trials)


def test_another_study_of_the_name_is_left_alone(described, trained, tmp_path):
    import optuna

    url = f"sqlite:///{tmp_path}/tuning.db"
    optuna.create_study(storage=url, study_name="toy")
    with pytest.raises(InvalidExperiment, match="has another study called 'toy'"):
        tune(described(), tmp_path / "t", storage=url)


# -- folders -----------------------------------------------------------------------------------


def test_another_tuning_is_refused_by_name(described, trained, tmp_path):
    tune(described(trials=2), tmp_path / "t")
    with pytest.raises(InvalidExperiment, match="holds another tuning: seeds was 2 and is now 3"):
        tune(described(trials=2, seeds=3), tmp_path / "t")


def test_a_changed_trial_is_noticed(described, trained, tmp_path):
    tune(described(trials=2), tmp_path / "t")
    file = tmp_path / "t" / "trials" / "001.json"
    file.write_text(file.read_text().replace('"value": 0.', '"value": 1.'))
    with pytest.raises(CorruptRun, match=r"001\.json cannot be read: it was changed"):
        tune(described(trials=2), tmp_path / "t")


def test_one_process_at_a_time(described, trained, tmp_path):
    tune(described(trials=2), tmp_path / "t")
    with locked(tmp_path / "t"), pytest.raises(RunLocked, match="is in use by process"):
        tune(described(trials=2), tmp_path / "t")


def test_a_torn_journal_is_made_again(described, trained, tmp_path):
    first = tune(described(trials=3), tmp_path / "t")
    (tmp_path / "t" / "study.journal").write_bytes(b'{"op_code": 0')
    assert told(tune(described(trials=3), tmp_path / "t")) == told(first)
