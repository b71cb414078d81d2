"""A whole transfer matrix as a long table: a row per source, target and episode.

Columns `source.<feature>`, `target.<feature>` and `return`; all others are ignored. The returns of
a source on a target are averaged, over episodes and over whatever else repeats them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Scale
from rltransfer.errors import InvalidTransferMatrix
from rltransfer.transfer.files.columns import FeatureColumn, labels
from rltransfer.transfer.files.complete import CompleteMatrix
from rltransfer.transfer.files.table_columns import (
    RETURN,
    SOURCE,
    TARGET,
    UNREADABLE,
    feature_names,
    load_csv,
    load_parquet,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["read_csv", "read_parquet"]


def read_csv(path: Path, scales: Mapping[str, Scale]) -> CompleteMatrix:
    """Read a comma-separated table with a header.

    Raises:
        InvalidTransferMatrix: if it cannot be read, or does not hold a whole matrix.
    """
    return read(path, load_csv, scales)


def read_parquet(path: Path, scales: Mapping[str, Scale]) -> CompleteMatrix:
    """Read a Parquet file, such as the `returns.parquet` of a run.

    Raises:
        InvalidTransferMatrix: if it cannot be read, or does not hold a whole matrix.
    """
    return read(path, load_parquet, scales)


def read(
    path: Path, load: Callable[[Path], pd.DataFrame], scales: Mapping[str, Scale]
) -> CompleteMatrix:
    """Load the table and make it a matrix."""
    try:
        frame = load(path)
    except UNREADABLE as error:
        first = (str(error) or type(error).__name__).splitlines()[0]
        reason = first.rstrip(".")[:200]
        raise InvalidTransferMatrix(f"{path} cannot be read as a table: {reason}.") from None
    features = feature_names(path, frame)
    rows, notes = of_one_context(frame, features)
    if rows.empty:
        raise InvalidTransferMatrix(f"{path} has no row with a source and a return.")
    matrix = assemble(path, rows, features, scales)
    return replace(matrix, notes=(*notes, *matrix.notes))


def of_one_context(
    frame: pd.DataFrame, features: Sequence[str]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the rows whose policy was trained on one context, and a note on the others."""
    without = frame[[SOURCE + name for name in features]].isna().all(axis=1)
    if not without.any():
        return frame, ()
    note = f"{without.sum():,} rows name no source (policies of many contexts) and are left out."
    return frame[~without], (note,)


def assemble(
    path: Path, rows: pd.DataFrame, features: Sequence[str], scales: Mapping[str, Scale]
) -> CompleteMatrix:
    """Number the contexts by their first appearance, average, and fill J."""
    source, first_sources = numbered(path, rows, [SOURCE + name for name in features])
    target, first_targets = numbered(path, rows, [TARGET + name for name in features])
    columns = [
        FeatureColumn.of(name, first_sources[SOURCE + name], first_targets[TARGET + name])
        for name in features
    ]
    shape = (len(first_sources), len(first_targets))
    cell = source * shape[1] + target
    require_every_cell(cell, shape, columns)
    total = np.bincount(cell, weights=values_of(path, rows), minlength=shape[0] * shape[1])
    J = total / np.bincount(cell, minlength=shape[0] * shape[1])
    return CompleteMatrix.of(J.reshape(shape), columns, scales)


def numbered(
    path: Path, rows: pd.DataFrame, names: list[str]
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Return the number of each row's context, and the different contexts in that order."""
    import pandas as pd

    contexts = rows[names]
    for name in names:
        if (missing := contexts[name].isna().to_numpy()).any():
            raise InvalidTransferMatrix(
                f"row {rows.index[missing][0] + 1} of {path} has no {name[:80]!r}; every row needs "
                "its source and its target."
            )
        if not pd.api.types.is_numeric_dtype(contexts[name]):
            contexts = contexts.assign(**{name: contexts[name].astype(str)})
    number = contexts.groupby(names, sort=False).ngroup()
    return np.asarray(number, dtype=np.int64), contexts.drop_duplicates()


def require_every_cell(
    cell: NDArray[np.int64], shape: tuple[int, int], columns: Sequence[FeatureColumn]
) -> None:
    """Raise at the first source and target that no row is about; needs no array of N × M."""
    present = np.unique(cell)
    if len(present) == shape[0] * shape[1]:
        return
    wrong = np.flatnonzero(present != np.arange(len(present)))
    missing = int(wrong[0]) if len(wrong) else len(present)
    source, target = divmod(missing, shape[1])
    raise InvalidTransferMatrix(
        f"no row says what source {source} ({labels(columns, 'sources')[source]}) returns on "
        f"target {target} ({labels(columns, 'targets')[target]}); every source needs a return on "
        f"every target, and {len(present):,} of {shape[0] * shape[1]:,} are there."
    )


def values_of(path: Path, rows: pd.DataFrame) -> NDArray[np.float64]:
    """Return the returns, (rows,), as numbers."""
    import pandas as pd

    column = rows[RETURN]
    if not pd.api.types.is_numeric_dtype(column):
        words = column[pd.to_numeric(column, errors="coerce").isna() & column.notna()]
        got = (repr(words.iloc[0]) if len(words) else str(column.dtype))[:80]
        raise InvalidTransferMatrix(f"the column 'return' of {path} must hold numbers; got {got}.")
    return column.to_numpy(np.float64, na_value=np.nan)
