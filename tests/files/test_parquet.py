import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rltransfer.files import Unreadable, read_columns


def every(name):
    return True


def test_only_columns_that_are_used_are_looked_at(tmp_path):
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(3, np.int8)), ["x" * 2000])
    pq.write_table(pa.table({"a": [1.0, 2.0, 3.0], "b": words}), tmp_path / "t.parquet")
    found = read_columns(tmp_path / "t.parquet", "a".__eq__)
    assert found.to_pydict() == {"a": [1.0, 2.0, 3.0]}
    with pytest.raises(Unreadable, match="'b' has a word of 2,000 letters"):
        read_columns(tmp_path / "t.parquet", every)


def test_cells_are_counted_before_they_are_read(tmp_path):
    pq.write_table(pa.table({"a": np.zeros(10), "b": np.zeros(10)}), tmp_path / "t.parquet")
    assert read_columns(tmp_path / "t.parquet", every, most_cells=20).num_rows == 10
    with pytest.raises(Unreadable, match="it has 20 cells; at most 19 are read"):
        read_columns(tmp_path / "t.parquet", every, most_cells=19)


def test_columns_of_lists_are_refused(tmp_path):
    pq.write_table(pa.table({"a": [[1.0], [2.0]]}), tmp_path / "t.parquet")
    with pytest.raises(Unreadable, match="holds neither numbers nor words"):
        read_columns(tmp_path / "t.parquet", every)


@pytest.mark.parametrize("data", [b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1"])
def test_what_is_no_parquet_is_a_clause(tmp_path, data):
    (tmp_path / "t.parquet").write_bytes(data)
    with pytest.raises(Unreadable, match="it cannot be read as Parquet"):
        read_columns(tmp_path / "t.parquet", every)
