"""What is known about transfer: returns of policies on contexts, gaps, and their statistics."""

from rltransfer.transfer.gaps import GapReport, gap_report, generalization_gap
from rltransfer.transfer.known import KnownPolicy, KnownRows
from rltransfer.transfer.matrix import TransferMatrix
from rltransfer.transfer.problem import TransferProblem
from rltransfer.transfer.statistics import (
    Interval,
    bootstrap_means,
    cvar,
    iqm,
    paired_comparison,
    probability_of_improvement,
    stratified_bootstrap,
)

__all__ = [
    "GapReport",
    "Interval",
    "KnownPolicy",
    "KnownRows",
    "TransferMatrix",
    "TransferProblem",
    "bootstrap_means",
    "cvar",
    "gap_report",
    "generalization_gap",
    "iqm",
    "paired_comparison",
    "probability_of_improvement",
    "stratified_bootstrap",
]
