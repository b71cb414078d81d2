"""The examples in docstrings do what they say."""

import doctest
import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

import rltransfer

MODULES = [
    module.name
    for module in pkgutil.walk_packages(rltransfer.__path__, "rltransfer.")
    if not module.ispkg
]
WITH_EXAMPLES = [
    name
    for name in MODULES
    if ">>>" in (Path(rltransfer.__file__).parents[1] / f"{name.replace('.', '/')}.py").read_text()
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples(name):
    found = doctest.testmod(import_module(name))
    assert found.attempted > 0
    assert found.failed == 0


def test_there_are_examples():
    assert "rltransfer.contexts.space" in WITH_EXAMPLES
