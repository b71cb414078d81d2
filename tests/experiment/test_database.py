"""A database's studies, copied to be looked at."""

import optuna
import pytest

from rltransfer.errors import InvalidExperiment, StorageError
from rltransfer.experiment.database import is_sqlite, studies_in


@pytest.fixture
def database(tmp_path):
    """A database with one study of two trials; returns its URL."""
    url = f"sqlite:///{tmp_path / 'of 50 %.db'}"
    study = optuna.create_study(storage=url, study_name="mine", direction="maximize")
    study.set_metric_names(["V"])
    for value in (1.0, 2.0):
        study.add_trial(optuna.trial.create_trial(value=value))
    return url


def test_the_copy_holds_every_study_and_trial(database):
    (study,) = optuna.get_all_study_summaries(studies_in(database))
    assert (study.study_name, study.n_trials, study.best_trial.value) == ("mine", 2, 2.0)


def test_what_is_done_to_the_copy_leaves_the_database_as_it_was(database, tmp_path):
    (file,) = tmp_path.iterdir()
    before = file.read_bytes()
    optuna.delete_study(study_name="mine", storage=studies_in(database))
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("url", "error", "message"),
    [
        ("sqlite:///{}/none.db", InvalidExperiment, "there is no file .*none.db"),
        ("sqlite:///{}/words.db", StorageError, r"sqlite:///.*words\.db cannot be used: .*data"),
        ("sqlite://", InvalidExperiment, "holds no study yet"),
        ("studies://here", InvalidExperiment, "a database's URL looks like sqlite:///tuning.db"),
        ("foo://me:secret@host/x", InvalidExperiment, r"foo://me:\*\*\*@host/x is none"),
    ],
)  # fmt: skip
def test_what_is_no_database(tmp_path, url, error, message):
    (tmp_path / "words.db").write_text("words")
    with pytest.raises(error, match=message):
        studies_in(url.format(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["words.db"]


def test_a_file_of_sqlite_is_known_by_its_first_bytes(database, tmp_path):
    (file,) = tmp_path.iterdir()
    assert is_sqlite(file)
    assert not is_sqlite(tmp_path)
    assert not is_sqlite(tmp_path / "none")
