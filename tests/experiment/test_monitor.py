import json

import numpy as np
import pytest

import rltransfer
from rltransfer.evaluation import evaluate
from rltransfer.experiment import monitor
from rltransfer.experiment.monitor import FileMonitor, monitor_episodes
from rltransfer.training import NetworkSpec, TrainingProblem
from rltransfer.training.offline.fresh import fresh_policy, spec_for

PROBLEM = TrainingProblem(rltransfer.make("cartpole"), [{"length": 0.7}])
SPEC = spec_for(PROBLEM, NetworkSpec(actor=(8,), critic=(8,), activation="tanh"), None)


def policy(seed):
    return fresh_policy(SPEC, np.random.default_rng(seed))


@pytest.fixture
def watch(tmp_path):
    episodes = monitor_episodes(PROBLEM, 100_000)
    return lambda: FileMonitor(
        PROBLEM, episodes, 5, tmp_path / "p.jsonl", tmp_path / "s" / "s.jsonl"
    )


def test_scores_and_counts_what_evaluation_finds(watch):
    found = evaluate(
        policy(1), PROBLEM.env, PROBLEM.contexts, monitor_episodes(PROBLEM, 100_000), 5
    )
    seen = watch()
    assert seen.score(policy(1)) == found.returns.mean()
    assert seen.steps == found.lengths.sum()


def test_equal_policies_are_played_once_also_after_an_interruption(watch, monkeypatch, tmp_path):
    first = watch()
    scores = [first.score(policy(seed)) for seed in (1, 2, 1)]
    with (tmp_path / "s" / "s.jsonl").open("a") as file:
        file.write('["torn')
    played = []
    monkeypatch.setattr(monitor, "evaluate", lambda *args: played.append(args) or evaluate(*args))
    again = watch()
    assert again.steps == first.steps
    assert [again.score(policy(seed)) for seed in (1, 2, 1)] == scores
    assert played == []
    again.score(policy(3))
    assert len(played) == 1
    assert watch().steps == first.steps  # the line after the torn one is lost, and played again


def test_a_stages_lines_are_few_but_its_ends_are_told(watch, tmp_path):
    seen = watch()
    for k in range(1, 101):
        seen.working("cloning", k, 100)
    seen.working("critic", 1, 2)
    seen.report(10, 20, None)
    lines = [json.loads(line) for line in (tmp_path / "p.jsonl").read_text().splitlines()]
    assert lines[0] == ["cloning", 1, 100]
    assert lines[-3:] == [["cloning", 100, 100], ["critic", 1, 2], [10, 20, None]]
    assert len(lines) <= 6
