"""Which selector chooses sources best, on matrices made up and matrices trained.

    python benchmarks/selection [--groups synthetic,lines,trained] [--selectors a,b]
                                [--exclude a,b] [--seeds 10] [--jobs 2] [--ours NAME] [--table]

Each cell (family, selector, seed) is one JSON file under `benchmarks/out/selection`; what is there
is not run again, so that the benchmark may be stopped at any time and continued. After changing a
selector, delete its cells: `rm -r benchmarks/out/selection/*/NAME`. `--table` only writes the
table, from whatever there is, to `benchmarks/results/selection.{json,md,svg,png}`.
"""

from __future__ import annotations

import argparse

from cells import run_family
from contenders import contenders
from families import FAMILIES, GROUPS
from joblib import Parallel, delayed, parallel_config
from table import write_table

from rltransfer.selection import SELECTORS


def main() -> None:
    """Run what is missing, then write the table."""
    given = arguments()
    names = [name for name in given.selectors.split(",") if name not in given.exclude.split(",")]
    if not given.table:
        numbers = [i for i, f in enumerate(FAMILIES) if f.group in given.groups.split(",")]
        with parallel_config("loky", inner_max_num_threads=1):
            Parallel(given.jobs)(delayed(run_family)(i, names, given.seeds) for i in numbers)
    write_table(names, given.ours, given.seeds)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--groups", default=",".join(GROUPS))
    parser.add_argument("--selectors", default=",".join(contenders()))
    parser.add_argument("--exclude", default="")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    ours = "matrix-gp" if "matrix-gp" in SELECTORS else "mbtl"
    parser.add_argument("--ours", default=ours, help="the selector compared with all others")
    parser.add_argument("--table", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
