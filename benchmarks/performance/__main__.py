"""How fast we are, side by side with others.

    python benchmarks/performance [--only NAME,...] [--quick] [--check] [--list] [--table]

Every case (see `cases/`) has contenders that take turns in one run. What is measured goes to
`benchmarks/results/performance.{json,md}` and into `docs/performance.md`. A run that was stopped
goes on with the cases that it has not measured. `--only` takes names or patterns such as
'ppo-*' and measures these again; `--quick` has one round and writes nothing; `--check` compares
the ratios of today's run with the committed ones, writes nothing either, and fails if one has
fallen by more than a quarter; `--table` writes the pages from what was measured.

Peers that live elsewhere are measured where the environment variable `RLTRANSFER_PEERS` names a
virtual environment that has them; see `benchmarks/peers/requirements.txt`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness.bench import Bench
from harness.case import Case
from harness.store import Cells, Results
from harness.table import bars_table, details, machine_line, page, put_between_markers
from harness.turns import measure

from rltransfer.files import write_text

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "performance.json"
DOCS = ROOT / "docs" / "performance.md"
BENCH = Bench(Cells(ROOT / "benchmarks" / "out" / "performance"), RESULTS)


def main() -> int:
    """Measure, then write or compare; return the exit code."""
    given = arguments()
    one_thread()
    from cases import CASES

    chosen = chosen_from(CASES, given.only)
    if given.list:
        print("\n".join(f"{case.name:28} {case.title}" for case in chosen))
        return 0
    if given.check:
        fallen = BENCH.fallen(chosen, 1 if given.quick else None)
        print("\n".join(fallen) or "no ratio has fallen.")
        return int(bool(fallen))
    if given.quick:
        for case in chosen:
            print(details(case, measure(case, 1)), flush=True)
        return 0
    if given.only:
        BENCH.start_over(chosen)
    failed = [] if given.table else BENCH.run(chosen)
    write_pages(CASES)
    return int(bool(failed))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", help="names or patterns, separated by commas")
    parser.add_argument("--quick", action="store_true", help="one round; writes nothing")
    parser.add_argument("--check", action="store_true", help="compare with the committed ratios")
    parser.add_argument("--list", action="store_true", help="name the cases")
    parser.add_argument("--table", action="store_true", help="write the pages again")
    return parser.parse_args()


def one_thread() -> None:
    """Let every library compute with one thread, here and in the processes to come."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1)


def chosen_from(cases: Sequence[Case], patterns: str | None) -> list[Case]:
    """Return the cases that fit one of the patterns."""
    wanted = (patterns or "*").split(",")
    chosen = [case for case in cases if any(fnmatch(case.name, pattern) for pattern in wanted)]
    if not chosen:
        raise SystemExit(f"no case fits {patterns!r}; --list names them all.")
    return chosen


def write_pages(cases: Sequence[Case]) -> None:
    """Write the table of all contenders, and that of the bars into the documentation."""
    results = Results.read(RESULTS)
    if not results.cases:
        raise SystemExit(f"{RESULTS} holds no results yet; run without --table first.")
    write_text(RESULTS.with_suffix(".md"), page(cases, results))
    known = [(case, results.cases[case.name]) for case in cases if case.name in results.cases]
    text = f"{machine_line(results.machine)}\n\n{bars_table(known)}"
    put_between_markers(DOCS, "measured", text)


if __name__ == "__main__":
    sys.exit(main())
