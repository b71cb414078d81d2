"""Whole transfer matrices in files, as other people and other programs keep them.

Where a study learns its matrix row by row, such a file holds all of it: what every source returns
on every target. It is what selectors are tried on without training anything.
"""

from rltransfer.transfer.files.complete import CompleteMatrix
from rltransfer.transfer.files.reading import read_matrix

__all__ = ["CompleteMatrix", "read_matrix"]
