"""Sources that failed are named, with the reason, and nothing is missing because of them."""

import json
from pathlib import Path

import pytest

from rltransfer.errors import SourceFailed
from rltransfer.experiment.agenda import Agenda, lane_states
from rltransfer.reports import publish, summarize
from rltransfer.reports.study import Study
from rltransfer.runs import Failure, Run

WHY = "its worker process died: killed, or out of memory, in each of 3 attempts"


def fail_what_is_wanted(run: Run) -> None:
    """Have all that a run still wants fail."""
    while wanted := Agenda.read(run).wanted:
        for x in wanted:
            key, context = (x, None) if isinstance(x, str) else (x.key, x.context)
            run.record(Failure(key, context, WHY, 3, 1.0))


@pytest.fixture
def study(tmp_path, make) -> Path:
    """Two seeds; in the second, the last round of each selector and all of multi-task failed."""
    compare = {"compare": ["random", "multi-task"]}
    make(tmp_path / "study", (0,), selection=compare)
    make(tmp_path / "study", (1,), trained=2, selection={"compare": ["random"]})
    run = Run(tmp_path / "study" / "seed-1")
    text = run.experiment_file.read_text().partition("\n")[2]
    run.experiment_file.write_text(text.replace('"random"', '"random", "multi-task"'))
    fail_what_is_wanted(run)
    return tmp_path / "study"


def test_the_summary_names_what_failed_and_says_that_nothing_is_missing(study):
    summary = summarize(study)
    assert summary.missing == ()
    assert summary.rounds == 2
    sources = {source.source for source in summary.failed}
    assert "multi-task" in sources
    assert any(source.endswith("\N{NO-BREAK SPACE}m") for source in sources)
    assert {(source.seed, source.reason) for source in summary.failed} == {(1, WHY)}
    assert summary.failed[0].sentence(2).startswith("Seed 1: ")
    told = json.loads(json.dumps(summary.to_dict()))["failed"]
    assert told[0]["attempts"] == 3


def test_the_page_says_it_too(study):
    page, _ = publish(study)
    assert page.read_text().count(f"{WHY}.") == len(summarize(study).failed)


def test_failed_sources_are_rounds_without_rows(study):
    for state in lane_states(Run(study / "seed-1")).values():
        assert (len(state.picks), len(state.failed), state.wanted) == (2, 1, None)
        assert len(state.transfer.failed) == 1


def test_where_all_has_failed_the_reason_is_given(tmp_path, make):
    make(tmp_path / "study", trained=0, selection={"compare": []})
    fail_what_is_wanted(Run(tmp_path / "study" / "seed-0"))
    with pytest.raises(SourceFailed, match=r"3 failed, the first because length=.*died.*--retry"):
        Study.read(tmp_path / "study")
