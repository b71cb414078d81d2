import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from rltransfer.errors import CorruptRun
from rltransfer.files import MANIFEST, commit_folder, digest
from rltransfer.runs import SourceRecord


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
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["result.json"] = digest(path)
    (folder / MANIFEST).write_text(json.dumps(manifest))


def test_a_newer_format_is_named(folder):
    change_result(folder, format=99)
    with pytest.raises(CorruptRun, match="format 99; this version reads 1"):
        SourceRecord.read(folder)


def test_a_wrong_shape_is_a_sentence(folder):
    change_result(folder, shape=[5, 5])
    with pytest.raises(CorruptRun, match="cannot be read as a trained source"):
        SourceRecord.read(folder)
