import numpy as np
import pytest

from rltransfer.experiment.tuning.objective import Objective
from rltransfer.experiment.tuning.record import Cell
from rltransfer.training.online import LOOKS

TOTAL = 1000


def cell(mean, looks=()):
    return Cell(looks=tuple(looks), mean=mean, steps=TOTAL, seconds=0.0)


def test_the_value_is_the_mean_over_contexts_of_means_over_seeds():
    u = np.random.default_rng(0).random((3, 4))  # seeds, contexts
    objective = Objective(contexts=4, seeds=3, worst=1.0, low=0.0, high=1.0)
    assert objective.value(u.ravel().tolist()) == pytest.approx(u.mean(axis=0).mean())


def test_the_worst_context_and_the_worst_half():
    u = np.array([[0.9, 0.1, 0.5, 0.3], [0.7, 0.3, 0.5, 0.1]])
    worst = Objective(contexts=4, seeds=2, worst=0.01, low=0.0, high=1.0)
    half = Objective(contexts=4, seeds=2, worst=0.5, low=0.0, high=1.0)
    assert worst.value(u.ravel().tolist()) == pytest.approx(0.2)
    assert half.value(u.ravel().tolist()) == pytest.approx(0.2)


def test_contexts_that_have_not_begun_do_not_count():
    objective = Objective(contexts=3, seeds=2, worst=1.0, low=0.0, high=1.0)
    assert objective.value([0.2]) == pytest.approx(0.2)
    assert objective.value([0.2, 0.4, 0.6, 0.4]) == pytest.approx((0.3 + 0.4 + 0.6) / 3)


def test_returns_become_scores():
    objective = Objective(1, 1, 1.0, low=-200.0, high=-100.0)
    assert objective.score(-150.0) == 0.5


def test_intermediate_values_are_of_the_best_look_so_far_and_then_of_the_score():
    objective = Objective(contexts=2, seeds=1, worst=1.0, low=0.0, high=10.0)
    first = cell(8.0, [(100, 2.0), (500, 6.0), (600, 4.0), (1000, 9.0)])
    second = cell(None, [(250, 1.0)])
    found = dict(objective.values([first, second], TOTAL))
    assert found == {
        2: 0.2,
        10: 0.6,
        12: 0.6,  # a worse look does not lower it: the best policy is kept
        LOOKS: 0.8,  # its score over fresh episodes, not the last look
        LOOKS + 5: pytest.approx((0.8 + 0.1) / 2),
    }


def test_cells_are_cut_where_the_trial_was_ended():
    objective = Objective(contexts=2, seeds=1, worst=1.0, low=0.0, high=10.0)
    cells = [cell(8.0, [(500, 6.0)]), cell(7.0, [(100, 1.0), (500, 2.0), (900, 7.0)])]
    assert objective.until(cells, LOOKS, TOTAL) == (cells[0],)
    kept = objective.until(cells, LOOKS + 10, TOTAL)
    assert kept[0] == cells[0]
    assert kept[1].looks == ((100, 1.0), (500, 2.0))
    assert (kept[1].mean, kept[1].steps) == (None, 500)
    steps = [step for step, _ in objective.values(kept, TOTAL)]
    assert steps == [10, LOOKS, LOOKS + 2, LOOKS + 10]
