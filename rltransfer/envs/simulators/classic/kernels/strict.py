"""How kernels are compiled: strictly, so that they round as NumPy and the C library do.

No fast mathematics: nothing is reordered and no product is fused with a sum. One trap remains:
the compiler turns `v**2` with a constant exponent into `v * v`, which differs from the C library's
`pow` in the last bit for one value in a thousand. So kernels read their exponents from an array.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from rltransfer.compiling import compiled

__all__ = ["clip", "compiled"]

Number = TypeVar("Number", float, np.float32)


@compiled
def clip(value: Number, low: Number, high: Number) -> Number:
    """Return the value inside [low, high]; what is no number stays so, as with `np.clip`."""
    if value < low:
        return low
    if value > high:
        return high
    return value
