"""The README's words in a fresh clone with a fresh virtual environment: minutes, so slow."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_demo_runs_in_a_fresh_clone(tmp_path):
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    done = subprocess.run(["make", "demo"], cwd=clone, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Report: runs/cartpole-length/report.html" in done.stdout
    assert (clone / "runs" / "cartpole-length" / "report.html").is_file()


def test_the_makefile_knows_the_readmes_words():
    for word in ("demo", "test"):
        done = subprocess.run(["make", "--dry-run", word], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "rltransfer" in done.stdout or "pytest" in done.stdout
