"""Compiled steps against the array programs that they repeat, bit for bit.

The array programs are compared with Gymnasium in `test_batched`, whichever of the two steps there.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rltransfer.contexts import Context
from rltransfer.envs import make
from rltransfer.envs.simulators import ContextBatch
from rltransfer.envs.simulators.classic import BATCHES, compiled
from rltransfer.envs.simulators.classic.compiled import kernel_of

FAMILIES = ("acrobot", "cartpole", "mountain_car", "mountain_car_continuous", "pendulum")

needs_numba = pytest.mark.skipif(kernel_of("cartpole") is None, reason="Numba is not installed.")


class Pair:
    """The same members twice: stepped by a kernel, and by NumPy."""

    def __init__(self, name: str, contexts: Any) -> None:
        self.fast, self.oracle = make(name).batch(contexts), make(name).batch(contexts)
        vars(self.fast)["_kernel"], vars(self.oracle)["_kernel"] = kernel_of(name), None

    @property
    def both(self) -> tuple[ContextBatch, ContextBatch]:
        return self.fast, self.oracle

    def reset(self, rows: Any, states: Any) -> None:
        for batch in self.both:
            batch.reset(rows, states)

    def step(self, actions: Any) -> Any:
        ours, theirs = (batch.step(actions) for batch in self.both)
        assert ours.truncated is theirs.truncated is None
        for value, other in zip(ours[:3], theirs[:3], strict=True):
            assert value.dtype == other.dtype
            assert np.array_equal(value, other, equal_nan=value.dtype != np.bool_)
        states = (batch._state for batch in self.both)  # type: ignore[attr-defined]
        assert np.array_equal(*states, equal_nan=True)
        return ours


def random_actions(batch: ContextBatch, rng: np.random.Generator) -> Any:
    space = batch.action_space
    if hasattr(space, "n"):
        return rng.integers(space.n, size=len(batch))
    return rng.uniform(space.low, space.high, (len(batch), 1)).astype(np.float32)


@needs_numba
@pytest.mark.parametrize("name", FAMILIES)
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 40))
def test_a_kernel_repeats_its_array_program(name: str, seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    pair = Pair(name, make(name).space.sample(n, rng))
    pair.reset(np.arange(n), pair.fast.initial_states(rng, n))
    for _ in range(100):
        ended = np.flatnonzero(pair.step(random_actions(pair.fast, rng)).terminated)
        pair.reset(ended, pair.fast.initial_states(rng, len(ended)))


@needs_numba
@pytest.mark.parametrize("name", FAMILIES)
def test_it_follows_other_contexts_and_fewer_members(name: str) -> None:
    rng, space = np.random.default_rng(4), make(name).space
    pair = Pair(name, space.sample(9, rng))
    rows, others = np.array([7, 2]), space.sample(2, rng)
    for batch in pair.both:
        batch.assign(rows, others)
    pair.reset(np.arange(9), pair.fast.initial_states(rng, 9))
    pair.step(random_actions(pair.fast, rng))
    for batch in pair.both:
        batch.keep(np.array([8, 7, 0]))
    for _ in range(20):
        assert pair.step(random_actions(pair.fast, rng)).observations.shape[0] == 3
    for batch in pair.both:
        batch.assign(np.array([2]), others[:1])
    for _ in range(20):
        pair.step(random_actions(pair.fast, rng))


@needs_numba
@pytest.mark.parametrize("name", FAMILIES)
def test_actions_may_have_any_dtype_and_layout(name: str) -> None:
    rng = np.random.default_rng(5)
    pair = Pair(name, make(name).space.sample(6, rng))
    pair.reset(np.arange(6), pair.fast.initial_states(rng, 6))
    actions = random_actions(pair.fast, rng)
    other = np.int32 if actions.dtype == np.int64 else np.float64
    pair.step(actions.astype(other))
    pair.step(np.repeat(actions, 2, axis=0)[::2])
    pair.step(actions.tolist())


@needs_numba
def test_torques_beyond_the_action_space_and_no_numbers_are_the_same_too() -> None:
    pair = Pair("pendulum", [make("pendulum").space.default] * 5)
    pair.reset(np.arange(5), pair.fast.initial_states(np.random.default_rng(6), 5))
    pair.step(np.array([[9.0], [-9.0], [np.inf], [np.nan], [-0.0]], dtype=np.float32))
    pair.step(np.zeros((5, 1), dtype=np.float32))


@needs_numba
def test_members_that_ended_long_ago_overflow_alike() -> None:
    wild = Context(masscart=0.1, masspole=1.0, length=0.05, force_mag=100.0, tau=0.2)
    pair = Pair("cartpole", [wild])
    pair.reset(np.arange(1), np.zeros((1, 4)))
    for _ in range(2000):
        last = pair.step(np.array([1]))
    assert not np.isfinite(last.observations).all()


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("switch", ["0", "1"])
def test_a_missing_action_is_refused(
    name: str, switch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLTRANSFER_NUMBA", switch)
    batch = make(name).batch([make(name).space.default] * 3)
    actions = random_actions(batch, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"actions of 3 members must have the shape \(3,.*got \(2"):
        batch.step(actions[:2])


# -- which of the two steps ---------------------------------------------------------------------


@needs_numba
def test_every_family_has_a_kernel() -> None:
    assert all(callable(kernel_of(batch.kernel)) for batch in BATCHES.values())


def test_the_environment_can_leave_numba_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLTRANSFER_NUMBA", "0")
    assert kernel_of("cartpole") is None


def test_without_numba_numpy_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)  # as if it were not installed
    assert kernel_of("cartpole") is None
    batch = make("cartpole").batch([{}])
    batch.reset(np.arange(1), np.zeros((1, 4)))
    assert batch.step(np.array([1])).rewards.tolist() == [1.0]


@needs_numba
def test_other_sines_than_the_c_librarys_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    numba = compiled.import_module("numba")
    monkeypatch.setattr(numba.config, "USING_SVML", True)
    assert kernel_of("cartpole") is None


@needs_numba
def test_numba_is_imported_only_where_a_batch_steps() -> None:
    import subprocess

    check = (
        "import sys, rltransfer; from rltransfer.envs import make; "
        "make('cartpole').make().reset(); make('cartpole').batch([{}]); "
        "sys.exit('numba' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", check], check=True)
