"""The two protocols on recorded data: what they compute, without their trainings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rltransfer.data.info import ReferenceReturns
from rltransfer.envs import make
from rltransfer.experiment.solo.record import FinalScore, SoloRecord
from rltransfer.reproductions import load_reproduction, reproduce
from rltransfer.reproductions.arms import ARMS, offline_trainer
from rltransfer.reproductions.bench import Bench, Cell
from rltransfer.reproductions.diversity import OfflineGeneralization
from rltransfer.reproductions.diversity import quantities as of_designs
from rltransfer.reproductions.online_scores import mean_curve, online_curves, quantities
from rltransfer.training.algorithms import defaults_of
from rltransfer.transfer.adaptation import LearningCurve

REFERENCE = ReferenceReturns(random=10.0, expert=110.0, episodes=5)


def record(final: float, *curve: tuple[int, float]) -> SoloRecord:
    return SoloRecord({}, (), 100, 0, 1.0, curve, FinalScore(5, final, 0.0, 50))


def test_quantities_of_arms_are_scores_of_d4rl() -> None:
    records = {
        "uni-o4": record(100.0, (0, 60.0), (50, 45.0), (100, 100.0)),
        "iql": record(35.0),
        "scratch": record(60.0, (0, 10.0), (120, 70.0)),
    }
    curves = online_curves(records, REFERENCE)
    found = quantities(records, curves, REFERENCE)
    assert found["iql.final"] == pytest.approx(25.0)
    assert "iql.start" not in found
    assert found["uni-o4.start"] == pytest.approx(50.0)
    assert found["uni-o4.worst"] == pytest.approx(35.0 / 50.0)
    assert found["scratch.mean"] == pytest.approx(25.0)  # to 100 steps, which both have
    assert "scratch.worst" not in found, "from a score of nothing there is no share of it"


def test_the_mean_curve_ends_where_all_seeds_have_a_score() -> None:
    first = LearningCurve(np.array([0.0, 50.0, 100.0]), np.array([0.0, 1.0, 2.0]))
    second = LearningCurve(np.array([0.0, 80.0]), np.array([2.0, 2.0]))
    assert mean_curve([first, second]).x == (0.0, 50.0, 80.0)
    assert mean_curve([first, second]).y == pytest.approx((1.0, 1.5, 1.8))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    said = load_reproduction("gap-cartpole")
    assert isinstance(said, OfflineGeneralization)
    return Bench(said, said.sizes["smoke"], tmp_path)


def test_new_contexts_are_new_and_lie_where_they_should(bench: Bench) -> None:
    drawn, budget = bench.contexts(3), bench.budget
    space = bench.reproduction.family.space.select(bench.reproduction.vary)
    parts = (drawn.train, drawn.test, drawn.outside)
    assert [len(part) for part in parts] == [budget.many.contexts, budget.held_out, budget.held_out]
    assert len({x for part in parts for x in part}) == sum(map(len, parts))
    inside = space.to_unit(drawn.train + drawn.test)
    assert ((inside >= 0.2 - 1e-9) & (inside <= 0.8 + 1e-9)).all()
    outside = space.to_unit(drawn.outside)
    assert ((outside < 0.2) | (outside > 0.8)).any(axis=1).all()
    assert bench.contexts(3) == drawn
    assert bench.contexts(4) != drawn


def test_the_few_contexts_are_among_the_many(bench: Bench) -> None:
    assert (
        bench.seen(Cell("iql", "few", 0))
        == bench.seen(Cell("iql", "many", 0))[: bench.budget.few.contexts]
    )
    assert bench.seen(Cell("iql", "large", 0)) == bench.seen(Cell("iql", "few", 0))


def test_effects_are_differences_on_new_contexts() -> None:
    def told(train: float, test: float) -> dict[str, float]:
        return {"train": train, "test": test, "gap": train - test}

    scores = {
        Cell("cloning", "few", 0): told(0.9, 0.4),
        Cell("cloning", "many", 0): told(0.9, 0.7),
        Cell("cloning", "large", 0): told(0.9, 0.45),
        Cell("online", "few", 0): told(1.0, 0.5),
        Cell("online", "many", 0): told(1.0, 0.8),
        Cell("cloning", "few", 1): told(0.0, 0.0),
    }
    found = dict(of_designs(scores, 0))
    assert found["cloning.diversity"] == pytest.approx(0.3)
    assert found["cloning.size"] == pytest.approx(0.05)
    assert found["online.diversity"] == pytest.approx(0.3)
    assert "online.size" not in found
    assert found["cloning.few.gap"] == pytest.approx(0.5)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["uni-o4-cartpole", "gap-cartpole"])
def test_a_whole_reproduction(name: str, tmp_path: Path) -> None:
    result = reproduce(load_reproduction(name), "smoke", tmp_path)
    assert all(finding.ours is not None for finding in result.findings)
    assert (result.folder / "reproduction.svg").is_file()


@pytest.mark.parametrize("arm", list(ARMS))
def test_every_arm_is_a_chain_of_stages_and_only_two_go_online(arm: str) -> None:
    env = make("cartpole")
    trainer = offline_trainer(arm, env, defaults_of(env, "PPO")[1], ["length"])
    names = [stage.name for stage in trainer.stages]
    assert names[0] in ("cloning", "IQL critic")
    assert ("fine-tuning" in names) == (arm in ("uni-o4", "cloning+ppo"))
