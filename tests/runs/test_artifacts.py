import json

import optuna
import pytest
from optuna.artifacts import get_all_artifact_meta
from optuna.artifacts.exceptions import ArtifactNotFound

from rltransfer.runs.artifacts import ShownFiles, attach, id_of, run_files


def test_optuna_finds_what_is_attached():
    study = optuna.create_study()
    trial = study.ask()
    attach(study, "gaps.csv")
    attach(trial, "abc/policy.safetensors")
    (table,) = get_all_artifact_meta(study)
    assert (table.filename, table.mimetype) == ("gaps.csv", "text/csv")
    (weights,) = get_all_artifact_meta(study.trials[0], storage=study._storage)
    assert weights.filename == "policy.safetensors"
    assert weights.artifact_id == id_of("abc/policy.safetensors")


def test_files_are_read_from_where_they_lie(tmp_path):
    source = tmp_path / "sources" / "00"
    source.mkdir(parents=True)
    (source / "result.json").write_text(json.dumps({"steps": 3}))
    store = ShownFiles(lambda: run_files(tmp_path, {"abc": source}))
    assert store.open_reader(id_of("abc/result.json")).read() == b'{"steps": 3}'
    with pytest.raises(ArtifactNotFound, match="is not there yet"):
        store.open_reader(id_of("gaps.csv"))
    (tmp_path / "gaps.csv").write_text("round\n")  # as a run ends while people watch
    assert store.open_reader(id_of("gaps.csv")).read() == b"round\n"


def test_a_link_out_of_the_run_is_not_followed(tmp_path):
    (tmp_path / "secret").write_text("s")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "gaps.csv").symlink_to(tmp_path / "secret")
    store = ShownFiles(lambda: run_files(tmp_path / "run", {}))
    with pytest.raises(ArtifactNotFound, match="it is a link"):
        store.open_reader(id_of("gaps.csv"))


@pytest.mark.parametrize("call", [lambda s: s.write("x", None), lambda s: s.remove("x")])
def test_nothing_is_written(call):
    with pytest.raises(PermissionError, match="shown only"):
        call(ShownFiles(dict))
