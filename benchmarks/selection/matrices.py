"""Transfer matrices that this lab trained, as small files.

    python benchmarks/selection/matrices.py            pack the runs that are there
    python benchmarks/selection/matrices.py --train    train what is missing first (hours)

Each `data/NAME.npz` holds what `rltransfer select --matrix` reads and a little more:

    J         returns, means over 10 episodes, shape (N, N), float32; rows are sources
    sources   contexts (N, d), float64; `targets` is the same
    names     of the d features
    log       whether each feature's scale is logarithmic, (d,)
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextFeature, ContextSpace, Scale
from rltransfer.runs import Run

RUNS = Path(__file__).resolve().parents[1] / "out" / "matrices"
DATA = Path(__file__).parent / "data"

TRAINED = {
    "cartpole-3d": "cartpole --vary masscart,masspole,length --targets 5 --rounds 125 "
    "--steps 50000",
    "cartpole-length": "cartpole --vary length --targets 60 --rounds 60 --steps 50000",
    "pendulum-length": "pendulum --vary length --targets 40 --rounds 40 --steps 100000",
    "pendulum-2d": "pendulum --vary length,mass --targets 7 --rounds 49 --steps 60000",
    "ring-hold": "ring_road --vary hold --preset mbtl --targets 40 --rounds 40 --steps 50000",
    "halfcheetah-2d": "halfcheetah --vary gravity,friction --targets 4 --rounds 16 --steps 150000",
    "cartpole-2d": "cartpole --vary length,force_mag --targets 7 --rounds 49 --steps 50000",
    "cartpole-tau": "cartpole --vary tau --targets 40 --rounds 40 --steps 50000",
    "pendulum-mass": "pendulum --vary mass --targets 40 --rounds 40 --steps 100000",
    "pendulum-gravity": "pendulum --vary gravity --targets 40 --rounds 40 --steps 100000",
    "pendulum-dt": "pendulum --vary dt --targets 40 --rounds 40 --steps 100000",
    "pendulum-3d": "pendulum --vary length,mass,gravity --targets 5 --rounds 125 --steps 60000",
    "acrobot-2d": "acrobot --vary link_length_1,link_mass_2 --targets 6 --rounds 36 --steps 100000",
}
"""How each was made: `rltransfer run …`, every context trained once from scratch, one seed."""


@dataclass(frozen=True)
class TrainedMatrix:
    """J of N policies on their N contexts.

    Attributes:
        space: the varied features, from the least to the largest context.
        J: shape (N, N), rows are sources.
        points: the contexts, shape (N, d).
    """

    space: ContextSpace
    J: NDArray[np.float64]
    points: NDArray[np.float64]

    @classmethod
    def load(cls, name: str) -> TrainedMatrix:
        """Read a packed matrix."""
        with np.load(DATA / f"{name}.npz") as file:
            points = file["sources"]
            axes = zip(file["names"], points.T, file["log"], strict=True)
            space = ContextSpace([axis(str(name), v, bool(log)) for name, v, log in axes])
            return cls(space, file["J"].astype(np.float64), points)

    @cached_property
    def contexts(self) -> tuple[Context, ...]:
        """The N contexts."""
        rows = (dict(zip(self.space.names, row, strict=True)) for row in self.points.tolist())
        return tuple(Context(row) for row in rows)

    def subset(self, share: float, rng: np.random.Generator) -> TrainedMatrix:
        """Return the matrix of a random share of the contexts, in the same order."""
        n = len(self.J)
        kept = np.sort(rng.choice(n, size=round(share * n), replace=False))
        return TrainedMatrix(self.space, self.J[np.ix_(kept, kept)], self.points[kept])


def axis(name: str, values: NDArray[np.float64], log: bool) -> ContextFeature:
    """Return a feature that reaches from the least to the largest of its values."""
    low, high = float(values.min()), float(values.max())
    return ContextFeature(name, low, low, high, scale=Scale.LOG if log else Scale.LINEAR)


def train(name: str) -> None:
    """Train a matrix; the same command continues where it stopped."""
    command = [Path(sys.executable).with_name("rltransfer"), "run", *TRAINED[name].split()]
    options = f"--name {name} --selector random --seeds 0 --quiet"
    subprocess.run([*command, *options.split(), "--runs", RUNS], check=True)


def pack(run: Run) -> None:
    """Write the means of a run's returns, sources and targets in ascending order."""
    import pandas as pd  # late, with torch behind it: the benchmark itself only loads

    from rltransfer.experiment.spec import Experiment

    space = Experiment.of_run(run).space
    returns = pd.read_parquet(run.path / "returns.parquet")
    rows, columns = ([f"{role}.{name}" for name in space.names] for role in ("source", "target"))
    mean = returns.groupby(rows + columns)["return"].mean().unstack(columns)
    sources, targets = (np.array(index.to_frame()) for index in (mean.index, mean.columns))
    if not np.array_equal(sources, targets) or mean.isna().any(axis=None):
        raise SystemExit(f"{run.path} is not trained to the end: continue with --train.")
    np.savez_compressed(
        DATA / f"{run.path.parent.name}.npz",
        J=mean.to_numpy(np.float32),
        sources=sources,
        targets=targets,
        names=np.array(space.names),
        log=np.array([feature.scale is Scale.LOG for feature in space]),
    )


def main() -> None:
    """Train what is asked for, and pack what is there."""
    for name in TRAINED:
        if "--train" in sys.argv[1:]:
            train(name)
        if (RUNS / name).exists():
            pack(Run.open(RUNS / name / "seed-0"))


if __name__ == "__main__":
    main()
