"""Bad input: one sentence that names the field, exit code 2, nothing written; rows 21 to 28."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rltransfer.cli.output import fail
from rltransfer.experiment.spec import Experiment

STUDY = """
name = "study"
env = "cartpole"
seeds = [0]
[contexts]
vary = ["length"]
targets = { length = 5 }
[selection]
rounds = 2
[training]
steps = 64
[evaluation]
episodes = 2
"""


@pytest.fixture
def study(tmp_path) -> Callable[..., Path]:
    """Write the study with some words replaced by others."""

    def write(*changes: tuple[str, str]) -> Path:
        text = STUDY
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "study.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_the_study_itself_is_accepted(study):
    assert Experiment.read(study()).name == "study"


# -- 21: contexts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("length=99", "'length'.*must lie in 0.05…5 m; got 99"),
        ("length=-1", "'length'.*must lie in 0.05…5 m"),
        ("length=-0.0", "'length'.*must lie in"),
        ("length=1e-320", "'length'.*must lie in"),
        ("length=nan", "'length' must be finite.*Allowed: 0.05…5 m"),
        ("length=inf", "'length' must be finite.*Allowed"),
        ("length=None", "--context must look like length=0.5"),
        ("length=long", "--context must look like length=0.5"),
        ("length=", "--context must look like"),
        ("length", "--context must look like"),
        ("=3", "unknown context feature ''"),
        ("lenght=1", "unknown context feature 'lenght'; did you mean 'length'"),
        ("length=1,length=1.0", "gives 'length' twice"),
    ],
)
def test_a_context_that_is_none(refused, words, message):
    said = refused("train", "cartpole", "--context", words)
    pattern(message, said)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('["length"]', "[]"), r"contexts\.vary must hold 1 or more; got \[\]"),
        (('["length"]', '["lenght"]'), "unknown context feature 'lenght'"),
        (('["length"]', '["length", "length"]'), r"length.* more than once|targets"),
        (('["length"]', '"length"'), r"contexts\.vary must be a list; got 'length'"),
        (("length = 5", "length = 1"), r"contexts\.targets\.length must be at least 2; got 1"),
        (("length = 5", "length = true"), r"contexts\.targets\.length must be a whole number"),
        (("length = 5", "length = 1000000"), r"contexts\.targets\.length must be at most 10000"),
        (("length = 5", "gravity = 5"), r"contexts\.targets must give a grid size for each"),
        (("{ length = 5 }", "{}"), r"contexts\.targets must give a grid size for each"),
    ],
)
def test_a_grid_that_is_none(refused, study, change, message):
    pattern(message, refused("run", study(change)))


# -- 22: budgets -------------------------------------------------------------------------------

NUMBERS = ["0", "-1", "1.5", '"3"', "true", "nan", "1" + "0" * 30]


@pytest.mark.parametrize("number", [*NUMBERS, "6"])
def test_rounds(refused, study, number):
    pattern(r"selection\.rounds", refused("run", study(("rounds = 2", f"rounds = {number}"))))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("field", ["training.steps = 64", "evaluation.episodes = 2"])
def test_steps_and_episodes(refused, study, field, number):
    table, line = field.split(".")
    name = line.split(" ")[0]
    said = refused("run", study((line, f"{name} = {number}")))
    pattern(rf"{table}\.{name} must be ", said)


def test_a_budget_of_all_sources_is_fine(study):
    assert Experiment.read(study(("rounds = 2", "rounds = 5"))).selection.rounds == 5


@pytest.mark.parametrize("budget", ["0", "-1", "4", "1.5", "x", "1" + "0" * 30])
def test_the_budget_of_a_known_matrix(refused, matrix, budget):
    said = refused("select", "--matrix", matrix(), "--budget", budget)
    pattern("budget", said)


# -- 23: selection and matrices ----------------------------------------------------------------


@pytest.fixture
def matrix(tmp_path) -> Callable[..., Path]:
    """Write a matrix of three sources, with some arrays replaced."""

    def write(**changes: object) -> Path:
        arrays = {"J": np.eye(3), "sources": np.arange(3.0), **changes}
        path = tmp_path / "matrix.npz"
        np.savez(path, **{name: np.asarray(array) for name, array in arrays.items()})
        return path

    return write


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"J": [[1.0, np.nan, 2.0]] * 3}, r"return of source 0 .* is missing"),
        ({"J": [[1.0, np.inf, 2.0]] * 3}, r"return of source 0 .* is inf"),
        ({"J": [["a"] * 3] * 3}, "'J' .* must be numbers"),
        ({"J": np.zeros((0, 0))}, "'J' .* at least one of each"),
        ({"J": np.zeros(3)}, "'J' .* shape"),
        ({"J": np.zeros((2, 3))}, r"'sources' .* must have shape \(2, features\)"),
        ({"J": np.eye(3, 4)}, "'targets' .*may be left out only"),
        ({"sources": [1.0, 1.0, 2.0]}, "the sources must differ"),
        ({"sources": [1.0, np.nan, 2.0]}, "feature 'x0' of source 1 must be a finite number"),
        ({"names": ["a", "b"]}, "'names' .* must name the 1 features"),
        ({"J": np.eye(1), "sources": [1.0]}, "no feature varies"),
    ],
)
def test_a_matrix_that_is_none(refused, matrix, changes, message):
    pattern(message, refused("select", "--matrix", matrix(**changes), "--budget", "2"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--score", "1", "0"), "score bounds must be low < high"),
        (("--score", "0", "nan"), "score"),
        (("--selector", "bets"), "no selector is called 'bets'"),
        (("--log", "x9"), "no feature 'x9'"),
        (("--seed", "-1"), "--seed"),
        (("--seed", str(2**32)), "--seed"),
        (("--out", "table.txt"), "--out needs a file name that ends in .csv"),
    ],
)
def test_a_selection_that_is_none(refused, matrix, words, message):
    pattern(message, refused("select", "--matrix", matrix(), "--budget", "2", *words))


# -- 24: data ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("toys/randon-v0", "no dataset 'toys/randon-v0'.*did you mean 'toys/random-v0'"),
        ("../toys/random-v0", "a dataset's name must be words"),
        ("/etc/passwd-v0", "a dataset's name must be words"),
        ("toys/random", "with a version at the end"),
        ("toys/data-v0/data-v0/data/x-v0", "a dataset's name must be words"),
        ("a" * 300 + "-v0", "at least and 200 in all"),
        ("é" * 40 + "-v0", "a dataset's name"),
        ("toys/ran\ndom-v0", "a dataset's name"),
    ],
)
def test_a_dataset_that_is_not_there(refused, dataset, id, message):
    said = refused("train", "cartpole", "--trainer", "uni-o4", "--dataset", id,
                   "--root", dataset[1])  # fmt: skip
    pattern(message, said)


@pytest.mark.parametrize("env", ["acrobot", "pendulum"])
def test_a_dataset_of_another_family(refused, dataset, env):
    said = refused("train", env, "--trainer", "uni-o4", "--dataset", dataset[0],
                   "--root", dataset[1])  # fmt: skip
    pattern("toys/random-v0", said)


# -- 25: names ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "/x", "a/b", "a" * 65, "é" * 40, "a\\nb", "a.", "a ", " a", "CON",
     "\U0001f600", "\u200fa", "Study", "-a", "a\\u0000b"],
)  # fmt: skip
def test_a_name_that_is_none(refused, study, name):
    path = study(('name = "study"', f'name = "{name}"'))
    pattern("name must be 1 to 64 of a-z, 0-9", refused("run", path))
    if not name.startswith("-") and "\\" not in name:
        pattern("name must be 1 to 64", refused("run", study(), "--name", name))


# -- 26: the file ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('env = "cartpole"', 'env = "cartpool"'), "unknown environment 'cartpool'; did you mean"),
        (('env = "cartpole"', 'env = ""'), "unknown environment ''"),
        (('env = "cartpole"', ""), "env: this key is required"),
        (("seeds = [0]", "seeds = [-1]"), r"seeds\.0 must be at least 0; got -1"),
        (("seeds = [0]", "seeds = [4294967296]"), r"seeds\.0 must be less than 4294967296"),
        (("seeds = [0]", "seeds = [1, 1]"), "seeds must not repeat"),
        (("seeds = [0]", "seeds = []"), "seeds must hold 1 or more"),
        (("seeds = [0]", "seeds = [0]\nseeds = [1]"), "Cannot overwrite a value"),
        (("seeds = [0]", "format = 2"), "format 2 is not known; this version"),
        (("steps = 64", "stepz = 64"), r"stepz: this key is unknown \(did you mean 'steps'"),
        (("steps = 64", 'algorithm = "SAC"'), "SAC"),
        (("steps = 64", 'algorithm = "PPP"'), "PPP"),
        (("steps = 64", 'recipe = "uni-o5"'), "uni-o5"),
        (("steps = 64", "n_envs = 0"), r"training\.n_envs must be at least 1; got 0"),
        (("steps = 64", "hyperparameters = { n_steps = 0 }"), "n_steps must be a whole number"),
        (("steps = 64", "hyperparameters = { lr = 1 }"), "no hyperparameter 'lr'"),
        (("steps = 64", "stop = 2.0"), r"training\.stop must be at most 1"),
        (("rounds = 2", 'selector = "best"'), "'best' is unknown"),
        (("rounds = 2", "stop_gain = -1.0"), r"selection\.stop_gain must be more than 0"),
        (("rounds = 2", 'rounds = 2\ncompare = ["all"]'), r"selection\.compare 'all' is unknown"),
        (("[training]", "[trainign]"), r"this key is unknown \(did you mean 'training'"),
        (("[training]", "[training"), "is not TOML"),
    ],
)
def test_a_study_that_is_none(refused, study, change, message):
    pattern(message, refused("run", study(change)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "name: this key is required"),
        (b"\xff\xfen\x00", "it is not UTF-8 text"),
        (STUDY.encode("utf-16"), "it is not UTF-8 text"),
        (b"# " + b"x" * 5_000_000, "5,000,002 bytes; at most 1,000,000 are read"),
        (b"x = " + b"[" * 5_000, "it nests too deeply"),
        (b"x = " + b"[" * 100 + b"]" * 100, "it nests deeper than 64 levels"),
        (b"a" + b".a" * 200_000 + b" = 1", "a key in it has more than 32 parts"),
        (b"x = " + b"9" * 5_000, "is not TOML"),
        (b"x = 0x" + b"f" * 5_000, "more than 1024 bits"),
        (b"\x00", "is not TOML"),
        (b"".join(b"k%d = 1\n" % i for i in range(5000)), "and 5,?000 more"),
        (STUDY.encode() + b'"' + b"k" * 100_000 + b'" = 1', "k{20}: this key is unknown"),
    ],
)
def test_a_file_that_is_no_study(refused, tmp_path, data, message):
    (tmp_path / "bad.toml").write_bytes(data)
    pattern(message, refused("run", tmp_path / "bad.toml"))


def test_something_else_in_the_files_place(refused, tmp_path):
    (tmp_path / "folder.toml").mkdir()
    pattern("it is not a regular file", refused("run", tmp_path / "folder.toml"))
    os.mkfifo(tmp_path / "pipe.toml")  # reading it would wait for ever
    pattern("it is not a regular file", refused("run", tmp_path / "pipe.toml"))
    pattern("No such file", refused("run", tmp_path / "nowhere.toml"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--seeds", "x"), "--seeds must look like 0, 0-2 or 0,3,5"),
        (("--seeds", ""), "--seeds must name at least one seed"),
        (("--seeds", "3-1"), "--seeds 3-1 must go from a seed to a larger one"),
        (("--seeds", "0-100000"), "--seeds 0-100000"),
        (("--seeds", "9" * 50), "seeds"),
        (("--targets", "1"), "targets"),
        (("--targets", "1000000000"), "targets"),
        (("--rounds", "0"), "rounds"),
        (("--steps", "-5"), "steps"),
        (("--episodes", "0"), "episodes"),
        (("--vary", ""), "at least one feature|contexts"),
        (("--vary", "wind"), "unknown context feature 'wind'"),
        (("--preset", "none"), "no preset 'none'"),
        (("--jobs", "0"), "--jobs"),
        (("--colour", "red"), "there is no option --colour"),
    ],
)
def test_words_that_are_none(refused, words, message):
    pattern(message, refused("run", "cartpole", "--vary", "length", *words))


# -- 27 and 28: policies and runs --------------------------------------------------------------


@pytest.fixture
def saved(tmp_path, policy) -> Path:
    policy.save(tmp_path / "policy")
    return tmp_path / "policy"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--episodes", "0"), "--episodes"),
        (("--targets", "1"), "--targets"),
        (("--seed", "-1"), "--seed"),
        (("--vary", "wind"), "unknown context feature 'wind'"),
        (
            ("--vary", "gravity", "--env", "acrobot"),
            "expects 4 observations, and acrobot gives 6",
        ),
        (("--env", "nowhere"), "unknown environment 'nowhere'"),
        (("--vary", "length,gravity,masspole,masscart,force_mag", "--targets", "100"), "too large"),
    ],
)
def test_an_evaluation_that_is_none(refused, saved, words, message):
    vary = () if "--vary" in words else ("--vary", "length")
    pattern(message, refused("evaluate", saved, *vary, *words))


@pytest.mark.parametrize("command", ["resume", "report", "dashboard"])
@pytest.mark.parametrize("place", ["nowhere", "."])
def test_a_run_that_is_none(refused, command, place):
    pattern("is not a run: it has no experiment.toml", refused(command, place, code=5))


def test_a_run_of_a_newer_version(refused, run):
    text = run.experiment_file.read_text().partition("\n")[2]
    run.experiment_file.write_text(text.replace("format = 1", "format = 2"))
    pattern("format 2 is not known; this version writes and reads 1", refused("resume", run.path))


def test_a_policy_without_its_weights_or_description(refused, saved):
    words = ("evaluate", saved, "--vary", "length")
    description = (saved / "policy.json").read_bytes()
    (saved / "policy.json").unlink()
    pattern(r"policy\.json cannot be read", refused(*words))
    (saved / "policy.json").write_bytes(description)
    (saved / "policy.safetensors").unlink()
    pattern(r"policy\.safetensors cannot be read", refused(*words))


def test_a_sentence_for_programs(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["rltransfer", "--json"])
    with pytest.raises(SystemExit):
        fail("a \x1b[2Jscreen", 2)
    said = capsys.readouterr()
    assert "\x1b[2J" not in said.err
    assert json.loads(said.out) == {"error": "a \\x1b[2Jscreen", "exit_code": 2}


def pattern(message: str, said: str) -> None:
    """The message is there, wherever the terminal broke the line."""
    assert re.search(message, " ".join(said.split())), said
