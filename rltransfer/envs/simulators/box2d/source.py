"""A module of Gymnasium's as a template: the same source with other numbers in its constants.

Gymnasium's Box2D environments read masses, powers and sizes from constants of their module, so
that changing one there changes every environment of the process, and what the module has already
made of it (`LEG_H = 34 / SCALE`, the fixtures) stays as it was. A copy is the module's source run
again in a namespace of its own: the number in a constant's assignment is the context's, and all
that follows from it is computed by the source itself. Gymnasium's own module is never touched.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType

import gymnasium as gym

from rltransfer.errors import MissingDependency

__all__ = ["COPIES", "ModuleSource"]

COPIES = 128
"""How many copies are kept for the next environment with the same numbers."""

NUMBERS = "CONTEXT_NUMBERS"
"""The name under which a copy finds the numbers that differ from the original's."""


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """Where a module's source is, and which of its numbers a context may replace.

    Attributes:
        module: the dotted name.
        constants: top-level names; the first number in the expression assigned to each is open.
        factors: by name, an expression that is in the source once, and is multiplied by a number.
    """

    module: str
    constants: tuple[str, ...]
    factors: Mapping[str, str] = field(default_factory=dict, hash=False)

    def copy(self, numbers: Mapping[str, float]) -> ModuleType:
        """Return the copy with these numbers, by constant or factor; the rest is the original's.

        Raises:
            MissingDependency: if the installed module's source has no such constant or factor.
        """
        return copied(self, tuple(sorted(numbers.items())))


@lru_cache(maxsize=COPIES)
def copied(source: ModuleSource, numbers: tuple[tuple[str, float], ...]) -> ModuleType:
    """Run a module's opened source; nobody changes a copy, so the same numbers share one."""
    module = ModuleType(source.module)
    module.__dict__[NUMBERS] = dict(numbers)
    exec(opened(source), module.__dict__)
    return module


@cache
def opened(source: ModuleSource) -> CodeType:
    """Compile a module with its constants and factors open, under the original's file name."""
    spec = find_spec(source.module)
    assert spec is not None
    assert spec.origin is not None
    text = Path(spec.origin).read_text(encoding="utf-8")
    for name, expression in source.factors.items():
        text = multiplied(text, name, expression)
    tree = ast.parse(text)
    names = number_names(tree, source.constants)
    if closed := set(source.constants).difference(names.values()):
        raise unknown_version(closed.pop())
    return compile(ast.fix_missing_locations(Opening(names).visit(tree)), spec.origin, "exec")


def multiplied(text: str, name: str, expression: str) -> str:
    """Return a source in which an expression, there once, is multiplied by a number."""
    if text.count(expression) != 1:
        raise unknown_version(name)
    return text.replace(expression, f"{NUMBERS}.get({name!r}, 1.0) * {expression}")


def unknown_version(name: str) -> MissingDependency:
    """Return the error of a module whose source is not what this package was written for."""
    return MissingDependency(
        f"Gymnasium {gym.__version__} has no {name} that a context could change: rltransfer does "
        "not know this version. Try: pip install 'gymnasium[box2d]>=1.2,<1.5'."
    )


def number_names(tree: ast.Module, constants: tuple[str, ...]) -> dict[ast.Constant, str]:
    """Return the first number node of each constant's assignment, with the constant's name."""
    found = {}
    for name, value in assignments(tree):
        numbers = [node for node in ast.walk(value) if isinstance(node, ast.Constant)]
        if name in constants and numbers:
            found[numbers[0]] = name
    return found


def assignments(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a module assigns to, and what it assigns; `A, B = 1, 2` is two."""
    for statement in tree.body:
        if not isinstance(statement, ast.Assign):
            continue
        target, value = statement.targets[0], statement.value
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=True))
        yield from ((left.id, right) for left, right in pairs if isinstance(left, ast.Name))


class Opening(ast.NodeTransformer):
    """Puts `CONTEXT_NUMBERS.get(name, number)` in place of each open number."""

    def __init__(self, names: Mapping[ast.Constant, str]) -> None:
        self.names = names

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """Replace a number if it is open."""
        if node not in self.names:
            return node
        get = ast.Attribute(ast.Name(NUMBERS, ast.Load()), "get", ast.Load())
        return ast.Call(get, [ast.Constant(self.names[node]), node], [])
