"""The sampler as OptunaHub would load it: in order, in batches, and after a crash."""

from __future__ import annotations

import importlib.util
import re
import runpy
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from rltransfer.selection import DEFAULT_SELECTOR, MBTLSampler, make_selector, replay
from rltransfer.testing.toys import LinearGapToy

ROOT = Path(__file__).parents[2] / "optunahub" / "package"
PACKAGE = "samplers/source_task_selection"
FOLDER = ROOT / PACKAGE
TOY = LinearGapToy.wavy(45)


def load_local_module(package: str, registry_root: str) -> types.ModuleType:
    """Import a package's folder by the rule of OptunaHub, which is not among our requirements."""
    spec = importlib.util.spec_from_file_location(
        Path(package).name, Path(registry_root, package, "__init__.py")
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def module(monkeypatch):
    monkeypatch.setitem(sys.modules, Path(PACKAGE).name, types.ModuleType("put back afterwards"))
    return load_local_module(PACKAGE, registry_root=str(ROOT))


def sampler_of(module):
    return module.MBTLSampler(module.MatrixGP(), TOY.contexts, TOY.contexts, TOY.space)


def open_study(path, sampler):
    storage = JournalStorage(JournalFileBackend(str(path)))
    return optuna.create_study(
        study_name="s", storage=storage, sampler=sampler, direction="maximize", load_if_exists=True
    )


def index_of(sampler, trial):
    return TOY.contexts.index(sampler.context(trial))


def drive(study, sampler, rounds):
    for _ in range(rounds):
        trial = study.ask(sampler.distributions())
        sampler.record(study, trial, TOY.truth[index_of(sampler, trial)])


def expected(rounds):
    selector = make_selector(DEFAULT_SELECTOR, seed=0, budget=rounds, score=(0.0, 1.0))
    return replay(selector, TOY.truth, TOY.space, TOY.contexts, TOY.contexts, rounds)


def test_optunahub_itself_loads_it():
    hub = pytest.importorskip("optunahub.hub")
    assert hub.load_local_module(PACKAGE, registry_root=str(ROOT)).MBTLSampler is MBTLSampler


def test_the_folder_follows_the_convention(module):
    assert {path.name for path in FOLDER.iterdir()} >= {
        "__init__.py", "README.md", "LICENSE", "example.py", "requirements.txt",
    }  # fmt: skip
    assert issubclass(module.MBTLSampler, optuna.samplers.BaseSampler)
    front = (FOLDER / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    keys = re.findall(r"^(\w+): \S", front, re.MULTILINE)
    assert keys == ["author", "title", "description", "tags", "optuna_versions", "license"]
    assert "tags: [sampler," in front


def test_the_example_runs(monkeypatch, capsys):
    hub = types.ModuleType("optunahub")
    hub.load_local_module = load_local_module
    monkeypatch.setitem(sys.modules, "optunahub", hub)
    runpy.run_path(str(FOLDER / "example.py"), run_name="__main__")
    V = [float(line.split("V = ")[1]) for line in capsys.readouterr().out.splitlines()]
    assert len(V) == 5
    assert sorted(V) == V


def test_a_plain_study_picks_what_replay_picks(tmp_path, module):
    sampler = sampler_of(module)
    study = open_study(tmp_path / "journal", sampler)
    drive(study, sampler, 5)
    assert sampler.transfer(study) == expected(5)


def test_an_objective_asks_for_the_same_parameters(module):
    sampler = sampler_of(module)
    ((name, axis),) = sampler.distributions().items()

    def objective(trial):
        trial.suggest_float(name, axis.low, axis.high, log=axis.log)
        row = TOY.truth[index_of(sampler, trial)]
        trial.set_user_attr("returns", row.mean(axis=-1).tolist() if row.ndim == 2 else [*row])
        return float(row.mean())

    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=4)
    assert sampler.transfer(study).trained == expected(4).trained


@pytest.mark.parametrize("known", [0, 1, 3])
def test_a_batch_is_of_distinct_sources_that_are_far_apart(tmp_path, module, known):
    sampler = sampler_of(module)
    study = open_study(tmp_path / "journal", sampler)
    drive(study, sampler, known)
    trained = [*sampler.transfer(study).trained]
    batch = [study.ask(sampler.distributions()) for _ in range(4)]
    picks = [index_of(sampler, trial) for trial in batch]
    assert len({*trained, *picks}) == known + 4
    assert min(abs(a - b) for a in picks for b in picks if a != b) >= 2
    for trial, pick in zip(reversed(batch), reversed(picks), strict=True):
        sampler.record(study, trial, TOY.truth[pick])
    assert sampler.transfer(study).trained == (*trained, *picks)


CRASH = """
import os, sys, optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from rltransfer.selection import MatrixGP, MBTLSampler
from rltransfer.testing.toys import LinearGapToy
toy = LinearGapToy.wavy(45)
sampler = MBTLSampler(MatrixGP(), toy.contexts, toy.contexts, toy.space)
storage = JournalStorage(JournalFileBackend(sys.argv[1]))
study = optuna.load_study(study_name="s", storage=storage, sampler=sampler)
for _ in range(2):
    print(toy.contexts.index(sampler.context(study.ask(sampler.distributions()))), flush=True)
os._exit(9)
"""


def test_after_a_crash_its_sources_are_pending_until_they_are_given_back(tmp_path, module):
    path = tmp_path / "journal"
    drive(open_study(path, sampler_of(module)), sampler_of(module), 2)
    died = subprocess.run(
        [sys.executable, "-c", CRASH, str(path)], capture_output=True, text=True, check=False
    )
    assert died.returncode == 9, died.stderr
    lost = [int(line) for line in died.stdout.split()]

    sampler = sampler_of(module)
    study = open_study(path, sampler)
    running = study.get_trials(states=(TrialState.RUNNING,))
    assert [index_of(sampler, trial) for trial in running] == lost
    other = study.ask(sampler.distributions())
    assert index_of(sampler, other) not in lost
    for trial in (*running, study.trials[other.number]):
        study.tell(trial.number, state=TrialState.FAIL)

    again = open_study(path, sampler_of(module))
    assert [index_of(sampler, again.ask(sampler.distributions())) for _ in range(2)] == lost
    assert lost[0] == expected(3).trained[-1]


def test_contexts_with_two_features_come_back_exactly(module):
    space = module.ContextSpace(
        [
            module.ContextFeature("length", 0.5, 0.05, 5.0, "m", module.Scale.LOG),
            module.ContextFeature("gravity", 9.8, 1.0, 20.0, "m/s^2"),
        ]
    )
    contexts = space.grid(4)
    sampler = module.MBTLSampler(module.MatrixGP(), contexts, contexts, space)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    units = space.to_unit(contexts)
    for _ in range(16):
        trial = study.ask(sampler.distributions())
        own = space.to_unit([sampler.context(trial)])
        sampler.record(study, trial, -np.abs(units - own).sum(axis=1))
    assert {sampler.context(trial) for trial in study.trials} == set(contexts)
