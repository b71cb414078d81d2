"""Published benchmarks by name: what a paper reports, what we measure, and whether they agree.

A file in `papers/` says the published setting, its numbers and statements with their source, and
our budgets; its `protocol` says how it is measured. Everything is trained through the ordinary
loops, so an interrupted reproduction is continued by the same command.
"""

from rltransfer.reproductions.catalogue import load_reproduction, reproduction_names
from rltransfer.reproductions.reproduction import Reproduction, Watch
from rltransfer.reproductions.result import ReproductionResult, reproduce
from rltransfer.reproductions.verdicts import Verdict

__all__ = [
    "Reproduction",
    "ReproductionResult",
    "Verdict",
    "Watch",
    "load_reproduction",
    "reproduce",
    "reproduction_names",
]
