import tomllib

import pytest

from rltransfer.envs import make
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.job import Job
from rltransfer.experiment.spec import Experiment

BASE = Experiment.of("cartpole", vary=["length"], targets=5, rounds=3)


def changed(path: str, value):
    """Return the base experiment's data with one value set, or removed."""
    data = BASE.model_dump(exclude_none=True)
    *tables, key = path.split(".")
    table = data
    for name in tables:
        table = table[name]
    if value is None:
        del table[key]
    else:
        table[key] = value
    return data


def test_toml_round_trip(tmp_path):
    path = tmp_path / "experiment.toml"
    path.write_text(BASE.to_toml())
    assert Experiment.read(path) == BASE
    assert Experiment.read(path).digest == BASE.digest


def test_the_digest_tells_experiments_apart_but_not_their_seeds():
    assert BASE.digest == BASE.model_copy(update={"seeds": [1, 2]}).digest
    assert BASE.digest != Experiment.of("cartpole", vary=["length"], targets=5, rounds=2).digest


def test_the_grid_is_the_sources_and_the_targets():
    two = Experiment.of("cartpole", vary=["length", "gravity"], targets=3, rounds=1)
    assert len(two.sources()) == 9
    assert two.sources() == two.targets()
    assert set(two.sources()[0]) == {"length", "gravity"}


def test_training_defaults_are_the_familys_with_what_is_said():
    said = Experiment.of(
        "cartpole", vary=["length"], training={"steps": 77, "hyperparameters": {"gamma": 0.5}}
    )
    found, family = said.training_defaults(), said.environment.spec.training["PPO"]
    assert found.steps == 77
    assert found.hyperparameters == {**family.hyperparameters, "gamma": 0.5}
    assert found.n_envs == family.n_envs


def test_lanes_are_the_selector_and_the_compared_ones_once():
    study = Experiment.of(
        "cartpole", vary=["length"], selection={"compare": ["random", "matrix-gp", "multi-task"]}
    )
    assert study.lanes == ("matrix-gp", "random")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("env", "cartpol", r"unknown environment 'cartpol'; did you mean 'cartpole'\?"),
        ("env", 5, r"env must be text; got 5"),
        ("env", None, r"env: this key is required"),
        ("name", "../x", r"name must be .*got '\.\./x'"),
        ("name", "", r"name must be"),
        ("name", "x" * 65, r"name must be"),
        ("name", "CON/..", r"name must be"),
        ("nmae", "x", r"nmae: this key is unknown"),
        ("format", 9, r"format 9 is not known"),
        ("seeds", [], r"seeds must hold 1 or more"),
        ("seeds", [-1], r"seeds\.0 must be at least 0; got -1"),
        ("seeds", [2**32], r"seeds\.0 must be less than"),
        ("seeds", [0, 0], r"seeds must not repeat"),
        ("seeds", [True], r"seeds\.0"),
        ("contexts.vary", [], r"contexts\.vary"),
        ("contexts.vary", ["lenght"], r"unknown context feature 'lenght'; did you mean 'length'\?"),
        ("contexts.targets", {"length": 1}, r"contexts\.targets\.length must be at least 2; got 1"),
        ("contexts.targets", {"length": 1.5}, r"contexts\.targets\.length"),
        ("contexts.targets", {"gravity": 4}, r"contexts\.targets must give a grid size for each"),
        ("selection.rounds", 6, r"selection\.rounds must be at most the number of sources, 5"),
        ("selection.rounds", 0, r"selection\.rounds must be at least 1; got 0"),
        ("selection.rounds", "3", r"selection\.rounds must be a whole number; got '3'"),
        (
            "selection.selector",
            "mtbl",
            r"selection\.selector 'mtbl' is unknown; did you mean 'mbtl'",
        ),
        ("selection.compare", ["randm"], r"selection\.compare 'randm' .*did you mean 'random'"),
        ("selection.options", {"bta": 1}, r"bta"),
        ("training.algorithm", "PPOO", r"did you mean 'PPO'"),
        ("training.algorithm", "SAC", r"SAC.*"),
        ("training.steps", 0, r"training\.steps must be at least 1; got 0"),
        ("training.origin", "mine", r"training\.origin marks .* needs training\.steps"),
        ("training.steps", True, r"training\.steps"),
        ("training.recipe", "from-scrath", r"did you mean 'from-scratch'"),
        ("training.hyperparameters", {"lerning_rate": 1.0}, r"lerning_rate"),
        ("training.contexts", "mtps", r"training\.contexts 'mtps' .*did you mean 'mpts'"),
        ("training.contexts", "mpts", r"trains none\. Add 'multi-task' to selection\.compare"),
        ("known", [], r"known must hold 1 or more"),
        ("known", [""], r"known\.0\.path must be text of 1 or more letters"),
        ("known", [3], r"known\.0"),
        ("evaluation.episodes", 0, r"evaluation\.episodes must be at least 1; got 0"),
    ],
)
def test_mistakes_are_sentences_that_name_the_field(path, value, message):
    with pytest.raises(InvalidExperiment, match=message) as caught:
        Experiment.checked(changed(path, value), "experiment.toml")
    text = str(caught.value)
    assert text.startswith("experiment.toml: ")
    assert "the whole" not in text
    assert "Value error" not in text
    assert len(text) < 500


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "this key is required"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"name = ", "cannot be read"),
        (b'name = "a"\nname = "b"', "cannot be read"),
        (b"x = [" + b"[" * 5000, "cannot be read"),
    ],
)
def test_files_that_are_no_experiment(tmp_path, content, message):
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(InvalidExperiment, match=message):
        Experiment.read(path)


