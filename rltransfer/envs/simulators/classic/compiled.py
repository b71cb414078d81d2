"""Which of two ways a batch is stepped: NumPy's arrays, or a loop that Numba compiles.

Both give the same bits. Numba is an extra (`pip install "rltransfer[fast]"`), used where it is
installed; `RLTRANSFER_NUMBA=0` in the environment leaves it out.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Kernel", "kernel_of"]

SWITCH = "RLTRANSFER_NUMBA"

Kernel = Callable[
    [
        NDArray[np.float64],  # (s, n) states, changed in place
        NDArray[np.float64],  # (k, n) coefficients of the members' physics
        NDArray[Any],  # (n,) or (n, a) actions
        NDArray[np.float32],  # (n, o) observations, written
        NDArray[np.float64],  # (n,) rewards, written
        NDArray[np.bool_],  # (n,) terminated, written
    ],
    None,
]
"""Advances all members by one step. All arrays are C-contiguous."""


def kernel_of(name: str) -> Kernel | None:
    """Return the compiled step of a family, or None where NumPy has to do it.

    Args:
        name: of the module in `kernels` that holds the step.
    """
    if os.environ.get(SWITCH) == "0" or not has_strict_numba():
        return None
    kernel: Kernel = import_module(f"{__package__}.kernels.{name}").step
    return kernel


def has_strict_numba() -> bool:
    """Say whether Numba is installed, fits NumPy, and takes sines from the C library.

    Intel's vector library, which Numba uses where it finds it, rounds them otherwise.
    """
    try:
        config = import_module("numba").config
    except ImportError:
        return False
    return not config.USING_SVML
