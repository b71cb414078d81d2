"""What happened: run directories, written atomically, read without executing anything."""

from rltransfer.runs.source import SourceRecord, StageRecord
from rltransfer.runs.store import Run

__all__ = ["Run", "SourceRecord", "StageRecord"]
