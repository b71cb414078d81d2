"""Makes the stub's laboratory of every Python process that finds this folder on its path.

The tests put it on `PYTHONPATH`, so that the real command line and its workers know the stub, and
the package needs no door for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def add_the_stub(recipes: ModuleType) -> None:
    """Let studies name it."""
    from stub_lab.recipe import register

    register(recipes.RECIPES)


def load_no_torch(attempt: ModuleType) -> None:
    """Workers of the stub need no library for real trainings."""
    from stub_lab.recipe import needs_nothing

    attempt.prepare = needs_nothing  # type: ignore[attr-defined]


AFTER = {
    "rltransfer.training.recipes": add_the_stub,
    "rltransfer.experiment.attempt": load_no_torch,
}
"""What is done once a module is imported."""


class Listener(MetaPathFinder):
    """Finds the modules of `AFTER` where they are, and adds a step to their execution."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return nothing for other names."""
        after = AFTER.pop(name, None)
        spec = find_spec(name) if after is not None else None
        if after is not None and spec is not None and spec.loader is not None:
            extend(spec.loader, after)
        return spec


def extend(loader: Any, after: Callable[[ModuleType], None]) -> None:
    """Have a loader do one thing more."""
    execute = loader.exec_module

    def executed(module: ModuleType) -> None:
        execute(module)
        after(module)

    loader.exec_module = executed


sys.meta_path.insert(0, Listener())
