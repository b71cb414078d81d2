"""Reports of studies in which each source is trained from those before it."""

import re

import numpy as np
import pytest

from rltransfer.reports import summarize, write_report
from rltransfer.reports.comparison import Comparison
from rltransfer.reports.figures.coverage import steps_figure
from rltransfer.reports.study import Study
from rltransfer.reports.tables import trained_rows


def text_of(path):
    page = re.sub(r"<style>.*?</style>|<[^>]+>", " ", path.read_text(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", page)


@pytest.fixture(scope="module")
def page(inheriting):
    return text_of(write_report(inheriting))


def test_the_saving_is_that_of_the_steps_really_taken(inheriting, inheriting_and_alone):
    cost = summarize(inheriting).cost  # 1000 steps from nothing, then 500 each
    assert (cost.steps, cost.alone, cost.monitor_steps) == (2000, 1000, 900)
    assert cost.saving == pytest.approx(1 - 2000 / 12_000)
    assert summarize(inheriting_and_alone).cost.saving == cost.saving


def test_old_folders_did_not_count_the_monitors_steps(one_seed):
    assert summarize(one_seed).cost.monitor_steps is None


def test_what_the_saving_rests_on_is_said(inheriting, inheriting_and_alone, one_seed):
    (note,) = (n for n in summarize(inheriting).notes if "trained from those before it" in n)
    assert re.search(r"against \d trainings? from nothing; compare = \['independent'\]", note)
    (note,) = (n for n in summarize(inheriting_and_alone).notes if "those before it" in n)
    assert "from nothing" not in note
    assert not any("those before it" in n for n in summarize(one_seed).notes)


def test_every_stage_is_listed_with_its_decisions_and_parents(inheriting):
    replicate = Study.read(inheriting).replicates[0]
    rows = trained_rows(replicate)
    assert rows[0].parents == ()
    assert rows[2].parents == (rows[0].label, rows[1].label)
    assert [(s.name, s.steps, s.seconds) for s in rows[1].stages] == [
        ("improvement", 0, 10.0),
        ("online", 500, 2.5),
    ]
    assert len(rows) == len(replicate.pool)
    assert [bool(row.color) for row in rows[:4]] == [True, True, True, False]


def test_the_page_shows_stages_parents_and_costs(page, inheriting):
    watched = 300 * len(Study.read(inheriting).replicates[0].pool)
    assert "Trained from the policies of" in page
    assert "improvement: offline evaluation accepted 2, 0 of 6 checks (policy by policy)" in page
    assert "went on with policy 1" in page
    assert f"behind the learning curves took {watched:,} environment steps more." in page
    assert "besides, 900 steps for learning curves" in page
    assert "if each of these took 1,000 steps" in page
    assert "Coverage over environment steps of training" in page


def test_policies_from_nothing_are_not_mixed_with_the_others(inheriting_and_alone):
    for replicate in Study.read(inheriting_and_alone).replicates:
        assert replicate.truth is not None
        by_hand = [replicate.pool[x.digest].returns for x in replicate.matrix.sources]
        assert np.array_equal(replicate.truth, by_hand)
        assert len(replicate.pool) == 12 + 2
        assert len(replicate.known.trained) == 12
        for key, row in zip(replicate.own.keys, replicate.known.returns, strict=False):
            assert np.array_equal(row, replicate.pool[key].returns)


def test_there_is_no_oracle_of_an_order_that_changes_the_truth(inheriting_and_alone):
    study = Study.read(inheriting_and_alone)
    comparison = Comparison.of(study, np.random.default_rng(0))
    assert comparison.oracle is None
    assert {r.name for r in comparison.references} == {"independent", "best of all trained"}


def test_the_figure_over_steps_has_the_points_of_the_other_at_their_steps(inheriting):
    comparison = Comparison.of(Study.read(inheriting), np.random.default_rng(0))
    (ax,) = steps_figure(comparison).axes
    lines = {line.get_label(): line for line in ax.lines}
    for curve in comparison.curves:
        assert list(lines[curve.name].get_xdata()) == [1000, 1500, 2000]
        assert lines[curve.name].get_ydata() == pytest.approx(curve.values)


def test_the_figure_over_steps_is_left_out_where_it_would_say_the_same(one_seed, inheriting):
    write_report(one_seed)
    write_report(inheriting)
    assert not (one_seed / "figures" / "steps.svg").exists()
    for kind in ("svg", "png"):
        assert (inheriting / "figures" / f"steps.{kind}").stat().st_size > 5000
