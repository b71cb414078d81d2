"""The environment contract notices the faults that other suites of environments have had."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rltransfer.envs import ContextualEnv, make
from rltransfer.envs.simulators.base import Transition
from rltransfer.envs.simulators.classic.cartpole import CartPoleBatch, ContextualCartPole
from rltransfer.testing.batches import compare_batch
from rltransfer.testing.env_contract import EnvironmentContract
from rltransfer.testing.probes import corners, two_other_values
from rltransfer.testing.traces import record_actions, replay


class CartPole(EnvironmentContract):
    name = "cartpole"


@pytest.fixture
def env() -> ContextualEnv:
    return make("cartpole")


@pytest.fixture
def actions(env: ContextualEnv) -> list[Any]:
    return [0, 1] * 20


def test_masses_that_are_not_rebuilt(
    env: ContextualEnv, actions: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = CartPole()
    contract.test_every_feature_moves_the_transition(env, actions)
    monkeypatch.setattr(ContextualCartPole, "derive", lambda self: None)
    with pytest.raises(AssertionError, match="masscart changes nothing from its default"):
        contract.test_every_feature_moves_the_transition(env, actions)


def test_contexts_that_leak_between_instances(
    env: ContextualEnv, actions: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_on_the_class(self: Any, context: Any) -> None:
        for name, value in context.items():
            vars(self).pop(name, None)
            setattr(ContextualCartPole, name, value)
        self.derive()

    monkeypatch.setattr(ContextualCartPole, "set_context", set_on_the_class)
    for name in ContextualCartPole.ATTRIBUTES:
        monkeypatch.setattr(ContextualCartPole, name, 0.0, raising=False)
    with pytest.raises(AssertionError):
        CartPole().test_instances_keep_apart(env, actions)


def test_contexts_that_do_not_come_back(
    env: ContextualEnv, actions: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = ContextualCartPole.set_context

    def nothing_twice(self: Any, context: Any) -> None:  # as where an id decides
        seen = vars(self).setdefault("seen", set())
        if context not in seen:
            honest(self, context)
        seen.add(context)

    monkeypatch.setattr(ContextualCartPole, "set_context", nothing_twice)
    with pytest.raises(AssertionError, match="it does not come back"):
        CartPole().test_a_context_comes_and_goes(env, actions)


def test_a_batch_that_is_a_bit_off(env: ContextualEnv, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = CartPoleBatch.step

    def one_bit_off(batch: CartPoleBatch, actions: Any) -> Transition:
        step = honest(batch, actions)
        return step._replace(observations=np.nextafter(step.observations, np.float32(9.0)))

    contexts = env.space.sample(2, np.random.default_rng(0))
    compare_batch(env, contexts, 0, [0, 1, 1], 0.0)
    monkeypatch.setattr(CartPoleBatch, "step", one_bit_off)
    compare_batch(env, contexts, 0, [0, 1, 1], 1e-6)
    with pytest.raises(AssertionError, match="Not equal to tolerance rtol=0"):
        compare_batch(env, contexts, 0, [0, 1, 1], 0.0)


def test_a_trace_replays_recorded_actions(env: ContextualEnv) -> None:
    actions = record_actions(env.make(), lambda observation: int(observation[2] > 0), 500, 3)
    trace = replay(env.make(), actions, 3)
    assert len(trace) == len(actions) + 1
    assert trace[-1].terminated
    assert not any(moment.terminated for moment in trace[:-1])


def test_probes_cover_ends_and_middle(env: ContextualEnv) -> None:
    assert corners(2).tolist() == [[0, 0], [1, 0], [0, 1], [0, 1], [1, 0], [1, 1]]
    for feature in env.space:
        values = two_other_values(feature)
        assert len({feature.default, *values}) == 3
