"""Contexts that are only seen: the physics is the same in all of them, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from rltransfer.envs import make
from rltransfer.errors import InvalidExperiment
from rltransfer.testing.env_contract import EnvironmentContract


class TestLegacyCartPole(EnvironmentContract):
    name = "cartpole_masscart_legacy"


class TestLegacyHalfCheetah(EnvironmentContract):
    name = "halfcheetah_stiffness_legacy"
    steps = 20


def test_only_the_number_differs_from_the_default_pole() -> None:
    light = make("cartpole_masscart_legacy").task(masscart=0.1).make()
    plain = make("cartpole").make()
    seen, expected = light.reset(seed=3)[0], plain.reset(seed=3)[0]
    for action in (0, 1, 1, 0, 1):
        assert (seen[:-1] == expected).all()
        assert seen[-1] == np.float32(0.1)
        seen, expected = light.step(action)[0], plain.step(action)[0]


def test_a_family_must_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    legacy = make("cartpole_masscart_legacy")
    spec = dataclasses.replace(legacy.spec, options={})
    with pytest.raises(InvalidExperiment, match="has one option, family"):
        legacy.simulator.build(spec, spec.space.default)
