"""Runs that were never trained: their returns come from a linear gap that tests can recompute."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.experiment.keys import Lineage, key_of
from rltransfer.experiment.lanes import make_lanes
from rltransfer.experiment.spec import MULTI_TASK, Experiment
from rltransfer.runs import Run, SourceRecord, StageRecord

MULTI_TASK_RETURN = dict(zip(MULTI_TASK, (300.0, 250.0), strict=True))
STEPS, SECONDS, START = 1000, 12.5, 1_700_000_000.0
OFFLINE = StageRecord(
    "improvement", 0, 10.0,
    {"checks": 6, "accepted": [2, 0], "scores": {"value model": [1.5, -2.0]}, "chosen": 0},
)  # fmt: skip


class StubPolicy:
    """Writes two small files where a policy would be."""

    def save(self, folder: Path) -> None:
        (folder / "policy.safetensors").write_bytes(b"weights")
        (folder / "policy.json").write_text("{}", encoding="utf-8")


@dataclass(frozen=True)
class Lab:
    """J(π_x; y) = 480 + 20 sin(5 u_x) - slope · |u_x - u_y|₁ + noise, at most 500."""

    seed: int
    slope: float = 700.0
    noise: float = 15.0

    def returns(
        self, space: ContextSpace, source: Context, targets: Sequence[Context], episodes: int
    ) -> NDArray[np.float64]:
        """Return the made-up episodes of a source's policy, shape (M, E)."""
        rng = np.random.default_rng([self.seed, int(source.digest, 16) % 2**31])
        u = space.to_unit([source])[0]
        mean = 480.0 + 20.0 * np.sin(5.0 * u[0])
        mean = mean - self.slope * np.abs(space.to_unit(targets) - u).sum(axis=1)
        noise = self.noise * rng.standard_normal((len(targets), episodes))
        return np.clip(mean[:, None] + noise, 9.0, 500.0)


def commit(run: Run, experiment: Experiment, wanted: Lineage | str) -> None:
    """Add a made-up source; a multi-task policy returns the same everywhere.

    A source that inherits takes half the steps, in two stages.
    """
    targets, episodes = experiment.targets(), experiment.evaluation.episodes
    key, context = key_of(wanted), None if isinstance(wanted, str) else wanted.context
    parents = () if isinstance(wanted, str) else wanted.parents
    steps = STEPS // 2 if parents else STEPS
    if context is None:
        returns = np.full((len(targets), episodes), MULTI_TASK_RETURN[key])
    else:
        lab = Lab(experiment.seeds[0])
        returns = lab.returns(experiment.space, context, targets, episodes)
    if isinstance(wanted, Lineage) and wanted.measured:
        returns[np.setdiff1d(np.arange(len(targets)), wanted.measured)] = np.nan
    record = SourceRecord(
        key=key, context=context, returns=returns,
        lengths=np.nan_to_num(returns).astype(np.int64),
        curve=((500, 50.0), (1000, 400.0)), steps=steps, seconds=SECONDS, seed=1, started=START,
        finished=START + 20.0, stages=("stub",), parents=parents,
        stage_results=(OFFLINE, StageRecord("online", steps, 2.5)) if parents else (),
        monitor_steps=300 if experiment.inherits else None,
    )  # fmt: skip
    run.commit(record, StubPolicy(), targets)


def make_run(folder: Path, experiment: Experiment, trained: int | None = None) -> Run:
    """Make a run in which every selector has had so many rounds, all by default."""
    run = Run.create(folder, experiment.to_toml())
    compare = experiment.selection.compare
    if "independent" in compare:
        for context in experiment.sources():
            commit(run, experiment, Lineage(context))
    pool = run.sources()
    for lane in make_lanes(experiment, experiment.seeds[0]):
        for _ in range(lane.rounds if trained is None else trained):
            wanted = lane.replay(pool).next
            if wanted is None:
                break
            commit(run, experiment, wanted)
            pool = run.sources()
    for key in MULTI_TASK:
        if key in compare:
            commit(run, experiment, key)
    return run


def make_study(
    folder: Path, seeds: Sequence[int] = (0,), trained: int | None = None, **description: object
) -> Path:
    """Make a run per seed of a small study of CartPole; return the experiment's folder."""
    settings: dict[str, object] = {
        "vary": ["length"],
        "targets": 12,
        "rounds": 3,
        "evaluation": {"episodes": 4},
        "selection": {"compare": ["random", "equidistant", "multi-task"]},
        **description,
    }
    for seed in seeds:
        experiment = Experiment.of("cartpole", seeds=[seed], **settings)  # type: ignore[arg-type]
        make_run(folder / f"seed-{seed}", experiment, trained)
    return folder


@pytest.fixture
def make() -> Callable[..., Path]:
    """The function that makes a study; see `make_study`."""
    return make_study


@pytest.fixture(scope="session")
def one_seed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study with one seed."""
    return make_study(tmp_path_factory.mktemp("one"))


@pytest.fixture(scope="session")
def three_seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study with three seeds, and every context's own policy."""
    compare = ["random", "equidistant", "multi-task", "independent"]
    return make_study(
        tmp_path_factory.mktemp("three"), seeds=(0, 1, 2), selection={"compare": compare}
    )


@pytest.fixture(scope="session")
def inheriting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study with one seed, in which sources inherit from those before."""
    return make_study(
        tmp_path_factory.mktemp("inheriting"),
        training={"recipe": "warm-start-ppo"},
        selection={"compare": ["random", "equidistant"]},
    )


@pytest.fixture(scope="session")
def inheriting_and_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with every context's own policy from nothing, and two seeds."""
    return make_study(
        tmp_path_factory.mktemp("alone"),
        seeds=(0, 1),
        training={"recipe": "warm-start-ppo"},
        selection={"compare": ["independent"]},
    )


@pytest.fixture(scope="session")
def unfinished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study with two seeds, of which one has some of its rounds and the other nothing."""
    folder = make_study(tmp_path_factory.mktemp("unfinished"), trained=1)
    return make_study(folder, seeds=(7,), trained=0)


@pytest.fixture(scope="session")
def three_features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study in which three features vary, with two seeds."""
    vary = ["length", "gravity", "masscart"]
    return make_study(tmp_path_factory.mktemp("many"), seeds=(0, 1), vary=vary, targets=3, rounds=2)


@pytest.fixture(scope="session")
def two_features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study in which two features vary."""
    return make_study(
        tmp_path_factory.mktemp("features"), vary=["length", "gravity"], targets=6, rounds=4
    )
