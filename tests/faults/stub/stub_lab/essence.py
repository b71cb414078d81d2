"""What of a run must not depend on how often it was interrupted: every byte but times.

Times are told in `result.json`, whose sha256 its manifest names, in the study, whose sha256
`published.json` names, and on the page; who holds the lock, and the state of the checkout, are no
results either.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from optuna.trial import FrozenTrial

from rltransfer.runs.ledger import journal, quiet

__all__ = ["committed", "curves", "essence", "essence_by_key"]

TIMES = ("seconds", "started", "finished")
TOLD = re.compile(
    rb"\d[\d.,]* (s|min|h)\b( \d+ (s|min)\b)?"
    rb"|\d{4}-\d\d-\d\d \d\d:\d\d|<th[^>]*>git commit</th><td>[^<]*"
)
"""Durations, times of day and the checkout, as the page tells them."""
IRRELEVANT = {".lock", "study.journal.lock"}


def essence(folder: Path) -> dict[str, Any]:
    """Return every file below a folder, without the times in it."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(folder)): without_times(path)
        for path in found
        if path.name not in IRRELEVANT
    }


def essence_by_key(run: Path) -> dict[str, Any]:
    """Return the essence of a run, its sources under their keys, in whatever order they came."""
    found = essence(run)
    keys = {
        name.rpartition("/")[0]: told["key"]
        for name, told in found.items()
        if name.endswith("/result.json")
    }
    named = {}
    for path, told in found.items():
        folder, _, name = path.rpartition("/")
        named[f"{keys.get(folder, folder)}/{name}"] = told
    return named


def without_times(path: Path) -> Any:
    """Return a file's bytes, or what it says besides times."""
    match path.name:
        case "result.json":
            return timeless(json.loads(path.read_bytes()))
        case "MANIFEST.json":
            return {k: v for k, v in json.loads(path.read_bytes()).items() if k != "result.json"}
        case "provenance.json":
            told = json.loads(path.read_bytes())
            return {k: v for k, v in told.items() if k not in ("git", "sha256")}
        case "published.json":
            made = json.loads(path.read_bytes())["made"]
            return {k: v for k, v in made.items() if k != "study.journal"}
        case "study.journal":
            return trials(path)
        case "report.html":
            return TOLD.sub(b"", path.read_bytes())
        case _:
            return path.read_bytes()


def timeless(told: Any) -> Any:
    """Return plain data without the keys that tell times."""
    if isinstance(told, dict):
        return {key: timeless(value) for key, value in told.items() if key not in TIMES}
    return [timeless(value) for value in told] if isinstance(told, list) else told


def trials(path: Path) -> dict[str, Any]:
    """Return what each study in a journal shows, its trials in order, without learning curves."""
    return {
        name: [
            (t.number, t.state, t.values, t.params, timeless(t.user_attrs), t.system_attrs)
            for t in found
        ]
        for name, found in all_trials(path).items()
    }


def curves(path: Path) -> dict[str, list[dict[int, float]]]:
    """Return the learning curves in a journal, by study and trial."""
    return {
        name: [t.intermediate_values for t in found] for name, found in all_trials(path).items()
    }


def all_trials(path: Path) -> dict[str, list[FrozenTrial]]:
    """Return the trials in a journal by study."""
    with quiet():
        storage = journal(path)
        return {
            study.study_name: storage.get_all_trials(study._study_id)
            for study in storage.get_all_studies()
        }


def committed(run: Path) -> dict[str, dict[str, bytes]]:
    """Return the files of each committed source, times included, by the name of its folder."""
    folders = [path.parent for path in run.glob("sources/[0-9]*/MANIFEST.json")]
    return {
        folder.name: {path.name: path.read_bytes() for path in folder.iterdir()}
        for folder in folders
    }
