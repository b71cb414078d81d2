import json

import numpy as np
import pytest
from safetensors.numpy import load, save

from rltransfer.contexts import Context
from rltransfer.data import Transitions
from rltransfer.data.transitions_file import DTYPES, read_transitions, write_transitions
from rltransfer.errors import InvalidDataset


def transitions(actions):
    T, rng = 6, np.random.default_rng(0)
    observations = rng.normal(size=(2, T, 3)).astype(np.float32)
    return Transitions(
        observations[0], actions, np.arange(T, dtype=np.float32), observations[1],
        np.array([0, 0, 1, 0, 0, 0], bool), np.array([0, 0, 0, 0, 0, 1], bool),
        np.array([1, 1, 1, 0, 0, 0], np.int32),
        (Context(length=0.1 + 0.2, gravity=9.8), Context(length=1 / 3, gravity=1e-300)),
    )  # fmt: skip


@pytest.mark.parametrize(
    "actions", [np.arange(6), np.linspace(-1, 1, 12, dtype=np.float32).reshape(6, 2)]
)
def test_transitions_come_back_exactly(tmp_path, actions):
    path, written = tmp_path / "t.safetensors", transitions(actions)
    write_transitions(path, written)
    found = read_transitions(path)
    for name in DTYPES:
        assert getattr(found, name).dtype == getattr(written, name).dtype
        np.testing.assert_array_equal(getattr(found, name), getattr(written, name))
    assert found.contexts == written.contexts


@pytest.fixture
def path(tmp_path):
    write_transitions(tmp_path / "t.safetensors", transitions(np.arange(6)))
    return tmp_path / "t.safetensors"


def rewritten(path, metadata, **arrays):
    said = {"rltransfer": metadata if isinstance(metadata, str) else json.dumps(metadata)}
    path.write_bytes(save({**load(path.read_bytes()), **arrays}, metadata=said))


GOOD = {"format": 1, "contexts": [{"length": 1.0}, {"length": 2.0}]}


def test_the_same_transitions_are_the_same_bytes(tmp_path):
    paths = [tmp_path / str(k) for k in range(4)]
    for path in paths:
        write_transitions(path, transitions(np.arange(6)))
    assert len({path.read_bytes() for path in paths}) == 1


def test_what_is_missing_or_torn_is_a_sentence(path):
    with pytest.raises(InvalidDataset, match=r"none\.safetensors cannot be read as transitions"):
        read_transitions(path.with_name("none.safetensors"))
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InvalidDataset, match=r"cannot be read as transitions.*record"):
        read_transitions(path)


@pytest.mark.parametrize(
    ("metadata", "arrays", "message"),
    [
        ({**GOOD, "format": 9}, {}, "format 9; this version reads 1"),
        ("[]", {}, "format None; this version reads 1"),
        ("{", {}, "cannot be read as transitions"),
        ({"format": 1}, {}, "does not say its contexts"),
        ({**GOOD, "contexts": 3}, {}, "does not say its contexts"),
        ({**GOOD, "contexts": [{"length": "long"}, {}]}, {}, "does not say its contexts"),
        (GOOD, {"rewards": np.zeros(6)}, "rewards must be float32; got float64"),
        (GOOD, {"actions": np.zeros(6, bool)}, "actions must be float32 or int64; got bool"),
        (GOOD, {"truncated": np.zeros(6, bool)}, "the last episode has no end"),
        (GOOD, {"context_index": np.full(6, 7, np.int32)}, "must name one of 2 contexts"),
    ],
)
def test_what_does_not_fit_is_named(path, metadata, arrays, message):
    rewritten(path, metadata, **arrays)
    with pytest.raises(InvalidDataset, match=message):
        read_transitions(path)
