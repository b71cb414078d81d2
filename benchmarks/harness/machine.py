"""On what it was measured."""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from rltransfer.envs.cores import usable_cores

__all__ = ["machine"]

LIBRARIES = ("rltransfer", "numpy", "torch", "stable-baselines3", "numba", "gymnasium", "mujoco")


def machine() -> dict[str, str]:
    """Return the processor, the cores, and the versions of what decides the speed."""
    return {
        "processor": processor(),
        "cores": str(usable_cores()),
        "python": platform.python_version(),
        **{name: version_of(name) for name in LIBRARIES},
    }


def processor() -> str:
    """Return the processor's model, where the system tells it."""
    try:
        found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    except OSError:
        found = None
    return found[1] if found else platform.machine()


def version_of(library: str) -> str:
    """Return an installed version."""
    try:
        return version(library)
    except PackageNotFoundError:
        return "not installed"
