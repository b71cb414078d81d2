"""A whole reproduction of three hardly trained poles, twice; and the table of all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rltransfer.errors import CorruptRun, InvalidExperiment
from rltransfer.reproductions import load_reproduction, reproduce
from rltransfer.reproductions.collection import collect, put_into_page
from rltransfer.reproductions.result import RESULT, read_told


def test_a_reproduction_runs_is_judged_and_is_not_trained_again(
    papers: Callable[..., None], tmp_path: Path
) -> None:
    papers("tiny")
    papers("other")
    result = reproduce(load_reproduction("tiny"), "smoke", tmp_path / "runs")
    verdicts = {finding.says: str(finding.verdict) for finding in result.findings}
    assert verdicts == {
        "independent": "agrees",
        "random@1": "differs",
        "the oracle is better than nothing": "agrees",
    }
    assert result.verdict == "differs"
    assert result.reason == "2 of 3 comparable statements agree"
    folder = tmp_path / "runs" / "tiny-smoke"
    told = read_told(folder / RESULT)
    assert told["facts"]["policies"] == 4  # three contexts and one policy of all
    assert (folder / "reproduction.png").stat().st_size > 5000
    committed = {p: p.stat().st_mtime_ns for p in (folder / "seed-0" / "sources").rglob("*")}
    again = reproduce(load_reproduction("tiny"), "smoke", tmp_path / "runs")
    assert {
        p: p.stat().st_mtime_ns for p in (folder / "seed-0" / "sources").rglob("*")
    } == committed
    assert again.to_dict()["numbers"] == told["numbers"]
    check_collection(tmp_path)
    check_seal(folder / RESULT)


def check_collection(tmp_path: Path) -> None:
    """The table holds what is finished, and says why something is not."""
    into, page = tmp_path / "results", tmp_path / "page.md"
    page.write_text("# All\n<!-- table: begin -->\nold\n<!-- table: end -->\nend\n")
    collection = collect(tmp_path / "runs", into)
    text = (into / "reproductions.md").read_text()
    assert "| tiny | smoke | differs | 2 of 3 comparable statements agree | 1 | 4 |" in text
    assert "| other | – | not run | not done yet: its smallest budget takes about 0.001 h" in text
    assert "| random@1 | table 1 | 99 |" in text
    kept = collect(tmp_path / "nothing", into)  # those from before stay
    assert kept.results == collection.results
    put_into_page(collection, page)
    assert "old" not in page.read_text()
    assert page.read_text().endswith("<!-- table: end -->\nend\n")
    page.write_text("no marks")
    with pytest.raises(InvalidExperiment, match="no place for the table"):
        put_into_page(collection, page)


def check_seal(path: Path) -> None:
    """A number that is changed by hand is noticed."""
    told = json.loads(path.read_text())
    told["verdict"] = "agrees"
    path.write_text(json.dumps(told, indent=1))
    with pytest.raises(CorruptRun, match="nothing is trained again"):
        read_told(path)
