"""A small known matrix, and writers of it in every format, apart from the readers' code."""

import numpy as np
import pandas as pd
import pytest

LENGTHS = [0.1, 0.2, 0.4, 0.8]
MASSES = [3.0, 1.0]
J = np.array([[4.0, 1.0], [2.5, 7.25], [0.0, -3.0], [1 / 3, 2e-5]])


def long_frame(J, sources, targets, names):
    """A row per cell, sources slowest, in the given order."""
    n, m = J.shape
    rows = {f"source.{name}": np.repeat([x[j] for x in sources], m) for j, name in enumerate(names)}
    rows |= {f"target.{name}": np.tile([y[j] for y in targets], n) for j, name in enumerate(names)}
    return pd.DataFrame({**rows, "return": J.ravel()})


@pytest.fixture
def frame():
    """Four sources, of which the last two lie at the other mass, on two of them as targets."""
    sources = [(LENGTHS[0], 3.0), (LENGTHS[3], 3.0), (LENGTHS[1], 1.0), (LENGTHS[2], 1.0)]
    return long_frame(J, sources, [sources[1], sources[2]], ["length", "mass"])
