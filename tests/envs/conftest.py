"""Families written for a test, in a folder of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rltransfer.envs import make

WriteFamily = Callable[..., Path]


@pytest.fixture
def write_family(tmp_path: Path) -> WriteFamily:
    """Return a function that writes CartPole's `env.toml`, edited, into a folder of its own."""
    original = (make("cartpole").spec.folder / "env.toml").read_text(encoding="utf-8")

    def write(name: str = "cartpole", replace: dict[str, str] | None = None) -> Path:
        text = original
        for old, new in (replace or {}).items():
            assert old in text, f"CartPole's env.toml no longer has {old!r}"
            text = text.replace(old, new)
        folder = tmp_path / name
        folder.mkdir()
        (folder / "env.toml").write_text(text, encoding="utf-8")
        return folder

    return write
