from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer import TransferMatrix

from .conftest import ROW_0, ROW_1


def test_the_long_table(matrix):
    frame = matrix.to_frame()
    assert list(frame.columns) == [
        "round", "source.length", "source.gravity", "target.length", "target.gravity",
        "episode", "return",
    ]  # fmt: skip
    assert len(frame) == 3 * 3 * 2
    second = frame[frame["round"] == 2]
    assert set(second["source.gravity"]) == {1.0}
    one = second[(second["target.length"] == 0.5) & (second["episode"] == 1)]
    assert one["return"].tolist() == [ROW_0[1, 1]]
    np.testing.assert_array_equal(frame["return"][:6], ROW_1.ravel())


def test_means_can_be_read_off_the_table(matrix):
    table = matrix.to_frame().pivot_table(
        index="round", columns=["target.length"], values="return", sort=False
    )
    np.testing.assert_allclose(table[[0.05, 0.5, 1.0]], matrix.mean)


def test_parquet_round_trip_is_exact(matrix, empty, tmp_path):
    thirds = matrix.scaled(0.0, 3.0)
    for name, value in {"three": thirds, "one": matrix.after(1), "none": empty}.items():
        value.to_parquet(tmp_path / f"{name}.parquet")
        again = TransferMatrix.from_parquet(tmp_path / f"{name}.parquet")
        assert again == value
        assert again.space == value.space
        assert again.own.tobytes() == value.own.tobytes()
        assert again.returns.tobytes() == value.returns.tobytes()


def test_other_tools_read_the_file(matrix, tmp_path):
    matrix.to_parquet(tmp_path / "m.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "m.parquet"), matrix.to_frame())


def test_a_restored_matrix_goes_on(matrix, tmp_path):
    matrix.to_parquet(tmp_path / "m.parquet")
    again = TransferMatrix.from_parquet(tmp_path / "m.parquet")
    row = np.ones((3, 2))
    assert again.learn(2, row, own=[1.0, 1.0]) == matrix.learn(2, row, own=[1.0, 1.0])


def test_files_that_are_no_matrix(matrix, tmp_path):
    path = tmp_path / "frame.parquet"
    pd.DataFrame({"return": [1.0]}).to_parquet(path)
    with pytest.raises(InvalidTransferMatrix, match="but no transfer matrix: its metadata lack"):
        TransferMatrix.from_parquet(path)


def test_files_that_were_cut(matrix, tmp_path):
    path = tmp_path / "m.parquet"
    matrix.to_parquet(path)
    pq.write_table(pq.read_table(path).slice(0, 5), path)
    with pytest.raises(InvalidTransferMatrix, match=r"should hold 18 returns.*it holds 5"):
        TransferMatrix.from_parquet(path)


def test_files_from_the_future(matrix, tmp_path):
    path = tmp_path / "m.parquet"
    matrix.to_parquet(path)
    table = pq.read_table(path)
    about = json.loads(table.schema.metadata[b"rltransfer"]) | {"format": 2}
    pq.write_table(table.replace_schema_metadata({b"rltransfer": json.dumps(about)}), path)
    with pytest.raises(InvalidTransferMatrix, match=r"has format 2, .* reads 1: upgrade"):
        TransferMatrix.from_parquet(path)
