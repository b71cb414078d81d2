"""SLURM itself is played by four small programs; submitit does not know the difference."""

import os
import sys
from pathlib import Path

import pytest

from rltransfer.experiment.backends import Wish, make_backend
from rltransfer.experiment.loop import run_experiment

pytest.importorskip("submitit")

SBATCH = """
import os, random, subprocess, sys
from pathlib import Path
job = str(random.randrange(10**6, 10**7))
text = Path(sys.argv[1]).read_text()
(Path(__file__).parent / "asked.sh").write_text(text)
env = {**os.environ, "SLURM_JOB_ID": job, "SLURM_NTASKS": "1", "SLURM_JOB_NUM_NODES": "1",
       "SLURM_NODEID": "0", "SLURM_PROCID": "0", "SLURM_LOCALID": "0",
       "SLURM_JOB_NODELIST": "here"}
quiet = subprocess.DEVNULL
process = subprocess.Popen(["bash", sys.argv[1]], env=env, stdout=quiet, stderr=quiet,
                           start_new_session=True)
(Path(__file__).parent / job).write_text(str(process.pid))
print("Submitted batch job", job)
"""

SRUN = """
import os, sys
words = sys.argv[1:]
while words[0].startswith("-"):
    words = words[2:] if words[0] in ("--output", "--error") else words[1:]
os.execvp(words[0], words)
"""

SCANCEL = """
import os, signal, sys
from pathlib import Path
os.killpg(int((Path(__file__).parent / sys.argv[1]).read_text()), signal.SIGTERM)
"""


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """A machine on which jobs are submitted; return the folder of its programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    programs = {"sbatch": SBATCH, "srun": SRUN, "scancel": SCANCEL, "sacct": "print('JobID|State')"}
    for name, text in programs.items():
        (folder / name).write_text(f"#!{sys.executable}\n{text}")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def test_a_job_is_one_core_of_the_partition_and_comes_back(slurm, tmp_path):
    run = tmp_path / "study" / "seed-0"
    run.mkdir(parents=True)
    backend = make_backend("slurm", Wish(jobs=1, partition="short", time=30))
    with backend.open(run) as workers:
        assert workers.count == 1
        home = workers.crew.submit(os.getcwd).result(60)
    assert Path(home) == Path.cwd()
    asked = (slurm / "asked.sh").read_text()
    for line in ("--partition=short", "--time=30", "--cpus-per-task=1", "--job-name=rltransfer"):
        assert f"#SBATCH {line}\n" in asked


@pytest.mark.slow
def test_a_study_on_slurm_is_the_one_trained_here(slurm, small_study, same, tmp_path):
    (there,) = run_experiment(small_study, tmp_path / "here", jobs=2)
    backend = make_backend("slurm", Wish(jobs=2))
    (run,) = run_experiment(small_study, tmp_path / "slurm", backend=backend)
    assert not run.failures()
    same(there, run)
