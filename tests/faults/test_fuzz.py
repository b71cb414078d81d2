"""Every parser on a million mutants: only errors of ours, in a few words, and no file is made."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rltransfer.data import load_dataset
from rltransfer.data.minari_reader import own_info
from rltransfer.envs.spec import EnvironmentSpec
from rltransfer.errors import RLTransferError
from rltransfer.experiment.spec import Experiment
from rltransfer.files import seal_json, verify_folder, write_manifest
from rltransfer.runs import SourceRecord
from rltransfer.runs.result_file import read_result
from rltransfer.training import Policy
from rltransfer.transfer.files import read_matrix

LONGEST = 500

TOKENS = [
    b"nan", b"inf", b"-inf", b"NaN", b"Infinity", b"1e999", b"-1", b"0", b"-0.0", b"1.5", b"1e-320",
    b"99999999999999999999999", b"true", b"false", b"null", b'""', b"[]", b"{}", b"[[]]", b'"x"',
    b"'", b'"', b"\\", b"\n", b"\r", b"\t", b"\x00", b"\xff", b"\xc3", b"[", b"]", b"{", b"}", b",",
    b"=", b":", b".", b"#", b"..", b"../x", b"/etc/x", b"\xe2\x80\x8f", b"\xf0\x9f\x98\x80",
    b"0x7fffffffffffffff", b"1979-05-27", b"cartpole", b"length", b"[training]", b"format",
]  # fmt: skip


def mutant(data: bytes, rng: np.random.Generator) -> bytes:
    """Change a file at one to four places."""
    for _ in range(int(rng.integers(1, 5))):
        at, kind = int(rng.integers(len(data) + 1)), int(rng.integers(6))
        some = int(rng.integers(1, 12))
        if kind == 0:
            data = data[:at] + bytes([int(rng.integers(256))]) + data[at + 1 :]
        elif kind == 1:
            data = data[:at] + data[at + some :]
        elif kind == 2:
            data = data[:at] + data[at : at + 5 * some] + data[at:]
        elif kind == 3:
            data = data[:at] + TOKENS[int(rng.integers(len(TOKENS)))] + data[at:]
        elif kind == 4:
            data = data[:at] + TOKENS[int(rng.integers(len(TOKENS)))] + data[at + some :]
        else:
            lines = data.split(b"\n")
            i, j = rng.integers(len(lines), size=2)
            lines[i], lines[j] = lines[j], lines[i]
            data = b"\n".join(lines)
    return data


@dataclass(frozen=True)
class Parser:
    """A file, what reads it, and what puts right the sums that would hide what is behind them."""

    path: Path
    read: Callable[[], object]
    mend: Callable[[], object] = lambda: None

    def hear(self, data: bytes) -> str:
        """Read the file with other contents; return what was said."""
        self.path.write_bytes(data)
        self.mend()
        try:
            self.read()
        except RLTransferError as error:
            return str(error).replace(str(self.path.parent), "")
        return ""


def reseal(path: Path) -> None:
    """Give a JSON file the seal that fits, if it is a table."""
    try:
        table = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return
    if isinstance(table, dict):
        table.pop("sha256", None)
        path.write_text(seal_json(table))


@pytest.fixture
def spec_parser(tmp_path, experiment) -> Parser:
    path = tmp_path / "study.toml"
    path.write_text(experiment.to_toml())

    def read() -> None:
        found = Experiment.read(path)
        (tmp_path / "again.toml").write_text(found.to_toml())
        assert Experiment.read(tmp_path / "again.toml") == found

    (tmp_path / "again.toml").touch()
    return Parser(path, read)


@pytest.fixture
def env_parser(tmp_path, cartpole) -> Parser:
    folder = tmp_path / "pole"
    folder.mkdir()
    (folder / "env.toml").write_bytes((cartpole.spec.folder / "env.toml").read_bytes())
    return Parser(folder / "env.toml", lambda: EnvironmentSpec.read(folder))


@pytest.fixture
def policy_parser(tmp_path, policy) -> Parser:
    policy.save(tmp_path)
    path = tmp_path / "policy.json"
    return Parser(path, lambda: Policy.load(tmp_path), lambda: reseal(path))


@pytest.fixture
def manifest_parser(run) -> Parser:
    folder = run.source_folders()[0]
    return Parser(folder / "MANIFEST.json", lambda: verify_folder(folder))


@pytest.fixture
def result_parser(run) -> Parser:
    folder = run.source_folders()[0]
    return Parser(folder / "result.json", lambda: read_result(folder))


@pytest.fixture
def curve_parser(run) -> Parser:
    folder = run.source_folders()[0]
    read, mend = lambda: SourceRecord.read(folder), lambda: write_manifest(folder)
    return Parser(folder / "learning.csv", read, mend)


@pytest.fixture
def returns_parser(run) -> Parser:
    folder = run.source_folders()[0]
    read, mend = lambda: SourceRecord.read(folder), lambda: write_manifest(folder)
    return Parser(folder / "returns.parquet", read, mend)


@pytest.fixture
def csv_parser(tmp_path) -> Parser:
    path = tmp_path / "m.csv"
    rows = [f"{x},{y},{x * y}" for x in range(3) for y in range(3)]
    path.write_text("\n".join(["source.x,target.x,return", *rows]))
    return Parser(path, lambda: read_matrix(path))


@pytest.fixture
def npz_parser(tmp_path) -> Parser:
    path = tmp_path / "m.npz"
    np.savez(path, J=np.eye(3), sources=np.arange(3.0), names=np.array(["x"]))
    return Parser(path, lambda: read_matrix(path))


@pytest.fixture
def dataset_parser(dataset, cartpole) -> Parser:
    folder = dataset[1] / dataset[0] / "data"
    return Parser(
        folder / "metadata.json",
        lambda: load_dataset(dataset[0], cartpole, dataset[1]),
        lambda: write_manifest(folder),
    )


COUNTS = {  # of mutants in the fast tier, and in the slow one
    "spec": (2_000, 600_000),
    "env": (400, 100_000),
    "policy": (800, 100_000),
    "manifest": (500, 50_000),
    "result": (800, 100_000),
    "curve": (200, 10_000),
    "returns": (200, 10_000),
    "csv": (150, 10_000),
    "npz": (1_000, 50_000),
    "dataset": (300, 10_000),
}


@pytest.fixture(params=COUNTS)
def parser(request) -> tuple[Parser, str]:
    return request.getfixturevalue(f"{request.param}_parser"), request.param


def fuzz(parser: Parser, folder: Path, count: int) -> None:
    good, rng = parser.path.read_bytes(), np.random.default_rng(0)
    assert parser.hear(good) == ""
    before = every_name(folder)
    lengths = np.array([len(parser.hear(mutant(good, rng))) for _ in range(count)])
    assert every_name(folder) == before
    assert lengths.max() <= LONGEST
    assert (lengths > 0).mean() > 0.25  # the mutants are mutants


def every_name(folder: Path) -> list[str]:
    return sorted(
        os.path.join(place, name) for place, _, names in os.walk(folder) for name in names
    )


def test_mutants_are_refused_in_a_sentence_or_read(parser, tmp_path):
    fuzz(parser[0], tmp_path, COUNTS[parser[1]][0])


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_million_mutants(parser, tmp_path):
    fuzz(parser[0], tmp_path, COUNTS[parser[1]][1])


# -- any JSON at all ---------------------------------------------------------------------------

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["cartpole", "length", "PPO", "../x", "", "nan", "lin_0.1"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def spoiled(table: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A table with any JSON in the place of some entry, however deep, or beside them all."""
    places = list(places_in(table))
    one = st.tuples(st.sampled_from([*places, ("new",)]), JSON)
    return st.lists(one, min_size=1, max_size=3).map(lambda changes: changed(table, changes))