def test_a_folder_or_a_missing_file_is_a_sentence(tmp_path):
    for path in (tmp_path, tmp_path / "missing.toml"):
        with pytest.raises(InvalidExperiment, match="cannot be read"):
            Experiment.read(path)


def test_every_value_in_force_is_written():
    data = tomllib.loads(BASE.to_toml())
    assert data["evaluation"]["episodes"] == 10
    assert data["selection"]["selector"] == "matrix-gp"


def test_a_resolved_experiment_takes_nothing_from_the_family(tmp_path, monkeypatch):
    resolved = BASE.resolved()
    path = tmp_path / "experiment.toml"
    path.write_text(resolved.to_toml())
    found = Experiment.read(path)
    assert found == resolved == resolved.resolved()
    assert found.training_defaults() == BASE.training_defaults()
    data = tomllib.loads(path.read_text())
    family = BASE.environment.spec.training["PPO"]
    assert data["training"]["steps"] == family.steps
    assert data["training"]["hyperparameters"] == family.hyperparameters


def test_a_run_of_other_features_is_not_continued():
    data = BASE.resolved().model_dump(exclude_none=True)
    data["contexts"]["digest"] = "0" * 16
    with pytest.raises(InvalidExperiment, match="described otherwise than when this run began"):
        Experiment.checked(data, "experiment.toml")


def test_many_features_get_a_short_name():
    acrobot = Experiment.of("acrobot", vary=list(make("acrobot").space.names), targets=2, rounds=1)
    assert acrobot.name == f"acrobot-{len(acrobot.contexts.vary)}-features"


def test_how_multi_task_episodes_get_their_contexts_reaches_the_training(tmp_path):
    study = Experiment.of(
        "cartpole", vary=["length"], targets=5, rounds=2,
        selection={"compare": ["multi-task"]}, training={"contexts": "mpts"},
    )  # fmt: skip
    assert study.resolved().training.contexts == "mpts"
    job = Job.on_all(study.resolved(), "multi-task", tmp_path)
    assert job.make_recipe(study).trainer(study.environment).stages[0].contexts == "mpts"
