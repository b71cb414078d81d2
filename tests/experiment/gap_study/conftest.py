"""Methods whose gaps are known by construction, and a run that was never trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

import rltransfer
from rltransfer.contexts import Context
from rltransfer.experiment.gap_study.ground import Ground
from rltransfer.experiment.gap_study.method import Method, Training
from rltransfer.experiment.gap_study.row import PolicyRow

CARTPOLE = rltransfer.make("cartpole")
LENGTH = CARTPOLE.space.select(["length"])


@pytest.fixture(scope="session")
def ground() -> Ground:
    """Twelve lengths of CartPole's pole, even on its scale."""
    targets = tuple(CARTPOLE.space.validate(x) for x in LENGTH.grid(12))
    return Ground(CARTPOLE, LENGTH, targets)


def made_row(
    ground: Ground, home: Context, gap: Callable[[np.ndarray], np.ndarray], level: float = 400.0,
    noise: float = 0.0, name: str = "made", episodes: int = 4, seed: int = 0,
) -> PolicyRow:  # fmt: skip
    """Return a policy with J = level - gap(u(y) - u(home)) + noise; `home` is complete."""
    rng = np.random.default_rng(seed)
    apart = ground.space.to_unit(ground.targets)[:, 0] - ground.space.to_unit([home])[0, 0]
    returns = level - gap(apart)[:, None] + noise * rng.standard_normal((len(apart), episodes))
    own = level + noise * rng.standard_normal((1, episodes))
    return PolicyRow(name, (home,), returns, own)


def made_method(name: str, rows: Sequence[PolicyRow]) -> Method:
    """Return a method of one policy for each training."""
    return Method(name, tuple(Training(k, (row,)) for k, row in enumerate(rows)))


@pytest.fixture
def row():
    """The function that makes a policy; see `made_row`."""
    return made_row


@pytest.fixture
def method():
    """The function that makes a method; see `made_method`."""
    return made_method
