import numpy as np
import optuna
import pytest
from optuna.trial import create_trial

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.runs.plots import expectation_plot, gap_plot, gaps_after, matrix_plot
from rltransfer.transfer import TransferMatrix

SPACE = ContextSpace([ContextFeature("length", 0.5, 0.0, 1.0, "m")])


@pytest.fixture
def transfer():
    grid = SPACE.grid(4)
    rng = np.random.default_rng(0)
    empty = TransferMatrix.empty(SPACE, grid, grid)
    return empty.learn(1, rng.random((4, 3))).learn(2, rng.random((4, 3)))


def test_a_gap_is_the_return_at_home_less_the_return_there(transfer):
    J, home = transfer.returns.mean(axis=2), transfer.own.mean(axis=1)
    expected = [home[J[:, j].argmax()] - J[:, j].max() for j in range(4)]
    np.testing.assert_allclose(gaps_after(transfer), expected)


def test_the_gaps_of_every_round_are_drawn(transfer):
    first, last = gap_plot(transfer).data
    assert first.name == f"round 1: mean {gaps_after(transfer.after(1)).mean():.1f}"
    assert list(last.y) == gaps_after(transfer).round(2).tolist()
    assert last.x == ("0", "0.33333", "0.66667", "1")


def test_targets_that_nobody_was_measured_on_are_left_out():
    grid = SPACE.grid(4)
    part = TransferMatrix.empty(SPACE, grid, grid).learn(1, [[3.0], [1.0]], measured=[1, 3])
    assert gap_plot(part).data[0].y == (None, 0.0, None, 2.0)
    assert matrix_plot(part).data[0].z[0][1] == 3.0


def test_many_targets_are_thinned():
    grid = SPACE.grid(1000)
    wide = TransferMatrix.empty(SPACE, grid, grid).learn(0, np.ones((1000, 1)))
    assert len(matrix_plot(wide).data[0].x) == 100
    assert len(matrix_plot(wide).to_json()) < 10_000


def test_forecasts_stand_beside_outcomes():
    study = optuna.create_study(direction="maximize")
    study.add_trial(create_trial(value=1.0, user_attrs={"gain": 1.0}))
    told = {"predicted_gain": 3.0, "predicted_error": 0.5, "gain": 2.0}
    study.add_trial(create_trial(value=3.0, user_attrs=told))
    diagonal, points = expectation_plot(study.trials).data
    assert (points.x, points.y, points.text) == ((3.0,), (2.0,), ("2",))
    assert points.error_x.array == (0.5,)
    assert diagonal.x == diagonal.y == (0.0, 3.0)
