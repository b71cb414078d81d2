"""The wheel, used from another folder without the checkout, is the same laboratory."""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(code: str, site: Path, cwd: Path) -> str:
    """Run code that sees the unpacked wheel before anything else."""
    program = f"import sys; sys.path.insert(0, {str(site)!r})\n{code}"
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, cwd=cwd, timeout=250
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_code_and_catalogue_and_nothing_else(unpacked):
    names = {str(p.relative_to(unpacked)) for p in unpacked.rglob("*") if p.is_file()}
    assert "rltransfer/assets/cartpole/env.toml" in names
    assert "rltransfer/runs/store.py" in names
    assert "rltransfer/reports/pages/report.html" in names
    assert "rltransfer/cli/reference.md" in names
    assert any(re.fullmatch(r"rltransfer/cli/plugin/.*\.jinja", name) for name in names)
    assert "rltransfer/reproductions/papers/mbtl-pendulum-length.toml" in names
    assert "rltransfer/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"rltransfer"}


LIST = """
import json, rltransfer
from rltransfer.envs import load_catalog
print(json.dumps({"file": rltransfer.__file__, "ids": [s.id for s in load_catalog()],
                  "digests": [s.space.digest for s in load_catalog()]}))
"""


def test_the_wheel_lists_the_same_catalogue(unpacked, tmp_path):
    here = json.loads(run(LIST, unpacked, tmp_path))
    assert here["file"].startswith(str(unpacked))
    checkout = json.loads(run(LIST, ROOT, tmp_path))
    assert (here["ids"], here["digests"]) == (checkout["ids"], checkout["digests"])


STUDY = """
import rltransfer
if __name__ == "__main__":
    study = rltransfer.Experiment.of("cartpole", vary=["length"], targets=3, rounds=1,
                                     training={"steps": 2048}, evaluation={"episodes": 1})
    (run,) = rltransfer.run_experiment(study, "runs")
    from rltransfer.reports import write_report
    print(write_report(run.path))
"""


@pytest.mark.slow
def test_the_wheel_runs_a_study(unpacked, tmp_path):
    page = run(STUDY, unpacked, tmp_path).strip()
    assert (tmp_path / page).is_file()
