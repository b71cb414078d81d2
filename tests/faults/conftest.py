"""Commands that must be refused, and folders that are to be damaged."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest

import rltransfer
from rltransfer.cli import main
from rltransfer.data import Transitions, UniformRandom, collect, write_dataset
from rltransfer.data.info import ContextRecord, DatasetInfo
from rltransfer.experiment.spec import Experiment
from rltransfer.runs import Run, SourceRecord
from rltransfer.training import Policy
from rltransfer.training.network import layout_of
from rltransfer.training.policy_spec import BoxSpace, DiscreteSpace, NetworkSpec, PolicySpec

sys.path.insert(0, str(Path(__file__).parent / "stub"))  # the laboratory of `stub_lab`
MEMORY = Path("/dev/shm")

LONGEST = 500
"""Letters of a message, without the paths in it."""


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every file below a folder with its bytes, every folder with None."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if not path.is_symlink()
    }


@pytest.fixture
def refused(monkeypatch, capsys, tmp_path) -> Callable[..., str]:
    """Run a command that must end in one sentence and leave no file; return the sentence."""

    def call(*words: object, code: int = 2) -> str:
        before = tree(tmp_path)
        monkeypatch.setattr(sys, "argv", ["rltransfer", *map(str, words)])
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        with pytest.raises(SystemExit) as left:
            main()
        said = capsys.readouterr()
        assert left.value.code == code, said
        assert said.out == ""
        assert "Traceback" not in said.err
        assert said.err.count("rltransfer: ") == 1
        assert len(said.err.replace(str(tmp_path), "")) <= LONGEST, said.err
        assert tree(tmp_path) == before
        return said.err

    monkeypatch.chdir(tmp_path)
    return call


def make_policy(seed: int = 0, **changes: object) -> Policy:
    """A small policy for cartpole with random weights."""
    spec = PolicySpec(
        algorithm="PPO",
        network=NetworkSpec(actor=(4,), critic=(4,), activation="tanh"),
        observation_space=BoxSpace(low=(None,) * 4, high=(None,) * 4),
        action_space=DiscreteSpace(n=2),
        env="cartpole",
        context={"length": 0.5},
        **changes,
    )
    rng = np.random.default_rng(seed)
    shapes = layout_of(spec).shapes
    return Policy(spec, {name: rng.normal(size=shape) for name, shape in shapes.items()})


@pytest.fixture(scope="session")
def policy() -> Policy:
    return make_policy()


@pytest.fixture(scope="session")
def cartpole() -> rltransfer.ContextualEnv:
    return rltransfer.make("cartpole")


@pytest.fixture(scope="session")
def transitions(cartpole) -> Transitions:
    behaviour = UniformRandom.of(cartpole)
    return collect(cartpole, [{"length": 0.5}, {"length": 1.0}], behaviour, steps=60, seed=0)


@pytest.fixture(scope="session")
def experiment() -> Experiment:
    return Experiment.of("cartpole", vary=["length"], targets=4, rounds=2, training={"steps": 64})


@pytest.fixture
def run(tmp_path, experiment, policy, transitions) -> Run:
    """A run of two sources that nobody has trained."""
    run = Run.create(tmp_path / "runs" / "cartpole-length" / "seed-0", experiment.to_toml())
    rng = np.random.default_rng(0)
    for context in experiment.sources()[:2]:
        record = SourceRecord(
            key=context.digest,
            context=context,
            returns=rng.normal(size=(4, 10)),
            lengths=np.arange(40).reshape(4, 10),
            curve=((32, 1.5), (64, 2.5)),
            steps=64,
            seconds=0.5,
            seed=1,
            started=1.0,
            finished=2.0,
            stages=("PPO",),
            recorded=transitions,
        )
        run.commit(record, policy, experiment.targets())
    return run


@pytest.fixture
def dataset(tmp_path, cartpole, transitions) -> tuple[str, Path]:
    """The id of a dataset, and the root folder that it lies in."""
    pytest.importorskip("minari")
    records = tuple(ContextRecord(context=dict(x)) for x in transitions.contexts)
    info = DatasetInfo(env="cartpole", quality="random", contexts=records, seed=0)
    write_dataset("toys/random-v0", transitions, info, cartpole, tmp_path / "datasets")
    return "toys/random-v0", tmp_path / "datasets"


# -- a laboratory to be killed -----------------------------------------------------------------


@pytest.fixture(scope="session")
def warm() -> Iterator[object]:
    """A process that runs the stub's study in a tenth of a second; see `stub_lab.zygote`."""
    from stub_lab.warm import Warm

    process = Warm()
    yield process
    process.close()


@pytest.fixture(scope="session")
def new_folder() -> Iterator[Callable[[], Path]]:
    """Make one new folder after another, in memory where there is such a file system."""
    memory = MEMORY if os.access(MEMORY, os.W_OK) else None
    root, numbers = Path(tempfile.mkdtemp(prefix="rltransfer-faults-", dir=memory)), count()

    def make() -> Path:
        folder = root / str(next(numbers))
        folder.mkdir()
        return folder

    yield make
    shutil.rmtree(root)
