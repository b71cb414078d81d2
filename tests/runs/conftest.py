"""A made-up source, and a policy that is two small files."""

from pathlib import Path

import numpy as np
import pytest

from rltransfer.contexts import Context
from rltransfer.runs import SourceRecord


class StubPolicy:
    def save(self, folder: Path) -> None:
        (folder / "policy.safetensors").write_bytes(b"weights")
        (folder / "policy.json").write_text("{}")


@pytest.fixture
def policy() -> StubPolicy:
    return StubPolicy()


@pytest.fixture
def targets() -> tuple[Context, ...]:
    return tuple(Context(length=v) for v in (0.1, 0.5, 2.0))


@pytest.fixture
def record(targets) -> SourceRecord:
    returns = np.random.default_rng(0).normal(size=(3, 4))
    return SourceRecord(
        key=targets[1].digest,
        context=targets[1],
        returns=returns,
        lengths=np.arange(12).reshape(3, 4),
        curve=((100, 1.5), (200, 1 / 3)),
        steps=200,
        seconds=1.25,
        seed=7,
        started=1.0,
        finished=3.0,
        stages=("online PPO",),
    )
