"""From a path to a whole transfer matrix: the file's name says its format."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from rltransfer.contexts import Scale
from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer.files.complete import CompleteMatrix
from rltransfer.transfer.files.long_table import read_csv, read_parquet
from rltransfer.transfer.files.npz_file import read_npz

__all__ = ["read_matrix"]

OF_A_RUN = "returns.parquet"

Reader = Callable[[Path, Mapping[str, Scale]], CompleteMatrix]

READERS: Mapping[str, Reader] = MappingProxyType(
    {
        ".parquet": read_parquet,
        ".pq": read_parquet,
        ".csv": read_csv,
        ".csv.gz": read_csv,
        ".npz": read_npz,
    }
)
"""What reads each kind of file."""


def read_matrix(path: Path, scales: Mapping[str, Scale] = MappingProxyType({})) -> CompleteMatrix:
    """Read a whole transfer matrix: a long Parquet or CSV table, an NPZ archive, or a run's folder.

    Args:
        path: the file; of a folder, its `returns.parquet`.
        scales: features whose scale is decided by hand, as the file names them.

    Raises:
        InvalidTransferMatrix: if there is no such file, or it holds no whole matrix; the sentence
            names what is wrong first.
        InvalidContext, UnknownName: if a scale does not fit its feature.
    """
    file = path / OF_A_RUN if path.is_dir() else path
    if not file.is_file():
        raise InvalidTransferMatrix(
            f"{file} does not exist. A transfer matrix is a {', '.join(READERS)} file, or the "
            f"folder of a run with its {OF_A_RUN}."
        )
    if not os.access(file, os.R_OK):
        raise InvalidTransferMatrix(f"{file} may not be read: mend its permissions.")
    for ending, reader in READERS.items():
        if file.name.lower().endswith(ending):
            return reader(file, scales)
    raise InvalidTransferMatrix(
        f"{file} is no transfer matrix by its name, which should end in {', '.join(READERS)}."
    )
