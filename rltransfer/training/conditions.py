"""What decides the last bits of a training beside its settings: versions, processor, threads.

Imports torch: load it late.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm

__all__ = ["conditions", "loops_of"]

NONE = "none"
"""As the version of what is not installed."""


def conditions() -> dict[str, str]:
    """Return versions and settings by name; call it where torch has the training's threads."""
    return {
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "numba": version_of("numba"),
        "numpy": np.__version__,
        "rltransfer": version_of("rltransfer"),
        "stable_baselines3": version_of("stable-baselines3"),
        "threads": str(torch.get_num_threads()),
        "torch": torch.__version__,
    }


@cache
def version_of(name: str) -> str:
    """Return the version of a distribution, or that there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return NONE


def loops_of(agent: BaseAlgorithm) -> str:
    """Return whose loops an agent is trained by: compiled ones of ours, or its library's own."""
    obstacle = getattr(agent, "obstacle", f"there are no others for {type(agent).__name__}")
    return "compiled" if obstacle is None else f"Stable-Baselines3's, for {obstacle}"
