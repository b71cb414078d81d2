"""Notebooks run from top to bottom against the reference run, and are kept without outputs."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
LONG = {"traffic", "offline-to-online"}
"""Those that take more than five seconds of one core."""


def cases():
    for path in NOTEBOOKS:
        marks = [pytest.mark.slow] if path.stem in LONG else []
        yield pytest.param(path, id=path.stem, marks=marks)


@pytest.mark.parametrize("path", list(cases()))
def test_notebook(path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        assert not cell.get("outputs"), f"{path.name} is kept with outputs; strip them."
    NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}
    ).execute()


def test_there_are_notebooks():
    assert NOTEBOOKS
