"""What happened: run directories, written atomically, read without executing anything."""

from rltransfer.runs.source import SourceRecord
from rltransfer.runs.store import Run

__all__ = ["Run", "SourceRecord"]
