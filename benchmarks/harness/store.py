"""Where measurements lie: finished cases of a run under way, and the results that are committed.

Each case is one JSON file in `benchmarks/out/performance` as soon as it is measured, so that a run
may be stopped at any time and continued; the files are gone when the results are written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.measured import Measured
from rltransfer.files import write_text

__all__ = ["Cells", "Results"]


@dataclass(frozen=True)
class Cells:
    """The cases measured so far in a run of the benchmark."""

    folder: Path

    def read(self, name: str) -> Measured | None:
        """Return a case, or None if it is still to be measured."""
        path = self._path(name)
        return Measured.from_json(json.loads(path.read_text())) if path.exists() else None

    def write(self, measured: Measured) -> None:
        """Keep a case."""
        write_text(self._path(measured.name), json.dumps(measured.to_json()))

    def clear(self, names: Iterable[str]) -> None:
        """Forget cases, so that the next run measures them again."""
        for name in names:
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"


@dataclass(frozen=True)
class Results:
    """A table of measured cases, and the machine they were measured on."""

    machine: dict[str, str] = field(default_factory=dict)
    cases: dict[str, Measured] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Results:
        """Read what `write` wrote; empty where nothing was written."""
        if not path.exists():
            return cls()
        data: dict[str, Any] = json.loads(path.read_text())
        cases = {name: Measured.from_json(case) for name, case in data["cases"].items()}
        return cls(data["machine"], cases)

    def write(self, path: Path) -> None:
        """Write everything to one JSON file."""
        cases = {name: case.to_json() for name, case in self.cases.items()}
        write_text(path, json.dumps({"machine": self.machine, "cases": cases}, indent=1) + "\n")
