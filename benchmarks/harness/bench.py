"""A run of the benchmark: measuring what is missing, and comparing with what is committed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.case import Case
from harness.check import regressions
from harness.machine import machine
from harness.store import Cells, Results
from harness.turns import measure

__all__ = ["Bench"]


@dataclass(frozen=True)
class Bench:
    """Where a benchmark keeps what it measures.

    Attributes:
        cells: the cases measured so far in a run that may have been stopped.
        results: the file of all results.
    """

    cells: Cells
    results: Path

    def start_over(self, cases: Sequence[Case]) -> None:
        """Forget what a run that was stopped has measured of some cases."""
        self.cells.clear(case.name for case in cases)

    def run(self, cases: Sequence[Case]) -> list[str]:
        """Measure what is missing, put all among the results; return the cases that failed."""
        names = [case.name for case in cases]
        failed = [case.name for case in cases if not self._measured(case)]
        found = {name: measured for name in names if (measured := self.cells.read(name))}
        Results(machine(), Results.read(self.results).cases | found).write(self.results)
        self.cells.clear(names)
        return failed

    def _measured(self, case: Case) -> bool:
        """Measure a case if need be, and keep it at once; a failure does not stop the others."""
        if self.cells.read(case.name) is not None:
            return True
        print(case.name, flush=True)
        try:
            self.cells.write(measure(case))
        except RuntimeError as error:
            print(f"    {case.name} failed: {error}", flush=True)
            return False
        return True

    def fallen(self, cases: Sequence[Case], rounds: int | None = None) -> list[str]:
        """Measure, compare with the results; return a sentence for every ratio that has fallen."""
        committed = Results.read(self.results).cases
        return [
            sentence
            for case in cases
            if case.name in committed
            for sentence in regressions(case, measure(case, rounds), committed[case.name])
        ]
