"""Compiling loops with Numba, an extra (`pip install "rltransfer[fast]"`), so import it late.

Machine code is kept on disk beside the source, or in the user's cache where that folder cannot be
written to. Numba would renew it when the function's own file has changed; here it is renewed when
any file of its folder has, for kernels call one another.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar

__all__ = [
    "compiled",
    "compiled_around",
    "compiled_into_callers",
    "compiled_loosely",
    "kept_on_disk",
]

Function = TypeVar("Function", bound=Callable[..., Any])
numba = import_module("numba")

LOOSE = {"reassoc", "nsz", "contract", "arcp"}
"""What may change the last bits: other orders of sums, fused products, reciprocals. What is not
finite stays legal."""
FREELY: dict[str, Any] = {
    "error_model": "numpy",
    "fastmath": LOOSE,
    "nogil": True,
    "no_cfunc_wrapper": True,
}


def compiled(function: Function) -> Function:
    """Compile at the first call, strictly: every operation rounds as written."""
    return kept_on_disk(function, error_model="numpy")


def compiled_loosely(function: Function) -> Function:
    """Compile at the first call; loops may use all lanes of the processor, so see `LOOSE`.

    For what Python calls. What such a function calls itself is to be `compiled_into_callers`.
    """
    return kept_on_disk(function, **FREELY)


def compiled_into_callers(function: Function) -> Function:
    """Compile loosely, as a part of each function that calls this one.

    Else every library on disk holds a copy of its own under the same name, all of them but the
    first to be loaded are ignored, and their last bits differ: results would depend on what a
    process has compiled and called before. Fill arrays in loops here, not by slices: the messages
    about shapes that Numba keeps ready would be put into every caller as well.
    """
    return kept_on_disk(function, **FREELY, forceinline=True)


def compiled_around(function: Callable[..., Any], name: str, **given: Any) -> Any:
    """Compile a function, loosely, with other compiled functions in place of some of its globals.

    Args:
        function: not compiled yet.
        name: tells it from the same function with others, in the folder where code is kept.
        given: the compiled functions, by the names that `function` calls them by.
    """
    around = FunctionType(function.__code__, {**function.__globals__, **given})
    around.__qualname__ = f"{function.__name__}_{name}"
    kept: Any = compiled_loosely(around)
    keep_for(kept, folder_of(function), *(folder_of(other.py_func) for other in given.values()))
    return kept


def kept_on_disk(function: Function, **options: Any) -> Function:
    """Compile with these options, and keep the machine code where there is a folder for it."""
    try:
        kept = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # there is no folder that it could be written to
        return numba.njit(**options)(function)  # type: ignore[no-any-return]
    keep_for(kept, folder_of(function))
    return kept  # type: ignore[no-any-return]


def folder_of(function: Callable[..., Any]) -> Path:
    """Return the folder of a function's source."""
    return Path(function.__code__.co_filename).parent


def keep_for(kept: Any, *folders: Path) -> None:
    """Let machine code on disk count only for the sources that are in these folders now.

    It stands where Numba keeps its own version, which is compared before anything else is read:
    code of a kernel whose types have since been renamed could not be.
    """
    if hasattr(kept._cache, "_cache_file"):  # not where there is no folder
        version = f"{numba.__version__} {' '.join(map(state_of, folders))}"
        kept._cache._cache_file._version = version


@cache
def state_of(folder: Path) -> str:
    """Return a digest of a folder's path and of its files' names, times and sizes."""
    files = [(file.name, file.stat()) for file in sorted(folder.glob("*.py"))]
    known = [(name, stat.st_mtime_ns, stat.st_size) for name, stat in files]
    return sha256(repr((str(folder), known)).encode()).hexdigest()[:16]
