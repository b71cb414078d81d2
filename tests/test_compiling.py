"""Machine code is kept on disk, and no older than its sources."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

pytest.importorskip("numba")

from rltransfer import compiling

PACKAGE = {
    "inner.py": """
        from rltransfer.compiling import compiled

        @compiled
        def inner(x):
            return x + 1
    """,
    "outer.py": """
        from rltransfer.compiling import compiled
        from inner import inner

        @compiled
        def outer(x):
            return 10 * inner(x)
    """,
}
CALL = "from outer import outer; print(outer(1), sum(outer.stats.cache_hits.values()))"


def called(folder: Path) -> list[int]:
    """Return a result of `outer` in a new process, and how often its code came from disk."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])}
    printed = subprocess.run(
        [sys.executable, "-c", CALL], env=environment, check=True, capture_output=True, text=True
    ).stdout
    return [int(word) for word in printed.split()]


def test_code_on_disk_is_used_until_a_file_beside_it_changes(tmp_path: Path) -> None:
    for name, source in PACKAGE.items():
        (tmp_path / name).write_text(dedent(source))
    assert called(tmp_path) == [20, 0]
    assert called(tmp_path) == [20, 1]
    inner = tmp_path / "inner.py"
    assert len(list(tmp_path.glob("__pycache__/*.nbi"))) == 2
    inner.write_text(inner.read_text().replace("x + 1", "x + 22"))
    assert called(tmp_path) == [230, 0]


def test_no_folder_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    def njit(cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available.")
        return lambda function: (function, options)

    monkeypatch.setattr(compiling.numba, "njit", njit)
    assert compiling.compiled(len) == (len, {"error_model": "numpy"})


missing: Any = None


def twice(x: int) -> int:
    return 2 * missing(x)


def test_a_function_is_compiled_around_others() -> None:
    @compiling.compiled
    def three_more(x: int) -> int:
        return x + 3

    @compiling.compiled
    def ten_more(x: int) -> int:
        return x + 10

    by_three = compiling.compiled_around(twice, "three", missing=three_more)
    by_ten = compiling.compiled_around(twice, "ten", missing=ten_more)
    assert (by_three(1), by_ten(1)) == (8, 22)
