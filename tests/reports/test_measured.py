"""Reports of studies whose policies are measured on some targets only."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

from rltransfer.reports import exhibits, summarize, write_report
from rltransfer.reports.measured import Measured
from rltransfer.reports.study import Study

FEATURES = {
    "line": (["length"], 12, (0, 1)),
    "plane": (["length", "gravity"], 5, (0,)),
    "space": (["length", "gravity", "masscart"], 3, (0,)),
}


@pytest.fixture(scope="module", params=FEATURES)
def part(request, tmp_path_factory):
    """A study whose policies are measured on about a third of the targets; two seeds of a line."""
    from .conftest import make_study

    vary, targets, seeds = FEATURES[request.param]
    return make_study(
        tmp_path_factory.mktemp(request.param), seeds=seeds, vary=vary, targets=targets,
        evaluation={"episodes": 4, "measure": 0.3}, selection={"compare": ["random", "multi-task"]},
    )  # fmt: skip


def test_the_numbers_by_hand(part):
    summary, study = summarize(part), Study.read(part)
    states = [replicate.own for replicate in study.replicates]
    assert summary.coverage.value == pytest.approx(np.mean([state.V[-1] for state in states]))
    cells = [state.transfer.measured.mean() for state in states]
    assert summary.measured.returns == pytest.approx(np.mean(cells))
    assert 0.0 < summary.measured.served < 1.0
    names = [row.name for row in summary.references]
    assert names == ["multi-task"]  # the best of all trained is not known
    assert json.loads(json.dumps(summary.to_dict(), allow_nan=False))["measured"]["served"] > 0.0


def test_the_page_says_what_is_forecast(part):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        page = write_report(part).read_text()
    assert "of the returns were measured" in page
    assert "is what matrix-gp forecasts" in page
    assert ">nan<" not in page


def test_forecast_targets_are_rings(part):
    """With one feature: each panel shows every target, those not measured without filling."""
    study = Study.read(part)
    if len(study.space) > 1:
        pytest.skip("maps and profiles draw no single targets")
    (figure,) = [x.figure for x in exhibits.of_replicate(study, study.replicates[0])
                 if x.name == "seed-0-targets"]  # fmt: skip
    matrix = study.replicates[0].matrix.after(1)
    dots, rings = [x for x in figure.axes[0].collections if len(x.get_offsets()) > 1][:2]
    assert len(dots.get_offsets()) == matrix.seen.sum()
    assert len(rings.get_offsets()) == len(study.targets) - matrix.seen.sum()
    assert len(dots.get_facecolors()) > len(rings.get_facecolors()) == 0


def test_a_whole_study_has_nothing_to_add(one_seed):
    study = Study.read(one_seed)
    assert Measured.of(study) == Measured(1.0, 1.0)
    assert Measured.of(study).sentence == ""
    assert not any("measured" in note for note in summarize(one_seed).notes)
