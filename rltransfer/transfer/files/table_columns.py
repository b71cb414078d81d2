"""The columns of a long table that make a transfer matrix, out of CSV and Parquet files."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rltransfer.errors import InvalidTransferMatrix

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "RETURN",
    "SOURCE",
    "TARGET",
    "UNREADABLE",
    "feature_names",
    "load_csv",
    "load_parquet",
]

SOURCE, TARGET, RETURN = "source.", "target.", "return"

UNREADABLE = (ValueError, OSError, EOFError, RuntimeError, MemoryError, zlib.error)
"""What pandas, Arrow and gzip raise at damaged files; most of their own errors are ValueErrors."""


def load_csv(path: Path) -> pd.DataFrame:
    """Return the columns that matter; a column is numbers where all its cells are."""
    import pandas as pd

    frame = pd.read_csv(
        path,
        usecols=is_used,
        dtype=str,
        index_col=False,
        encoding="utf-8-sig",
        keep_default_na=False,  # "NA" and "None" may be words
        na_values=["", "nan", "NaN"],
        skipinitialspace=True,
    )
    return frame.apply(as_numbers)


def as_numbers(column: pd.Series) -> pd.Series:
    """Return a column of text as numbers, to the last bit as Python reads them, if it says some."""
    try:
        return column.astype(object).astype(np.float64)
    except ValueError:
        return column


def load_parquet(path: Path) -> pd.DataFrame:
    """Return the columns that matter."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(path)
    table = file.read(columns=[name for name in file.schema_arrow.names if is_used(name)])
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return frame


def is_used(name: str) -> bool:
    """Say whether a column matters."""
    return name == RETURN or name.startswith((SOURCE, TARGET))


def feature_names(path: Path, frame: pd.DataFrame) -> list[str]:
    """Return the features, which sources and targets must share."""
    if len(repeated := frame.columns[frame.columns.duplicated()]):
        raise InvalidTransferMatrix(f"{path} has more than one column {str(repeated[0])!r}.")
    of = {
        role: [str(name).removeprefix(role) for name in frame if str(name).startswith(role)]
        for role in (SOURCE, TARGET)
    }
    if RETURN not in frame or not of[SOURCE] or not of[TARGET]:
        raise InvalidTransferMatrix(
            f"{path} must have columns source.<feature>, target.<feature> and return; of these it "
            f"has {', '.join(map(str, frame)) or 'none'}."
        )
    if only := sorted(set(of[SOURCE]) ^ set(of[TARGET])):
        given, lacking = (SOURCE, TARGET) if only[0] in of[SOURCE] else (TARGET, SOURCE)
        raise InvalidTransferMatrix(
            f"{path} has a column {given + only[0]!r} and none {lacking + only[0]!r}: sources and "
            "targets must have the same features."
        )
    return of[SOURCE]
