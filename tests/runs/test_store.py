import pytest

from rltransfer.errors import CorruptRun, InvalidExperiment
from rltransfer.runs import Run

TEXT = 'name = "a"\nseeds = [0]\n[training]\nsteps = 5\n'


@pytest.fixture
def run(tmp_path) -> Run:
    return Run.create(tmp_path / "a" / "seed-0", TEXT)


def test_a_new_run_describes_itself(run):
    assert run.description()["training"] == {"steps": 5}
    assert run.provenance()["libraries"]["numpy"]
    assert Run.open(run.path).sources() == {}


def test_the_same_experiment_is_continued_and_another_refused(run):
    assert Run.create(run.path, TEXT).path == run.path
    with pytest.raises(InvalidExperiment, match=r"training\.steps was 5 and is now 6.*--name"):
        Run.create(run.path, TEXT.replace("5", "6"))


def test_commits_are_numbered_and_found_by_key(run, record, policy, targets):
    with run.working():
        first = run.commit(record, policy, targets)
    assert first.name == "00"
    assert list(run.sources()) == [record.key]
    assert run.policy_folder(record.key) == first
    with pytest.raises(KeyError):
        run.policy_folder("other")


def test_an_unfinished_commit_is_not_a_source(run, record, policy, targets):
    run.commit(record, policy, targets)
    (run.sources_folder / ".tmp-dead").mkdir()
    assert len(run.sources()) == 1
    with run.working():
        assert not (run.sources_folder / ".tmp-dead").exists()


def test_runs_are_found_in_a_run_and_in_an_experiment(tmp_path, run):
    for seed in (10, 2):
        Run.create(tmp_path / "a" / f"seed-{seed}", TEXT)
    assert [r.path.name for r in Run.find(tmp_path / "a")] == ["seed-0", "seed-2", "seed-10"]
    assert [r.path for r in Run.find(run.path)] == [run.path]


@pytest.mark.parametrize("reader", [Run.open, Run.find])
def test_another_folder_is_not_a_run(tmp_path, reader):
    with pytest.raises(CorruptRun, match=r"is not a run: it has no experiment\.toml"):
        reader(tmp_path)


def test_a_damaged_description_is_a_sentence(run):
    run.experiment_file.write_bytes(b"\xff\xfe")
    with pytest.raises(CorruptRun, match=r"experiment\.toml cannot be read"):
        run.description()


def test_a_file_in_the_runs_place_is_a_sentence(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(InvalidExperiment, match="is a file"):
        Run.create(tmp_path / "x", TEXT)


def test_of_several_differences_the_most_telling_is_named(tmp_path):
    study = 'name = "a"\n[contexts]\ndigest = "{}"\nvary = ["{}"]\n[contexts.targets]\n{} = 3\n'
    Run.create(tmp_path / "run", study.format(1, "length", "length"))
    with pytest.raises(InvalidExperiment, match=r"contexts\.vary was \['length'\] and is now"):
        Run.create(tmp_path / "run", study.format(2, "gravity", "gravity"))
