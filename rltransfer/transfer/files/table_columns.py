"""The columns of a long table that make a transfer matrix, out of CSV and Parquet files."""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rltransfer.errors import InvalidTransferMatrix
from rltransfer.files import MOST_CELLS, Unreadable, open_plain, read_columns

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

MOST_TEXT = 200_000_000
"""Bytes of a CSV file, unpacked."""

UNREADABLE = (ValueError, OSError, EOFError, RuntimeError, MemoryError, zlib.error)
"""What pandas, Arrow and gzip raise at damaged files; most of their own errors are ValueErrors."""


def load_csv(path: Path) -> pd.DataFrame:
    """Return the columns that matter; a column is numbers where all its cells are.

    Raises:
        one of `UNREADABLE`: if it is no such table, or larger than `MOST_TEXT`.
    """
    import pandas as pd

    frame = pd.read_csv(
        BytesIO(text_of(path)),
        usecols=is_used,
        dtype=str,
        index_col=False,
        encoding="utf-8-sig",
        keep_default_na=False,  # "NA" and "None" may be words
        na_values=["", "nan", "NaN"],
        skipinitialspace=True,
    )
    return frame.apply(as_numbers)


def text_of(path: Path) -> bytes:
    """Return a text, unpacked if its name ends in .gz; it may have `MOST_TEXT` bytes."""
    with open_plain(path.resolve(), MOST_TEXT) as file:
        packed = path.name.lower().endswith(".gz")
        text = gzip.GzipFile(fileobj=file).read(MOST_TEXT + 1) if packed else file.read()
    if len(text) > MOST_TEXT:
        raise Unreadable(f"it unpacks to more than {MOST_TEXT:,} bytes; use Parquet")
    return text


def as_numbers(column: pd.Series) -> pd.Series:
    """Return a column of text as numbers, to the last bit as Python reads them, if it says some."""
    try:
        return column.astype(object).astype(np.float64)
    except ValueError:
        return column


def load_parquet(path: Path) -> pd.DataFrame:
    """Return the columns that matter, if there are no more than `MOST_CELLS` cells in them."""
    import pyarrow as pa

    table = read_columns(path.resolve(), is_used, MOST_CELLS)
    words = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return frame.astype(dict.fromkeys(words, object))


def is_used(name: str) -> bool:
    """Say whether a column matters."""
    return name == RETURN or name.startswith((SOURCE, TARGET))


def feature_names(path: Path, frame: pd.DataFrame) -> list[str]:
    """Return the features, which sources and targets must share."""
    if len(repeated := frame.columns[frame.columns.duplicated()]):
        raise InvalidTransferMatrix(f"{path} has more than one column {str(repeated[0])[:80]!r}.")
    of = {
        role: [str(name).removeprefix(role) for name in frame if str(name).startswith(role)]
        for role in (SOURCE, TARGET)
    }
    if RETURN not in frame or not of[SOURCE] or not of[TARGET]:
        raise InvalidTransferMatrix(
            f"{path} must have columns source.<feature>, target.<feature> and return; of these it "
            f"has {', '.join(map(str, frame))[:200] or 'none'}."
        )
    if only := sorted(set(of[SOURCE]) ^ set(of[TARGET])):
        given, lacking = (SOURCE, TARGET) if only[0] in of[SOURCE] else (TARGET, SOURCE)
        raise InvalidTransferMatrix(
            f"{path} has a column {(given + only[0])[:80]!r} and none "
            f"{(lacking + only[0])[:80]!r}: sources and targets must have the same features."
        )
    return of[SOURCE]
