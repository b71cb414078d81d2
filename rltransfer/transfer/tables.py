"""The transfer matrix as a long table, and as one Parquet file that reads back exactly.

The file is an ordinary table for pandas, Polars or DuckDB; what the rows cannot say (the space,
the candidates, the order of training) is JSON in the schema's metadata under `rltransfer`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from rltransfer.contexts import Context, ContextSpace
from rltransfer.errors import InvalidTransferMatrix
from rltransfer.files import MOST_CELLS, Unreadable, parse_json, read_columns
from rltransfer.transfer.known import KnownRows
from rltransfer.transfer.problem import TransferProblem

if TYPE_CHECKING:
    import pandas as pd

    from rltransfer.transfer.matrix import TransferMatrix

__all__ = ["context_columns", "read_parquet", "to_frame", "to_parquet"]

Array = NDArray[np.float64]
Parts = tuple[TransferProblem, tuple[int, ...], Array, Array, KnownRows, tuple[int, ...]]
"""The fields of a transfer matrix, in order."""

KEY = b"rltransfer"
RETURN = "return"
FORMAT = 1


def context_columns(
    role: str, space: ContextSpace, contexts: Sequence[Context | None]
) -> dict[str, NDArray[np.float64]]:
    """Return columns `<role>.<feature>`, each of shape (n,), for n contexts; NaN for None."""
    known = np.array([context is not None for context in contexts], dtype=bool)
    values = np.full((len(contexts), len(space)), np.nan)
    values[known] = space.to_array([context for context in contexts if context is not None])
    return {f"{role}.{name}": values[:, j] for j, name in enumerate(space.names)}


def to_frame(matrix: TransferMatrix) -> pd.DataFrame:
    """Return one row per round (from 1), measured target and episode (from 0)."""
    import pandas as pd

    rounds, targets, episodes = np.nonzero(~np.isnan(matrix.returns))
    trained = [matrix.sources[index] for index in matrix.trained]
    source = context_columns("source", matrix.space, trained)
    target = context_columns("target", matrix.space, matrix.targets)
    return pd.DataFrame(
        {
            "round": rounds + 1,
            **{name: column[rounds] for name, column in source.items()},
            **{name: column[targets] for name, column in target.items()},
            "episode": episodes,
            "return": matrix.returns[rounds, targets, episodes],
        }
    )


def to_parquet(matrix: TransferMatrix, path: str | PathLike[str]) -> None:
    """Write the table and, in its metadata, everything else."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(to_frame(matrix), preserve_index=False)
    metadata = {**(table.schema.metadata or {}), KEY: json.dumps(describe(matrix)).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path)


def read_parquet(path: str | PathLike[str]) -> Parts:
    """Read a matrix's parts back, bit for bit.

    Raises:
        InvalidTransferMatrix: if the file was not written by `to_parquet`, or was changed.
    """
    try:
        table = read_columns(Path(path).resolve(), RETURN.__eq__, MOST_CELLS)
    except Unreadable as error:
        raise InvalidTransferMatrix(f"{path} cannot be read: {error}.") from None
    about = (table.schema.metadata or {}).get(KEY)
    if about is None:
        raise InvalidTransferMatrix(
            f"{path} is a Parquet file, but no transfer matrix: its metadata lack "
            f"{KEY.decode()!r}, which TransferMatrix.to_parquet writes."
        )
    try:
        data = parse_json(about, float)
        if data["format"] == FORMAT:
            return restore(path, data, table.column(RETURN).to_numpy())
    except InvalidTransferMatrix:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        reason = f"{type(error).__name__}: {str(error)[:200].rstrip('.')}"
        raise InvalidTransferMatrix(f"{path} was changed or damaged ({reason}).") from None
    raise InvalidTransferMatrix(
        f"{path} has format {str(data['format'])[:20]}, and this version of rltransfer reads "
        f"{FORMAT}: upgrade rltransfer."
    )


def describe(matrix: TransferMatrix) -> dict[str, Any]:
    """Return what the long table does not hold, as plain data."""
    return {
        "format": FORMAT,
        "space": matrix.space.to_dict(),
        "sources": [dict(context) for context in matrix.sources],
        "targets": [dict(context) for context in matrix.targets],
        "trained": list(matrix.trained),
        "shape": list(matrix.returns.shape),
        "own": {"shape": list(matrix.own.shape), "values": matrix.own.ravel().tolist()},
        "measured": [np.flatnonzero(row).tolist() for row in matrix.measured],
        "known": matrix.known.to_plain(),
        "failed": list(matrix.failed),
    }


def restore(path: str | PathLike[str], data: dict[str, Any], returns: NDArray[np.float64]) -> Parts:
    """Put description and returns together again."""
    shape = tuple(data["shape"])
    if math.prod(shape) > MOST_CELLS:
        raise ValueError(f"it claims {math.prod(shape):,} returns; at most {MOST_CELLS:,} are read")
    rows = np.full(shape, np.nan)
    measured = np.zeros(shape, dtype=bool)
    for k, targets in enumerate(data.get("measured", [range(shape[1])] * shape[0])):
        measured[k, list(targets)] = True
    if len(returns) != measured.sum():
        raise InvalidTransferMatrix(
            f"{path} should hold {measured.sum()} returns, of shape {shape}; it holds "
            f"{len(returns)}. Was it filtered or cut?"
        )
    rows[measured] = returns
    problem = TransferProblem(
        ContextSpace.from_dict(data["space"]),
        tuple(Context(values) for values in data["sources"]),
        tuple(Context(values) for values in data["targets"]),
    )
    own = np.array(data["own"]["values"], dtype=np.float64).reshape(data["own"]["shape"])
    known = KnownRows.of_plain(data.get("known", ()))
    return problem, tuple(data["trained"]), rows, own, known, tuple(data.get("failed", ()))
