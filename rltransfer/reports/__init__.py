"""What people read of a run: numbers, figures, and a page that holds both.

    >>> from rltransfer.reports import summarize, write_report
    >>> write_report(Path("runs/cartpole-length"))            # doctest: +SKIP
    PosixPath('runs/cartpole-length/report.html')

The names are loaded on first use: figures need Matplotlib.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rltransfer.reports.report import publish, summarize, write_report
    from rltransfer.reports.study import Replicate, Study
    from rltransfer.reports.summary import Summary

__all__ = ["Replicate", "Study", "Summary", "publish", "summarize", "write_report"]

LAZY = {
    "Replicate": "rltransfer.reports.study",
    "Study": "rltransfer.reports.study",
    "Summary": "rltransfer.reports.summary",
    "publish": "rltransfer.reports.report",
    "summarize": "rltransfer.reports.report",
    "write_report": "rltransfer.reports.report",
}
"""Where each name lives."""


def __getattr__(name: str) -> Any:
    if name in LAZY:
        return getattr(import_module(LAZY[name]), name)
    raise AttributeError(f"module 'rltransfer.reports' has no attribute {name!r}")
