"""Ctrl-C: how to go on, exit code 130, and nothing that looks like a fault."""

import json
import signal

import pytest

from rltransfer.cli import live
from rltransfer.cli.stopping import continuable


@pytest.mark.parametrize(
    ("begun", "words"),
    [
        (None, "Stopped. Continue with: rltransfer resume runs/a"),
        (".", "Stopped. Continue with: rltransfer resume runs/a"),
        ("nowhere", "Stopped. The same command goes on where it stopped."),
    ],
)
def test_the_command_that_goes_on_is_named_once_it_can(capsys, tmp_path, begun, words):
    folder = None if begun is None else tmp_path / begun
    with pytest.raises(SystemExit) as left, continuable(False, "rltransfer resume runs/a", folder):
        raise KeyboardInterrupt
    assert left.value.code == 130
    assert capsys.readouterr().out.strip() == words


def test_a_program_reads_the_same(capsys):
    with pytest.raises(SystemExit) as left, continuable(True, "rltransfer resume runs/a"):
        raise SystemExit(143)
    assert left.value.code == 143
    said = json.loads(capsys.readouterr().out)
    assert said == {"error": "stopped", "resume": "rltransfer resume runs/a"}


@pytest.mark.parametrize(
    ("module", "name", "words"),
    [
        ("rltransfer.cli.families", "list_families", ("envs",)),
        ("rltransfer.experiment.gap_study", "gap", ("gap", "runs/a", "--vary", "length")),
        ("rltransfer.experiment.datasets", "record", ("dataset", "record", "cartpole")),
    ],
)
def test_of_a_command_that_keeps_nothing_the_same_starts_again(
    command, monkeypatch, tmp_path, module, name, words
):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"{module}.{name}", stop)
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    done = command(*words)
    assert done.code == 130
    assert "rltransfer" not in done.err
    assert "Stopped; the same command starts again." in done.err
    done = command(*words, "--json")
    assert json.loads(done.out) == {"error": "stopped"}


def test_ctrl_c_is_the_way_to_end_the_dashboard(command, monkeypatch):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(live, "shown", lambda place: live.Shown(place, None, None))
    monkeypatch.setattr("optuna_dashboard.run_server", stop)
    done = command("dashboard", "runs/a")
    assert (done.code, done.err) == (0, "")


def test_a_worker_hears_no_ctrl_c_from_its_first_moment():
    from rltransfer.experiment.workers import deaf_children

    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    with deaf_children():
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before
