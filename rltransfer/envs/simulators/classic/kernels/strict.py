"""How kernels are compiled: strictly, so that they round as NumPy and the C library do.

No fast mathematics: nothing is reordered and no product is fused with a sum. One trap remains:
the compiler turns `v**2` with a constant exponent into `v * v`, which differs from the C library's
`pow` in the last bit for one value in a thousand. So kernels read their exponents from an array.

Numba renews the machine code on disk when the kernel's own file has changed. After a change of
`clip`, or of a constant that a kernel imports, delete the `*.nbi` files in `__pycache__`.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

__all__ = ["clip", "compiled"]

Function = TypeVar("Function", bound=Callable[..., Any])
Number = TypeVar("Number", float, np.float32)

numba = import_module("numba")


def compiled(function: Function) -> Function:
    """Compile a function at its first call, and keep the machine code on disk where possible."""
    try:
        kept: Function = numba.njit(cache=True, error_model="numpy")(function)
    except RuntimeError:  # there is no folder that it could be written to
        return numba.njit(error_model="numpy")(function)  # type: ignore[no-any-return]
    return kept


@compiled
def clip(value: Number, low: Number, high: Number) -> Number:
    """Return the value inside [low, high]; what is no number stays so, as with `np.clip`."""
    if value < low:
        return low
    if value > high:
        return high
    return value
