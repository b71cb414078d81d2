from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from rltransfer.envs import make
from rltransfer.envs.episodes import Episodes
from rltransfer.envs.simulators import Transition
from rltransfer.envs.simulators.classic.cartpole import CartPoleBatch
from rltransfer.errors import InvalidContext, SourceFailed


def episodes(*lengths: float, observe: Sequence[str] = ()) -> Episodes:
    return Episodes(make("cartpole"), [{"length": length} for length in lengths], observe)


def test_a_row_draws_from_its_own_generator() -> None:
    pair, alone = episodes(0.5, 0.5), episodes(0.5)
    for row, seed in enumerate((4, 5)):
        pair.seed(row, seed)
    alone.seed(0, 5)
    assert np.array_equal(pair.begin(np.arange(2))[1], alone.begin(np.arange(1))[0])
    pair.begin(np.array([0]))  # row 0 begins again and again; row 1 does not notice
    pair.begin(np.array([0]))
    assert np.array_equal(pair.begin(np.array([1]))[0], alone.begin(np.arange(1))[0])


def test_rows_that_were_never_seeded_start_anywhere() -> None:
    one, other = episodes(0.5).begin(np.arange(1)), episodes(0.5).begin(np.arange(1))
    assert not np.array_equal(one, other)


def test_returns_and_lengths_count_the_episode_under_way() -> None:
    rows = episodes(0.5, 2.0)
    rows.begin(np.arange(2))
    for _ in range(3):
        rows.step(np.array([0, 1]))
    assert rows.lengths.tolist() == [3, 3]
    assert rows.returns.tolist() == [3.0, 3.0]
    rows.begin(np.array([1]))
    assert rows.lengths.tolist() == [3, 0]
    assert rows.returns.tolist() == [3.0, 0.0]


def test_the_horizon_truncates() -> None:
    rows = Episodes(make("mountain_car"), [{}])
    rows.begin(np.arange(1))
    truncated = [bool(rows.step(np.array([1])).truncated[0]) for _ in range(200)]
    assert truncated == [False] * 199 + [True]


def test_another_context_is_stepped_and_seen() -> None:
    rows, reference = episodes(0.5, 0.5, observe=("length",)), episodes(0.5, 5.0)
    rows.set_contexts(np.array([1]), [{"length": 5.0}])
    for one in (rows, reference):
        one.seed(0, 0)
        one.seed(1, 1)
        one.begin(np.arange(2))
    assert rows.contexts == reference.contexts
    shown = rows.step(np.array([1, 1])).observations
    assert np.array_equal(shown[:, :4], reference.step(np.array([1, 1])).observations)
    np.testing.assert_allclose(shown[:, 4], [0.5, 1.0])


def test_a_context_outside_the_family_changes_nothing() -> None:
    rows = episodes(0.5, 0.6)
    with pytest.raises(InvalidContext, match="must lie in"):
        rows.set_contexts(np.arange(2), [{"length": 1.0}, {"length": 50.0}])
    assert [context["length"] for context in rows.contexts] == [0.5, 0.6]


@pytest.mark.parametrize(
    ("field", "value"), [("observations", np.nan), ("rewards", np.inf)], ids=str
)
def test_what_is_not_finite_is_reported_with_its_place(
    monkeypatch: pytest.MonkeyPatch, field: str, value: float
) -> None:
    honest = CartPoleBatch.step

    def spoilt(batch: CartPoleBatch, actions: Any) -> Transition:
        step = honest(batch, actions)
        getattr(step, field)[1] = value
        return step

    rows = episodes(0.5, 0.75)
    rows.begin(np.arange(2))
    rows.step(np.array([0, 1]))
    monkeypatch.setattr(CartPoleBatch, "step", spoilt)
    with pytest.raises(SourceFailed) as caught:
        rows.step(np.array([0, 1]))
    message = str(caught.value)
    assert message.startswith("cartpole[gravity=9.8,masscart=1,masspole=0.1,length=0.75,")
    assert f" {field.removesuffix('s')} that is not finite: " in message
    assert "], at step 2 of episode 1, returned a" in message