def places_in(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, inner in items:
        found.append((*before, key))
        if isinstance(inner, (dict, list)):
            found += places_in(inner, (*before, key))
    return found


def changed(table: dict[str, Any], changes: list[tuple[tuple[Any, ...], Any]]) -> dict[str, Any]:
    copy = json.loads(json.dumps(table))
    for place, value in changes:
        inner = copy
        for key in place[:-1]:
            inner = inner[key] if isinstance(inner, dict) and key in inner else {}
        if isinstance(inner, dict):
            inner[place[-1]] = value
    return copy


STUDY = {
    "name": "study", "env": "cartpole", "seeds": [0],
    "contexts": {"vary": ["length"], "targets": {"length": 4}, "preset": None},
    "selection": {"selector": "mbtl", "rounds": 2, "options": {"gap": 1.0}, "compare": ["random"]},
    "training": {"recipe": "from-scratch", "algorithm": "PPO", "steps": 64, "n_envs": 2,
                 "normalize": False, "hyperparameters": {"n_steps": 8, "gamma": 0.9}},
    "evaluation": {"episodes": 2},
}  # fmt: skip
DATASET = {
    "format": 2, "env": "cartpole", "quality": "random", "seed": 0, "simulator": {"numpy": "2"},
    "contexts": [{"context": {"length": 1.0}, "behaviours": [{"algorithm": "PPO"}],
                  "returns": {"steps": 1, "episodes": 1, "mean": 0.0, "std": 0.0},
                  "reference": {"random": 0.0, "expert": 1.0, "episodes": 1}}],
}  # fmt: skip
RESULT = {
    "format": 1, "key": "a", "context": {"length": 1.0}, "steps": 1, "seconds": 1.0, "seed": 0,
    "started": 0.0, "finished": 1.0, "stages": ["PPO"], "parents": [], "shape": [1, 1],
    "stage_results": [{"name": "PPO", "steps": 1, "seconds": 1.0, "findings": {}}],
    "monitor_steps": 1, "simulator": {"numpy": "2"},
}  # fmt: skip


def heard(read: Callable[[], object]) -> None:
    """Read something; what it says, if anything, is of ours and short."""
    said = "nothing"
    try:
        read()
    except RLTransferError as error:
        said = str(error)
    assert 0 < len(said) <= LONGEST


def any_study(table: dict[str, Any]) -> None:
    heard(lambda: Experiment.checked(table, "study"))


def any_dataset(table: dict[str, Any]) -> None:
    heard(lambda: own_info("toys/a-v0", {"rltransfer": table}))


@pytest.fixture(scope="session")
def result_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("00")


QUICK = settings(
    max_examples=100, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
LONG = settings(QUICK, max_examples=4_000)


@QUICK
@given(spoiled(STUDY))
def test_any_study(table):
    any_study(table)


@QUICK
@given(spoiled(DATASET))
def test_any_dataset(table):
    any_dataset(table)


@QUICK
@given(table=spoiled(RESULT))
def test_any_result(result_folder, table):
    (result_folder / "result.json").write_text(json.dumps(table))
    heard(lambda: read_result(result_folder))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@LONG
@given(spoiled(STUDY))
def test_any_study_at_length(table):
    any_study(table)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@LONG
@given(spoiled(DATASET))
def test_any_dataset_at_length(table):
    any_dataset(table)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@LONG
@given(table=spoiled(RESULT))
def test_any_result_at_length(result_folder, table):
    (result_folder / "result.json").write_text(json.dumps(table))
    heard(lambda: read_result(result_folder))
