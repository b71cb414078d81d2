"""Under which conditions a run happened: code, libraries, machine, command."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["provenance"]

AVX512 = {"avx512f", "avx512dq", "avx512vl", "avx512bw"}

LIBRARIES = ("rltransfer", "gymnasium", "stable-baselines3", "torch", "numpy", "scikit-learn",
             "optuna", "mujoco", "Box2D", "libsumo", "numba")  # fmt: skip


@cache
def provenance() -> dict[str, Any]:
    """Return what decides whether results can be equal bit for bit elsewhere, as plain data."""
    return {
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "git": git_state(),
        "python": platform.python_version(),
        "libraries": {name: found for name in LIBRARIES if (found := installed(name))},
        "torch_threads": 1,
        "machine": {
            "system": f"{platform.system()} {platform.machine()}",
            "processor": processor(),
            "capability": capability(),
            "cores": os.cpu_count(),
        },
    }


def installed(name: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def git_state() -> dict[str, Any] | None:
    """Return commit and dirty flag of the checkout that this code runs from, or None."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    try:
        commit = git(root, "rev-parse", "HEAD")
        return {"commit": commit, "dirty": bool(git(root, "status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def git(root: Path, *words: str) -> str:
    """Return what a git command prints."""
    done = subprocess.run(
        ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=10, check=True
    )
    return done.stdout.strip()


def processor() -> str:
    """Return the processor's name as the system tells it."""
    return cpuinfo("model name") or platform.processor() or "unknown"


def capability() -> str:
    """Return the vector instructions that torch will choose its kernels for, in its own words.

    Sums are rounded otherwise in vectors of another length. Torch itself is not asked, for it
    takes a second to load.
    """
    if chosen := os.environ.get("ATEN_CPU_CAPABILITY"):
        return chosen.upper()
    flags = set(cpuinfo("flags").split())
    if flags >= AVX512:
        return "AVX512"
    return "AVX2" if flags >= {"avx2", "fma"} else platform.machine()


def cpuinfo(name: str) -> str:
    """Return what Linux says of the first processor under a name; nothing elsewhere."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    said = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in said if key.strip() == name), "")
