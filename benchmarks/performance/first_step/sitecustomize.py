"""Tells of the first environment step that any Python with this folder on its path takes.

Python imports a module of this name when it starts, so that the worker processes of
`rltransfer run` are watched, too. The training's callback hears of every environment step, or of
every rollout where those are compiled; the first word creates the file that `FIRST_STEP` names.
"""

from __future__ import annotations

import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

WATCHED = "rltransfer.training.checkpoints"


class Watch(MetaPathFinder):
    """Finds the module of the callback, and has it loaded with a wire in it."""

    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        """Answer for one module only."""
        if name != WATCHED:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = Wired(spec.loader)
        return spec


class Wired(Loader):
    """Loads a module as another loader does, then lays the wire."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to the other loader."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Load, and let the callback's first step tell."""
        self._loader.exec_module(module)
        for event in ("on_step", "on_rollout_end"):
            wire(module.BestCheckpoint, event)


def wire(callback: Any, event: str) -> None:
    """Let a method tell that it was called, before it does what it did."""
    heard = getattr(callback, event)

    def told(self: Any) -> Any:
        Path(os.environ["FIRST_STEP"]).touch()
        return heard(self)

    setattr(callback, event, told)


sys.meta_path.insert(0, Watch())
