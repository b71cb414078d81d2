"""Compiled kernels round alike, whatever a process has compiled or called before."""

from __future__ import annotations

import hashlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba")

from rltransfer.training import kernels
from rltransfer.training.kernels.whole import clipped_moves, loop_with


def in_it(module: Any) -> Iterator[Any]:
    """Return the compiled functions of a module."""
    for value in vars(module).values():
        if hasattr(value, "py_func"):
            yield value


def everything() -> dict[str, Any]:
    """Return all compiled functions of the package, and one loop around physics."""
    from rltransfer.envs.simulators.classic.kernels import cartpole

    modules = [info.name for info in pkgutil.iter_modules(kernels.__path__)]
    found = {
        f"{name}.{kernel.py_func.__name__}": kernel
        for name in modules
        for kernel in in_it(import_module(f"{kernels.__name__}.{name}"))
    }
    return found | {"loop": loop_with(cartpole.step, discrete=False)}


def called_by(kernel: Any) -> Iterator[Any]:
    """Return the compiled functions that one of them names."""
    for name in kernel.py_func.__code__.co_names:
        value = kernel.py_func.__globals__.get(name)
        if hasattr(value, "py_func"):
            yield value


def test_what_rounds_loosely_is_a_part_of_its_callers() -> None:
    calls = [
        (name, called) for name, kernel in everything().items() for called in called_by(kernel)
    ]
    assert clipped_moves in [called for _, called in calls]
    apart = [
        (name, called.py_func.__name__)
        for name, called in calls
        if called.targetoptions.get("fastmath") and not called.targetoptions.get("forceinline")
    ]
    assert apart == []


TRAINING = ["train", "cartpole", "--steps", "8192", "--quiet", "--seed", "0", "--out", "policy"]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_process_that_compiles_learns_what_the_next_one_does(tmp_path: Path) -> None:
    made = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", "from rltransfer.cli import main; main()", *TRAINING],
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "code")},
            cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        weights = (folder / "policy" / "policy.safetensors").read_bytes()
        made.append(hashlib.sha256(weights).hexdigest())
    assert made[0] == made[1]
