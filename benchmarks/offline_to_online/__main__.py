"""Offline to online, compared honestly: every recipe on the same data, networks and budgets.

    python benchmarks/offline_to_online [--sets a,b] [--arms a,b] [--seeds 5] [--jobs 2] [--table]

Each cell (data set, arm, seed) is a process of its own and writes one JSON file under
`benchmarks/out/offline_to_online`; what is there is not run again, so that the benchmark may be
stopped at any time and continued. `--table` only writes the table, from whatever there is, to
`benchmarks/results/offline_to_online.{json,md,svg}`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

from cells import ARMS, path_of
from sets import SETS
from table import write_table


def main() -> None:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--arms", default=",".join(ARMS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    if not given.table:
        sets, arms = given.sets.split(","), given.arms.split(",")
        with ThreadPoolExecutor(given.jobs) as pool:
            for name in sets:  # the data first: the cells of a set share them
                run([str(Path(__file__).parent / "sets.py"), name])
                missing = [
                    (name, arm, str(seed))
                    for seed, arm in product(range(given.seeds), arms)
                    if not path_of(name, arm, seed).exists()
                ]
                list(pool.map(run_cell, missing))
    write_table()


def run_cell(cell: tuple[str, str, str]) -> None:
    """Run one cell in a process of its own."""
    print(*cell, flush=True)
    run([str(Path(__file__).parent / "cells.py"), *cell])


def run(command: list[str]) -> None:
    """Run a script of this folder; its failure is shown and does not stop the others."""
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    if done.returncode:
        print(f"{' '.join(command[1:])} failed:\n{done.stderr[-2000:]}", flush=True)


if __name__ == "__main__":
    main()
