"""Where one controller saturates: real studies of trainings that train nothing.

    python benchmarks/scaling [--only NAME] [--table]

Everything but the trainings is real: selectors decide, sources are written, synced and read back,
Optuna's journal grows. Workers wait and bring back made-up returns. Each setting runs in a process
of its own and leaves a JSON file under `benchmarks/out/scaling`; the table of all is
`benchmarks/results/scaling.{json,md}`. `--table` only writes the table.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from settings import SETTINGS
from table import write_table


def main() -> None:
    """Run the settings, then write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", choices=SETTINGS)
    parser.add_argument("--table", action="store_true", help="run nothing")
    given = parser.parse_args()
    names = [] if given.table else [given.only] if given.only else list(SETTINGS)
    for name in names:
        print(name, flush=True)
        subprocess.run(
            [sys.executable, str(Path(__file__).parent / "simulate.py"), name], check=True
        )
    write_table()


if __name__ == "__main__":
    main()
