"""A small matrix: four sources, three targets of which two are sources, two episodes."""

from __future__ import annotations

import numpy as np
import pytest

from rltransfer.contexts import Context, ContextFeature, ContextSpace, Scale
from rltransfer.transfer import TransferMatrix

SPACE = ContextSpace(
    [
        ContextFeature("length", 0.5, 0.05, 5.0, "m", Scale.LOG),
        ContextFeature("gravity", 9.8, 1.0, 20.0, "m/s^2"),
    ]
)
SOURCES = (
    Context(length=0.05, gravity=1.0),
    Context(length=0.5, gravity=9.8),
    Context(length=5.0, gravity=20.0),
    Context(length=0.1, gravity=1 / 3 + 5),
)
TARGETS = (SOURCES[0], SOURCES[1], Context(length=1.0, gravity=2.0))

ROW_0 = np.array([[10.0, 12.0], [4.0, 4.0], [1.0, 2.0]])
ROW_1 = np.array([[3.0, 5.0], [9.0, 9.5], [1.5, 1.5]])
ROW_3 = np.array([[6.0, 6.0], [1.0, 1.0], [0.1, 0.2]])


@pytest.fixture
def empty() -> TransferMatrix:
    return TransferMatrix.empty(SPACE, SOURCES, TARGETS)


@pytest.fixture
def matrix(empty: TransferMatrix) -> TransferMatrix:
    """Sources 1, 0 and 3 are trained, in this order; source 3 is not a target."""
    return empty.learn(1, ROW_1).learn(SOURCES[0], ROW_0).learn(3, ROW_3, own=[7.0, 8.0])
