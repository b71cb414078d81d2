"""A run's study in a database: SQLite stands for all of them."""

import logging

import optuna
import pytest

from rltransfer.errors import InvalidExperiment, MissingDependency
from rltransfer.experiment.events import Events
from rltransfer.experiment.loop import continue_run, run_experiment
from rltransfer.experiment.mirror import Audience, Mirror
from rltransfer.experiment.spec import Experiment
from rltransfer.runs.ledger import journal


def study(seeds=(0,), compare=()):
    return Experiment.of(
        "cartpole", vary=["length"], targets=9, rounds=2, seeds=list(seeds),
        selection={"selector": "random", "compare": list(compare)}, evaluation={"episodes": 2},
    )  # fmt: skip


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'studies.db'}"


def trials(storage, name):
    found = optuna.load_study(study_name=name, storage=storage).trials
    return [(t.params, t.value, t.user_attrs, t.intermediate_values) for t in found]


def test_every_lane_of_every_seed_is_copied_under_its_own_name(tmp_path, stub, url):
    runs = run_experiment(study([0, 1], ["equidistant"]), tmp_path, events=Mirror(url))
    names = {
        f"cartpole-length/{run.path.name}/{lane}": (run, lane)
        for run in runs
        for lane in ("random", "equidistant")
    }
    assert set(optuna.get_all_study_names(url)) == set(names)
    for name, (run, lane) in names.items():
        assert trials(url, name) == trials(journal(run.study_file), lane)


def test_the_copy_has_the_notes_and_the_heat_map(tmp_path, stub, url):
    (run,) = run_experiment(study(), tmp_path, events=Mirror(url))
    own = optuna.load_study(study_name="random", storage=journal(run.study_file))
    copy = optuna.load_study(study_name="cartpole-length/seed-0/random", storage=url)
    here, there = (s._storage.get_study_system_attrs(s._study_id) for s in (own, copy))
    assert here == there
    assert any("note" in name for name in here)
    assert any("transfer-matrix" in name for name in here)


def test_a_copy_that_disagrees_is_made_again_and_others_are_left_alone(tmp_path, stub, url):
    name = "cartpole-length/seed-0/random"
    wrong = optuna.create_study(study_name=name, storage=url, direction="maximize")
    wrong.add_trial(optuna.create_trial(value=1.0))
    optuna.create_study(study_name="somebody else's", storage=url)
    (run,) = run_experiment(study(), tmp_path, events=Mirror(url))
    assert trials(url, name) == trials(journal(run.study_file), "random")
    assert "somebody else's" in optuna.get_all_study_names(url)


def test_a_finished_run_can_be_copied_later(tmp_path, stub, url):
    (run,) = run_experiment(study(), tmp_path)
    continue_run(run, events=Mirror(url))
    name = "cartpole-length/seed-0/random"
    assert trials(url, name) == trials(journal(run.study_file), "random")


def test_trouble_with_the_database_is_no_trouble_of_the_run(tmp_path, stub, url, caplog):
    mirror = Mirror(url)
    for table in ("trials", "studies"):
        with mirror._database.engine.begin() as connection:
            connection.exec_driver_sql(f"DROP TABLE {table}")
    with caplog.at_level(logging.WARNING):
        (run,) = run_experiment(study(), tmp_path, events=mirror)
    assert len(run.sources()) == 2
    assert "could not be written" in caplog.text
    assert "the run goes on" in caplog.text


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("studies.db", InvalidExperiment, "a database's URL looks like"),
        ("postgresql+nonesuch://a:secret@b/c", InvalidExperiment, "none that SQLAlchemy knows"),
        ("mysql+pymysql://a:secret@b/c", MissingDependency, "not installed"),
    ],
)
def test_what_is_no_database_is_refused_without_its_password(url, error, message):
    with pytest.raises(error, match=message) as caught:
        Mirror(url)
    assert "secret" not in str(caught.value)


def test_an_audience_tells_all_listeners_in_turn():
    heard = []

    class Listener(Events):
        def __init__(self, name):
            self.name = name

        def stopped(self, selector, why):
            heard.append((self.name, selector, why))

    Audience(Listener("one"), Listener("two")).stopped("mbtl", "enough")
    assert heard == [("one", "mbtl", "enough"), ("two", "mbtl", "enough")]
