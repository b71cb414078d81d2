import json
import subprocess
import sys

import pytest


def rltransfer(*words, cwd=None, check=None):
    done = subprocess.run(
        [sys.executable, "-c", "from rltransfer.cli import main; main()", *map(str, words)],
        capture_output=True, text=True, cwd=cwd, timeout=120,
    )  # fmt: skip
    if check is not None:
        assert done.returncode == check, done.stderr + done.stdout
    return done


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("datasets")


@pytest.fixture(scope="module")
def medium(root):
    """What the issue's own command records, with a short training."""
    words = ("dataset", "record", "cartpole", "--context", "length=0.5", "--quality", "medium")
    done = rltransfer(*words, "--steps", 1000, "--train-steps", 6000, "--root", root, check=0)
    assert "training …" in done.stdout
    return done.stdout


ID = "rltransfer/cartpole/default/medium-v0"


def test_recording_tells_what_it_wrote(medium, root):
    assert ID in medium
    assert "1,000 steps" in medium
    assert (root / ID / "data" / "main_data.hdf5").is_file()


def test_a_dataset_is_listed_and_shown(medium, root):
    assert ID in rltransfer("dataset", "list", "--root", root, check=0).stdout
    shown = rltransfer("dataset", "show", ID, "--root", root, check=0).stdout
    assert "medium PPO" in shown
    assert "seed 0" in shown


def test_programs_get_one_json_document(medium, root):
    listed = json.loads(rltransfer("dataset", "list", "--root", root, "--json", check=0).stdout)
    assert listed["broken"] == {}
    (entry,) = (x for x in listed["datasets"] if x["id"] == ID)
    shown = json.loads(rltransfer("dataset", "show", ID, "--root", root, "--json", check=0).stdout)
    assert shown["info"] == entry["info"]
    (context,) = entry["info"]["contexts"]
    assert context["context"]["length"] == 0.5
    assert context["reference"]["random"] < context["reference"]["expert"]


def test_a_taken_name_is_refused_before_training(medium, root):
    words = ("dataset", "record", "cartpole", "--root", root, "--train-steps", 10**9)
    done = rltransfer(*words, check=2)
    assert f"there is a dataset '{ID}'" in done.stderr


def test_names_and_versions_can_be_chosen(root):
    words = ("dataset", "record", "cartpole", "--quality", "random", "--steps", 100,
             "--context", "length=1,gravity=12", "--name", "mine/short", "--version", 3,
             "--root", root, "--json")  # fmt: skip
    found = json.loads(rltransfer(*words, check=0).stdout)
    assert found["id"] == "mine/short-v3"
    assert found["steps"] == 100
    assert found["info"]["contexts"][0]["context"]["gravity"] == 12.0
    assert found["score"] is None


def test_a_broken_dataset_is_named(tmp_path):
    (tmp_path / "broken-v0" / "data").mkdir(parents=True)
    done = rltransfer("dataset", "list", "--root", tmp_path, check=0)
    assert "cannot be read: the dataset 'broken-v0' is damaged" in done.stdout
    assert "0 datasets" in done.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["record", "cartpol"], "did you mean 'cartpole'?"),
        (["record", "cartpole", "--context", "length"], "--context must look like"),
        (["record", "cartpole", "--context", "length=x"], "got 'length=x'"),
        (["record", "cartpole", "--context", "length=1,length=2"], "'length' twice"),
        (["record", "cartpole", "--context", "lenght=1"], "did you mean 'length'?"),
        (["record", "cartpole", "--context", "length=99"], "length"),
        (["record", "cartpole", "--context", "length=nan"], "must be finite"),
        (["record", "cartpole", "--quality", "mediun"], "did you mean 'medium'?"),
        (["record", "cartpole", "--quality", "mixed-context"], "two contexts or more"),
        (["record", "cartpole", "--steps", "0"], "1"),
        (["record", "cartpole", "--steps", "x"], "--steps must be a whole number"),
        (["record", "cartpole", "--name", "g10.0"], "must be words of letters"),
        (["record", "cartpole", "--name", "../up"], "must be words of letters"),
        (["record", "cartpole", "--policy", "nowhere"], "nowhere"),
        (["show", "nothing-v0"], "there is no dataset 'nothing-v0'"),
        (["show", "../x"], "must be words of letters"),
        (["recrod"], "recrod"),
    ],
)
def test_wrong_words_are_one_sentence_and_write_nothing(tmp_path, words, message):
    root = [] if words == ["recrod"] else ["--root", tmp_path / "datasets"]
    done = rltransfer("dataset", *words, *root, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert message in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr + done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_group_explains_itself():
    out = rltransfer("dataset", "--help").stdout
    for word in ("record", "list", "show"):
        assert word in out
