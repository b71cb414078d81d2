"""What the stub has worked on: a line when a segment begins, and one when it has ended."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

__all__ = ["DIARY", "begun", "note"]

DIARY = "STUB_DIARY"
"""Names the file in the environment; where there is none, nothing is written."""


def note(what: str, label: str, stage: int, segment: int) -> None:
    """Add a line; one so short is written at once or not at all."""
    if DIARY in os.environ:
        with open(os.environ[DIARY], "a", encoding="utf-8") as file:
            file.write(f"{what} {label} {stage}.{segment}\n")


def begun(diary: Path) -> Counter[str]:
    """Return how often each segment was begun."""
    lines = diary.read_text(encoding="utf-8").splitlines()
    return Counter(line for line in lines if line.startswith("began"))
