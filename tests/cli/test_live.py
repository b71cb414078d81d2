"""The dashboard of a run and of a tuning: over HTTP, and in a real browser."""

import json
import os
import re
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import matplotlib.image
import numpy as np
import optuna
import pytest
from optuna_dashboard import wsgi

from rltransfer.cli.live import shown
from rltransfer.experiment.agenda import Agenda
from rltransfer.experiment.study_view import rebuilt_ledger
from rltransfer.experiment.tuning import Tuning, TuningFolder
from rltransfer.experiment.tuning.outcome import FAMILY, Outcome
from rltransfer.experiment.tuning.record import Cell, Trial
from rltransfer.experiment.tuning.storage import in_journal
from rltransfer.runs import Run

ROOT = Path(__file__).parents[2]
CHROMIUM = (
    os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
         "--virtual-time-budget=20000")  # fmt: skip


class Silent(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def dashboard(path):
    """The address of a folder's dashboard while the block runs."""
    found = shown(str(path))
    app = wsgi(found.storage, artifact_store=found.files)
    with make_server("127.0.0.1", 0, app, handler_class=Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def get(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def test_a_database_is_shown_by_its_url_and_by_its_file(tmp_path):
    file = tmp_path / "studies.db"
    optuna.create_study(storage=f"sqlite:///{file}", study_name="somebody's own")
    for place in (f"sqlite:///{file}", file):
        with dashboard(place) as address:
            (study,) = json.loads(get(f"{address}/api/studies"))["study_summaries"]
        assert study["study_name"] == "somebody's own"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The reference run, its study made again."""
    path = tmp_path_factory.mktemp("runs") / "seed-0"
    shutil.copytree(ROOT / "runs" / "reference" / "seed-0", path)
    found = Run(path)
    rebuilt_ledger(found, Agenda.read(found))
    return found


@pytest.fixture(scope="module")
def tuning(tmp_path_factory):
    """A tuning of three made-up trials, with its journal."""
    path = tmp_path_factory.mktemp("tuning") / "toy"
    described = Tuning.checked(
        {
            "name": "toy", "env": "cartpole", "contexts": {"vary": ["length"], "count": 2},
            "training": {"steps": 2000}, "seeds": 1, "trials": 3,
            "space": {"learning_rate": {"range": [1e-4, 1e-1], "scale": "log"}},
        },
        "toy",
    ).resolved()  # fmt: skip
    folder = TuningFolder(path)
    with folder.working(described):
        for number, rate in enumerate((1e-3, 1e-2, 3e-2)):
            cells = tuple(Cell(looks=((500, 100.0), (1500, m)), mean=m, steps=2000, seconds=1.0)
                          for m in (100.0 * (number + 1), 200.0))  # fmt: skip
            params = {"learning_rate": rate}
            value = described.objective.value([cell.mean / 500 for cell in cells])
            trial = Trial(number=number, params=params, values=params, cells=cells, value=value)
            folder.commit(f"{number:03d}", trial)
        own = trial.model_copy(update={"number": None})
        folder.commit(FAMILY, own)
        found = Outcome.read(folder)
        found.write(folder)
        from rltransfer.experiment.tuning.board import show

        show(in_journal(folder.journal, described, found.study()), found)
    return folder


# -- over HTTP ---------------------------------------------------------------------------------


def test_a_runs_study_has_note_figures_and_files(run):
    with dashboard(run.path) as url:
        study = json.loads(get(f"{url}/api/studies/0?after=0"))
        figures = json.dumps(study["plotly_graph_objects"])
        for title in ("Transfer matrix", "Gaps after each round", "Forecast and outcome"):
            assert title in figures
        assert re.search(
            r"Another source is expected to raise V by .*: stop\?", study["note"]["body"]
        )
        names = {artifact["filename"] for artifact in study["artifacts"]}
        assert {"gaps.csv", "rounds.csv"} <= names
        trial = study["trials"][0]
        curve = next(a for a in trial["artifacts"] if a["filename"] == "learning.csv")
        found = get(f"{url}/artifacts/0/{trial['trial_id']}/{curve['artifact_id']}")
        key = next(iter(run.sources()))
        assert found == (run.policy_folder(key) / "learning.csv").read_bytes()


def test_nothing_can_be_written_through_the_dashboard(run):
    before = run.study_file.read_bytes()
    body = json.dumps({"file": "data:text/plain;base64,eA==", "filename": "x.txt"}).encode()
    with dashboard(run.path) as url:
        for method, path, data in (
            ("POST", "/api/artifacts/0/0", body),
            ("DELETE", "/api/studies/0", b"{}"),
            ("PUT", "/api/studies/0/note", b'{"body": "x", "version": 99}'),
        ):
            kind = {"Content-Type": "application/json"}
            ask = urllib.request.Request(url + path, data=data, method=method, headers=kind)
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(ask, timeout=30)
            assert refused.value.code >= 400
    assert run.study_file.read_bytes() == before
    assert not (run.path / "artifacts").exists()


def test_a_tunings_study_has_note_figures_and_files(tuning):
    with dashboard(tuning.path) as url:
        study = json.loads(get(f"{url}/api/studies/0?after=0"))
        figures = json.dumps(study["plotly_graph_objects"])
        assert "Score of each trial in each context" in figures
        assert "Learning curves of trial 2" in figures
        assert "**Best so far:** trial 2" in study["note"]["body"]
        best = next(a for a in study["artifacts"] if a["filename"] == "best.toml")
        assert get(f"{url}/artifacts/0/{best['artifact_id']}") == tuning.best.read_bytes()


def test_a_tuning_in_a_database_is_shown_from_its_trials(tuning, tmp_path):
    copy = tmp_path / "toy"
    shutil.copytree(tuning.path, copy)
    (copy / "study.journal").unlink()
    with dashboard(copy) as url:
        study = json.loads(get(f"{url}/api/studies/0?after=0"))
    assert [trial["number"] for trial in study["trials"]] == [0, 1, 2]
    assert "**Best so far:** trial 2" in study["note"]["body"]


# -- in a browser ------------------------------------------------------------------------------


@pytest.fixture
def browse(tmp_path):
    """A function that runs Chromium with an address and further flags, and returns what it says."""
    if CHROMIUM is None:
        pytest.skip("no chromium found: install Debian's package, or set CHROMIUM to a browser")

    def go(url, *flags):
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", *flags, url]
        done = subprocess.run(command, capture_output=True, timeout=180, check=True)
        return done.stdout.decode("utf-8")

    return go


@pytest.mark.browser
@pytest.mark.slow
def test_people_see_the_figures_of_a_run(browse, run, tmp_path):
    shot = tmp_path / "shot.png"
    with dashboard(run.path) as url:
        dom = browse(f"{url}/dashboard/studies/0", "--dump-dom")
        note = browse(f"{url}/dashboard/studies/0/note", "--dump-dom")
        browse(f"{url}/dashboard/studies/0", f"--screenshot={shot}", "--window-size=1400,2400")
    for title in ("Transfer matrix", "Gaps after each round", "Forecast and outcome"):
        assert title in dom
    assert "Another source is expected to raise V" in note
    image = matplotlib.image.imread(shot)[..., :3]
    yellow = (
        np.abs(image - np.array([253, 231, 37]) / 255).max(axis=-1) < 0.05
    )  # Viridis at its top
    assert yellow.sum() > 5000


@pytest.mark.browser
@pytest.mark.slow
def test_people_see_the_figures_of_a_tuning(browse, tuning):
    with dashboard(tuning.path) as url:
        dom = browse(f"{url}/dashboard/studies/0", "--dump-dom")
    assert "Score of each trial in each context" in dom
    assert "Learning curves of trial 2" in dom
