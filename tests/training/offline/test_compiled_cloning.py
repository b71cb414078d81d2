"""Compiled cloning is cloning in torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import rltransfer
from rltransfer.data import UniformRandom, collect
from rltransfer.training import HeadStart, SilentMonitor, TrainingProblem
from rltransfer.training.offline import cloning
from rltransfer.training.offline.cloning import Cloning
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import NetworkSpec

pytest.importorskip("numba")


def clones(family: str, stage: Cloning, problems: int) -> list[tuple[Policy, ...]]:
    env = rltransfer.make(family)
    tasks = [TrainingProblem(env, [{}])] * problems
    starts = [
        HeadStart(data=collect(env, tasks[0].contexts, UniformRandom.of(env), 600, seed))
        for seed in range(problems)
    ]
    seeds = np.random.SeedSequence(3).spawn(problems)
    results = stage.run_all(tasks, starts, seeds, SilentMonitor())
    losses = [result.findings["loss"] for result in results]
    assert np.isfinite(losses).all()
    return [(*result.learned.members, losses[i]) for i, result in enumerate(results)]


@pytest.mark.parametrize("family", ["cartpole", "pendulum"])
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_both_end_in_the_same_weights(
    family: str, activation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = NetworkSpec(actor=(20, 13), critic=(8,), activation=activation)
    stage = Cloning(network, members=3, steps=250, batch=33, log_std=-2.0)
    fast = clones(family, stage, problems=2)
    monkeypatch.setattr(cloning, "can_compile", lambda actors: False)
    slow = clones(family, stage, problems=2)
    for (*ours, our_losses), (*theirs, their_losses) in zip(fast, slow, strict=True):
        assert our_losses == pytest.approx(their_losses, abs=2e-3)
        for mine, yours in zip(ours, theirs, strict=True):
            for name, weights in yours.weights.items():
                np.testing.assert_allclose(mine.weights[name], weights, atol=2e-3, err_msg=name)


def test_rewarded_disagreement_is_torchs(monkeypatch: pytest.MonkeyPatch) -> None:
    network = NetworkSpec(actor=(8,), critic=(8,), activation="tanh")
    stage = Cloning(network, members=2, steps=3, batch=16)
    monkeypatch.setattr(cloning, "fit_compiled", None)  # nobody calls it
    clones("cartpole", replace(stage, diversity=0.1), problems=1)
    with pytest.raises(TypeError):
        clones("cartpole", stage, problems=1)
