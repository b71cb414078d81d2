import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from rltransfer.errors import CorruptRun
from rltransfer.files import commit_folder, write_manifest
from rltransfer.runs import SourceRecord
from rltransfer.runs.origin import Origin


@pytest.fixture
def folder(tmp_path, record, policy, targets):
    commit_folder(tmp_path / "00", lambda path: record.write(path, policy, targets))
    return tmp_path / "00"


def test_a_record_comes_back_exactly(folder, record):
    found = SourceRecord.read(folder)
    np.testing.assert_array_equal(found.returns, record.returns)
    np.testing.assert_array_equal(found.lengths, record.lengths)
    assert found.curve == record.curve
    assert found.context == record.context
    assert found.result() == record.result()


def test_returns_are_in_long_form_with_their_targets(folder, record, targets):
    table = pq.read_table(folder / "returns.parquet").to_pandas()
    assert list(table.columns) == ["target.length", "episode", "return", "length"]
    row = table[(table["target.length"] == targets[2]["length"]) & (table["episode"] == 1)]
    assert row["return"].item() == record.returns[2, 1]


def change_result(folder, **values):
    path = folder / "result.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))
    write_manifest(folder)


def test_a_newer_format_is_named(folder):
    change_result(folder, format=99)
    with pytest.raises(CorruptRun, match="format 99; this version reads 1"):
        SourceRecord.read(folder)


def test_a_wrong_shape_is_a_sentence(folder):
    change_result(folder, shape=[5, 5])
    with pytest.raises(CorruptRun, match="cannot be read as a trained source"):
        SourceRecord.read(folder)


def test_a_known_policy_comes_back_with_its_origin(tmp_path, record, policy, targets):
    origin = Origin(name="old", path="elsewhere", weights="ab" * 32, provenance={"seed": "3"})
    known = replace(record, key="known-12ab", origin=origin, own=(3.0, 4.5))
    commit_folder(tmp_path / "00", lambda path: known.write(path, policy, targets))
    found = SourceRecord.read(tmp_path / "00")
    assert (found.origin, found.own, found.label) == (origin, (3.0, 4.5), "old")
    assert found.result() == known.result()
    assert json.loads((tmp_path / "00" / "result.json").read_text())["kind"] == "known"


def test_what_the_run_has_trained_has_no_origin(folder):
    told = json.loads((folder / "result.json").read_text())
    assert (told["kind"], told["origin"]) == ("trained", None)
    assert SourceRecord.read(folder).origin is None
