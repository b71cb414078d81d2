import shutil
import subprocess
import sys

import pandas as pd
import pytest

from rltransfer.errors import CorruptRun, RLTransferError
from rltransfer.reports import write_report

NAMES = ["coverage", "expectation", "gaps", "matrix", "targets"]


def test_the_report_of_an_experiment_lies_in_its_folder(three_seeds):
    assert write_report(three_seeds) == three_seeds / "report.html"
    figures = sorted(path.name for path in (three_seeds / "figures").iterdir())
    seeds = [f"seed-{s}-{name}" for s in range(3) for name in NAMES[1:]]
    expected = [
        f"{name}.{kind}" for name in ("coverage", "seeds", *seeds) for kind in ("png", "svg")
    ]
    assert figures == sorted(expected)
    for path in (three_seeds / "figures").iterdir():
        head = path.read_bytes()[:60]
        assert head.startswith(b"\x89PNG" if path.suffix == ".png" else b"<?xml")


def test_the_report_of_one_seed_lies_in_its_run(three_seeds):
    run = three_seeds / "seed-1"
    assert write_report(run) == run / "report.html"
    assert sorted(path.stem for path in (run / "figures").glob("*.svg")) == NAMES
    shutil.rmtree(run / "figures")
    (run / "report.html").unlink()


def test_the_tables_are_written_again(one_seed, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(one_seed, folder)
    for name in ("returns.parquet", "gaps.parquet", "gaps.csv"):
        (folder / "seed-0" / name).unlink(missing_ok=True)
    write_report(folder)
    returns = pd.read_parquet(folder / "seed-0" / "returns.parquet")
    assert set(returns.selector) == {"matrix-gp", "random", "equidistant"}
    assert len(returns) == 3 * 3 * 12 * 4
    assert (folder / "seed-0" / "gaps.csv").is_file()


def test_the_same_run_gives_the_same_bytes(one_seed, tmp_path):
    written = []
    for name in ("a", "b"):
        folder = tmp_path / name
        shutil.copytree(one_seed / "seed-0", folder)
        write_report(folder)
        files = [folder / "report.html", *sorted((folder / "figures").iterdir())]
        written.append([(path.name, path.read_bytes()) for path in files])
    assert written[0] == written[1]


def test_nothing_temporary_is_left(one_seed):
    write_report(one_seed)
    assert not list(one_seed.rglob(".tmp-*"))


def test_a_folder_without_runs_or_sources_is_a_sentence(tmp_path, make):
    with pytest.raises(CorruptRun, match="is not a run"):
        write_report(tmp_path / "nowhere")
    folder = make(tmp_path / "empty", trained=0)
    with pytest.raises(RLTransferError, match="nothing to report"):
        write_report(folder)
    assert not (folder / "report.html").exists()


def test_importing_the_package_loads_no_figure_library():
    code = (
        "import sys, rltransfer.reports\n"
        "print({'matplotlib', 'jinja2', 'pandas', 'optuna', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "set()", done.stderr


def test_an_unknown_name_is_an_attribute_error():
    import rltransfer.reports

    with pytest.raises(AttributeError, match="has no attribute 'wonders'"):
        rltransfer.reports.wonders  # noqa: B018


def test_pyplot_is_not_touched(one_seed, tmp_path):
    shutil.copytree(one_seed, tmp_path / "run")
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from rltransfer.reports import write_report\n"
        "write_report(Path(sys.argv[1]))\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "run")],
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.stdout.strip() == "False", done.stderr
