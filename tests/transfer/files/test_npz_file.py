from contextlib import suppress

import numpy as np
import pytest

from rltransfer.errors import InvalidTransferMatrix, RLTransferError
from rltransfer.transfer.files import read_matrix

J = np.array([[3.0, 1.0, 0.0], [1.0, 4.0, 2.0]])
SOURCES = np.array([[0.0, 5.0], [1.0, 7.0]])
TARGETS = np.array([[0.0, 5.0], [0.5, 6.0], [1.0, 7.0]])


@pytest.fixture
def saved(tmp_path):
    def save(**arrays):
        np.savez(tmp_path / "m.npz", **arrays)
        return tmp_path / "m.npz"

    return save


def test_an_archive_is_read(saved):
    matrix = read_matrix(saved(J=J, sources=SOURCES, targets=TARGETS, names=["wind", "Load kg"]))
    np.testing.assert_array_equal(matrix.J, J)
    assert matrix.labels == ("wind=0, Load kg=5", "wind=1, Load kg=7")
    assert matrix.untrained.space.names == ("wind", "load_kg")
    np.testing.assert_allclose(matrix.untrained.units_targets, [[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]])


def test_contexts_given_once_are_sources_and_targets(saved):
    matrix = read_matrix(saved(J=J[:, :2], sources=[2.0, 3.0]))
    assert matrix.untrained.sources == matrix.untrained.targets
    assert matrix.untrained.space.names == ("x0",)


def test_text_that_says_numbers_is_numbers_and_other_text_words(saved):
    mixed = np.array([["0.5", "ice"], ["1.5", "sand"]])
    matrix = read_matrix(saved(J=J[:, :2], sources=mixed, names=["slope", "ground"]))
    assert matrix.untrained.space.names == ("slope", "ground_ice", "ground_sand")
    assert matrix.untrained.units_sources.tolist() == [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]


def test_objects_are_never_loaded(saved, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    path = saved(J=np.array([[Trap()]], dtype=object), sources=[0.0])
    with pytest.raises(InvalidTransferMatrix, match="arrays of Python objects are refused"):
        read_matrix(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"sources": SOURCES}, "lacks 'J' and has sources"),
        ({"J": J}, "lacks 'sources'"),
        ({"other": J}, "it lacks 'J' and has nothing"),
        ({"J": J, "sources": SOURCES}, "shape (3, features), for J has 3 targets"),
        ({"J": J, "sources": TARGETS, "targets": TARGETS}, "for J has 2 sources; got (3, 2)."),
        ({"J": J, "sources": SOURCES, "targets": TARGETS[:, :1]}, "the same features"),
        ({"J": J[0], "sources": SOURCES}, "got float64 of shape (3,)"),
        ({"J": J + 1j, "sources": SOURCES, "targets": TARGETS}, "real numbers or text"),
        ({"J": np.empty((0, 3)), "sources": SOURCES}, "at least one of each"),
        ({"J": J, "sources": SOURCES, "targets": TARGETS, "names": ["a"]}, "the 2 features"),
        ({"J": J, "sources": SOURCES, "targets": TARGETS, "names": ["a", "a"]}, "each once"),
        ({"J": J, "sources": SOURCES[[0, 0]], "targets": TARGETS},
         "rows 0 and 1 of `sources` are both x0=0, x1=5"),
        ({"J": J, "sources": SOURCES, "targets": TARGETS[[0, 1, 1]]}, "rows 1 and 2 of `targets`"),
        ({"J": J * [1, 1, np.nan], "sources": SOURCES, "targets": TARGETS},
         "source 0 (x0=0, x1=5) on target 2 (x0=1, x1=7) is missing"),
        ({"J": J * 1e200, "sources": SOURCES, "targets": TARGETS}, "is 3e+200"),
        ({"J": J, "sources": SOURCES * np.nan, "targets": TARGETS}, "of source 0 must be a finite"),
        ({"J": [[1.0]], "sources": [3.0]}, "no feature varies"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_in_a_sentence(saved, arrays, words):
    with pytest.raises(InvalidTransferMatrix) as error:
        read_matrix(saved(**arrays))
    assert words in str(error.value)


def test_an_array_alone_is_no_archive(tmp_path):
    with (tmp_path / "m.npz").open("wb") as file:
        np.save(file, J)
    with pytest.raises(InvalidTransferMatrix, match="no NPZ archive"):
        read_matrix(tmp_path / "m.npz")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_damaged_archive_is_read_or_refused_in_a_sentence(tmp_path, save):
    save(tmp_path / "m.npz", J=J, sources=SOURCES, targets=TARGETS)
    whole = (tmp_path / "m.npz").read_bytes()
    rng = np.random.default_rng(0)
    for k in range(100):
        data = bytearray(whole if k % 2 else whole[: rng.integers(1, len(whole))])
        data[rng.integers(len(data))] = rng.integers(256)
        (tmp_path / "damaged.npz").write_bytes(data)
        with suppress(RLTransferError):
            read_matrix(tmp_path / "damaged.npz")
