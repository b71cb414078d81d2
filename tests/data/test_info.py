from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from rltransfer.data import normalised_scores
from rltransfer.data.info import ContextRecord, DatasetInfo, ReferenceReturns, ReturnSummary
from rltransfer.errors import InvalidDataset


def info(*references):
    records = tuple(
        ContextRecord(context={"length": 0.5 + i}, reference=reference)
        for i, reference in enumerate(references)
    )
    return DatasetInfo(env="cartpole", quality="medium", contexts=records)


HERE = ReferenceReturns(random=20.0, expert=220.0, episodes=100)
THERE = ReferenceReturns(random=-100.0, expert=0.0, episodes=100)


def test_each_context_has_a_scale_of_its_own():
    scores = normalised_scores([[20.0, 220.0, 120.0], [-100.0, 0.0, 50.0]], info(HERE, THERE))
    np.testing.assert_allclose(scores, [[0, 100, 50], [0, 100, 150]])
    np.testing.assert_allclose(normalised_scores([30.0, -90.0], info(HERE, THERE)), [5, 10])


def test_no_score_without_reference_returns():
    with pytest.raises(InvalidDataset, match=r"no reference returns for length=1\.5"):
        normalised_scores([[1.0], [2.0]], info(HERE, None))
    with pytest.raises(InvalidDataset, match=r"each of 1 contexts; got the shape \(2,\)"):
        normalised_scores([1.0, 2.0], info(HERE))
    assert info(HERE, None).score is None


def test_an_expert_is_better_than_random_actions():
    with pytest.raises(ValidationError, match="above that of random actions; got 1 and 1"):
        ReferenceReturns(random=1.0, expert=1.0, episodes=1)


def test_cut_episodes_do_not_count_towards_the_mean(toy):
    data = toy([4, 2, 3, 1])  # the second and the fourth are truncated
    whole = data.episode_returns[[0, 2]]
    summary = ReturnSummary.of(data, horizon=500)
    assert (summary.steps, summary.episodes) == (10, 4)
    assert summary.mean == pytest.approx(whole.mean())
    assert summary.std == pytest.approx(whole.std())
    both = ReturnSummary.of(data, horizon=2)  # the second reached its time limit
    assert both.mean == pytest.approx(data.episode_returns[:3].mean())


def test_the_score_of_a_dataset_is_the_mean_over_its_contexts():
    def record(i, mean, reference):
        returns = ReturnSummary(steps=9, episodes=3, mean=mean, std=0.0)
        return ContextRecord(context={"length": i}, returns=returns, reference=reference)

    both = DatasetInfo(
        env="e",
        quality="mixed-context",
        contexts=(record(1.0, 70.0, HERE), record(2.0, -25.0, THERE)),
    )
    assert both.score == pytest.approx((25 + 75) / 2)


def test_words_cannot_move_a_terminals_cursor():
    with pytest.raises(ValidationError, match="env"):
        DatasetInfo(env="\x1b[2Jx", quality="random", contexts=(ContextRecord(context={}),))
