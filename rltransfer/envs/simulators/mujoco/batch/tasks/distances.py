"""Distances between bodies."""

from __future__ import annotations

import numpy as np

from rltransfer.envs.simulators.mujoco.batch.stepper import Floats

__all__ = ["length"]


def length(vectors: Floats) -> Floats:
    """Return |v|, shape (n,), of vectors, shape (n, 3), rounded as `np.linalg.norm` of each."""
    return np.asarray(np.sqrt(np.vecdot(vectors, vectors)))
