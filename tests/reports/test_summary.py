import json

import numpy as np
import pytest

from rltransfer.reports import Summary, summarize
from rltransfer.reports.study import Study


@pytest.fixture(scope="module")
def summary(three_seeds) -> Summary:
    return summarize(three_seeds)


def test_the_numbers_by_hand(three_seeds, summary):
    """From the committed returns alone, without the transfer package."""
    study = Study.read(three_seeds)
    targets = {x.digest: j for j, x in enumerate(study.targets)}
    V, gaps, regrets = [], [], []
    for replicate in study.replicates:
        keys = [pick.context.digest for pick in replicate.own.picks]
        J = np.array([replicate.pool[key].returns.mean(axis=1) for key in keys])
        own = np.array([J[i, targets[key]] for i, key in enumerate(keys)])
        known = np.max([r.returns.mean(axis=1) for r in replicate.pool.values()], axis=0)
        V.append(J.max(axis=0).mean())
        gaps.append(own[J.argmax(axis=0)] - J.max(axis=0))
        regrets.append((known - J.max(axis=0)).mean())
    assert summary.coverage.per_seed == pytest.approx(V)
    assert summary.score.value == pytest.approx(np.mean(V) / 500)
    assert summary.mean_gap.per_seed == pytest.approx(np.mean(gaps, axis=1))
    assert summary.mean_regret.per_seed == pytest.approx(regrets)
    seed, target = np.unravel_index(np.argmax(gaps), np.shape(gaps))
    assert summary.worst.gap == pytest.approx(np.max(gaps))
    assert (summary.worst.seed, summary.worst.target) == (seed, study.targets[target])


def test_the_cost_counts_the_own_sources_only(summary):
    assert summary.cost.policies == 3
    assert summary.cost.contexts == 12
    assert summary.cost.steps == 3000
    assert summary.cost.seconds == 37.5
    assert summary.cost.saving == 0.75


def test_selectors_are_compared_with_the_own_one(summary):
    rows = {row.name: row for row in summary.selectors}
    assert list(rows) == ["matrix-gp", "random", "equidistant", "sequential oracle"]
    assert rows["matrix-gp"].lead is None
    for row in summary.selectors[1:]:
        difference = summary.coverage.value - row.coverage.value
        assert row.lead.value == pytest.approx(difference)
        assert row.lead.low <= row.lead.value <= row.lead.high
    assert rows["sequential oracle"].rounds == 3


def test_to_dict_is_json_and_complete(summary):
    data = json.loads(json.dumps(summary.to_dict(), allow_nan=False))
    assert data["finished"] is True
    assert data["seeds"] == [0, 1, 2]
    assert data["coverage"]["value"] == summary.coverage.value
    assert set(data["worst"]["target"]) == {"length"}
    assert set(data["references"]) == {"multi-task", "independent", "best of all trained"}
    assert data["covered"]["return"] == 450.0
    assert data["cost"]["saving"] == 0.75


def test_the_same_runs_give_the_same_numbers(three_seeds, summary):
    assert summarize(three_seeds).to_dict() == summary.to_dict()


def test_few_seeds_are_noted(one_seed, summary, tmp_path, make):
    assert summary.notes == (
        "Only 3 training seeds: an interval over fewer than 5 seeds is rough.",
    )
    (note,) = summarize(one_seed).notes
    assert note.startswith("One training seed: there is no interval over seeds")
    assert summarize(make(tmp_path, seeds=range(5))).notes == ()


def test_a_single_episode_is_noted(tmp_path, make):
    folder = make(tmp_path, evaluation={"episodes": 1})
    assert "no interval over episodes" in summarize(folder).notes[1]


def test_an_unfinished_study_is_summarised_as_far_as_it_is(unfinished):
    summary = summarize(unfinished)
    assert not summary.finished
    assert summary.rounds < summary.planned == 3
    assert summary.cost.policies == summary.rounds


def test_seeds_are_averaged_over_the_rounds_that_all_have(tmp_path, make):
    make(tmp_path, seeds=(0,), trained=3)
    make(tmp_path, seeds=(1,), trained=2)
    summary, study = summarize(tmp_path), Study.read(tmp_path)
    assert summary.rounds == 2
    assert summary.cost.steps == 2000
    expected = [r.matrix.after(2).coverage for r in study.replicates]
    assert summary.coverage.per_seed == pytest.approx(expected)
    assert summary.mean_gap.per_seed == pytest.approx(
        [r.gaps[1].mean_gap for r in study.replicates]
    )
