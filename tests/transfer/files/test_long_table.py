from contextlib import suppress

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rltransfer.errors import InvalidTransferMatrix, RLTransferError
from rltransfer.transfer.files import read_matrix

from .conftest import J


def written(frame, path):
    """Write a frame by the ending of its name."""
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("name", ["m.csv", "m.parquet", "m.csv.gz"])
def test_a_table_is_read_to_the_last_bit_in_order_of_first_appearance(frame, tmp_path, name):
    matrix = read_matrix(written(frame, tmp_path / name))
    np.testing.assert_array_equal(matrix.J, J)
    assert [dict(x) for x in matrix.untrained.sources] == [
        {"length": 0.1, "mass": 3.0}, {"length": 0.8, "mass": 3.0},
        {"length": 0.2, "mass": 1.0}, {"length": 0.4, "mass": 1.0},
    ]  # fmt: skip
    assert matrix.labels[1] == "length=0.8, mass=3"
    assert matrix.notes == ()


def test_rows_may_come_in_any_order_and_episodes_are_averaged(frame, tmp_path):
    episodes = [frame.assign(episode=e, **{"return": frame["return"] + e}) for e in (0, 1, 5)]
    mixed = pd.concat(episodes).sample(frac=1.0, random_state=1)
    matrix = read_matrix(written(mixed, tmp_path / "m.parquet"))
    first = {tuple(x.values()): i for i, x in enumerate(matrix.untrained.sources)}
    targets = {tuple(x.values()): i for i, x in enumerate(matrix.untrained.targets)}
    for row in frame.itertuples(index=False):
        cell = matrix.J[first[row[0], row[1]], targets[row[2], row[3]]]
        assert cell == pytest.approx(row[4] + 2.0, abs=1e-12)


def test_a_runs_table_with_several_selectors_is_read(frame, tmp_path):
    """They share sources: rows repeat; a policy of many contexts names no source."""
    one = frame.assign(selector="mbtl", round=1, episode=0, length=3)
    multi = one.assign(selector="multi-task", **{"source.length": np.nan, "source.mass": np.nan})
    run = pd.concat([one, one.assign(selector="random"), multi])
    written(run, tmp_path / "returns.parquet")
    matrix = read_matrix(tmp_path)
    np.testing.assert_array_equal(matrix.J, J)
    assert "8 rows name no source" in matrix.notes[0]


def test_columns_may_be_words_whatever_they_say(frame, tmp_path):
    words = frame.assign(
        **{
            "source.ground": frame["source.mass"].map({3.0: "None", 1.0: "NA"}),
            "target.ground": "NA",
        }
    )
    matrix = read_matrix(written(words, tmp_path / "m.csv"))
    assert matrix.untrained.space.names == ("length", "mass", "ground_na", "ground_none")
    assert matrix.labels[0] == "length=0.1, mass=3, ground=None"


@pytest.mark.parametrize("name", ["m.csv", "m.parquet"])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: f.iloc[:-1], "source 3 (length=0.4, mass=1) returns on target 1 (length=0.2, m"),
        (lambda f: f.drop(index=2), "source 1 (length=0.8, mass=3) returns on target 0 (length="),
        (lambda f: f.assign(**{"return": [np.nan, *f["return"][1:]]}),
         "source 0 (length=0.1, mass=3) on target 0 (length=0.8, mass=3) is missing"),
        (lambda f: f.assign(**{"return": [*f["return"][:-1], np.inf]}),
         "source 3 (length=0.4, mass=1) on target 1 (length=0.2, mass=1) is inf"),
        (lambda f: f.assign(**{"return": "good"}), "'return' of"),
        (lambda f: f.drop(columns="return"), "must have columns source.<feature>"),
        (lambda f: f.rename(columns=str.upper), "of these it has none"),
        (lambda f: f.drop(columns="target.mass"), "'source.mass' and none 'target.mass'"),
        (lambda f: f.iloc[:0], "has no row"),
        (lambda f: f.assign(**{"target.mass": [np.nan, *f["target.mass"][1:]]}),
         "row 1 of"),
        (lambda f: f.assign(**{"target.mass": [np.inf, *f["target.mass"][1:]]}),
         "feature 'mass' of target 0 must be a finite number; got inf"),
    ],
)  # fmt: skip
def test_what_is_no_whole_matrix_is_refused_in_a_sentence(frame, tmp_path, name, spoil, words):
    with pytest.raises(InvalidTransferMatrix) as error:
        read_matrix(written(spoil(frame), tmp_path / name))
    assert words in str(error.value)


@pytest.mark.parametrize("name", ["m.csv", "m.csv.gz", "m.parquet", "m.npz", "m.pq"])
@pytest.mark.parametrize(
    "data", [b"", b"\x00\xff\x80 nonsense", b"PK\x03\x04 no archive", b"a,b\n"]
)
def test_a_file_of_something_else_is_refused(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InvalidTransferMatrix, match=r"m\.(csv|parquet|npz|pq)"):
        read_matrix(path)


@pytest.mark.parametrize(
    ("name", "words"), [("none.csv", "does not exist"), (".", "returns.parquet does not exist")]
)
def test_a_missing_file_is_told(tmp_path, name, words):
    with pytest.raises(InvalidTransferMatrix, match=words):
        read_matrix(tmp_path / name)


def test_a_missing_cell_of_a_huge_grid_needs_no_memory(tmp_path):
    """Sources and targets that never meet: a whole matrix of them would have 10^10 cells."""
    x = np.arange(100_000.0)
    frame = pd.DataFrame({"source.x": x, "target.x": x, "return": x})
    with pytest.raises(InvalidTransferMatrix, match="100,000 of 10,000,000,000 are there"):
        read_matrix(written(frame, tmp_path / "m.parquet"))


def test_a_hand_written_table_is_read(tmp_path):
    (tmp_path / "m.csv").write_text(
        "\ufeffsource.x, target.x, return, about\n1, 1, +5, good\n1, 2, 1e0,\n2, 1, 0, \n2, 2, 3,\n"
    )
    matrix = read_matrix(tmp_path / "m.csv")
    assert matrix.J.tolist() == [[5.0, 1.0], [0.0, 3.0]]


@pytest.mark.parametrize("name", ["m.csv", "m.parquet"])
def test_true_and_false_are_words_in_every_format(frame, tmp_path, name):
    heavy = {f"{role}.heavy": frame[f"{role}.mass"] > 2.0 for role in ("source", "target")}
    matrix = read_matrix(written(frame.assign(**heavy), tmp_path / name))
    assert matrix.untrained.space.names == ("length", "mass", "heavy_false", "heavy_true")


def test_a_repeated_column_is_refused(frame, tmp_path):
    names = [*frame, "return"]
    columns = [frame[name].to_numpy() for name in names]
    path = tmp_path / "m.parquet"
    pq.write_table(pa.Table.from_arrays(columns, names), path)
    with pytest.raises(InvalidTransferMatrix, match="more than one column 'return'"):
        read_matrix(path)


@pytest.mark.parametrize("name", ["m.csv", "m.csv.gz", "m.parquet"])
def test_a_damaged_file_is_read_or_refused_in_a_sentence(frame, tmp_path, name):
    whole = written(frame, tmp_path / name).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        data = bytearray(whole[: rng.integers(1, len(whole) + 1)])
        data[rng.integers(len(data))] = rng.integers(256)
        (tmp_path / f"damaged-{name}").write_bytes(data)
        with suppress(RLTransferError):
            read_matrix(tmp_path / f"damaged-{name}")
