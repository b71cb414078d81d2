"""Reproductions written for a test, in place of the published ones."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

TINY = (Path(__file__).parent / "tiny.toml").read_text(encoding="utf-8")


@pytest.fixture
def papers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Return a function that writes a reproduction's file; those that we ship are hidden."""
    folder = tmp_path / "papers"
    folder.mkdir()
    catalogue = import_module("rltransfer.reproductions.catalogue")
    monkeypatch.setattr(catalogue, "papers", lambda: folder)

    def write(name: str, text: str = TINY) -> None:
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")

    return write
