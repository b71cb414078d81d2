"""What happened: run directories, written atomically, read without executing anything."""

from rltransfer.runs.failure import Failure
from rltransfer.runs.source import SourceRecord, StageRecord
from rltransfer.runs.store import Run

__all__ = ["Failure", "Run", "SourceRecord", "StageRecord"]
