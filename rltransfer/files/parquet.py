"""Parquet files of strangers: what they claim to hold is checked before it is read."""

from __future__ import annotations

from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import Any

from rltransfer.files.reading import Unreadable, open_plain

__all__ = ["MOST_CELLS", "read_columns"]

MOST_BYTES = 4_000_000_000
"""Of a file."""

MOST_CELLS = 200_000_000
"""Of the columns that are used."""

LONGEST_WORD = 1000


def read_columns(path: Path, is_used: Callable[[str], bool], most_cells: int = MOST_CELLS) -> Any:
    """Return some columns of a Parquet file, as an Arrow table; the others are not looked at.

    Words come as entries of a dictionary, so that one long word does not take its length once for
    each row.

    Args:
        path: of the file; no link.
        is_used: says by a column's name whether it matters.
        most_cells: of these columns.

    Raises:
        Unreadable: if it is no Parquet file, too large, or holds neither numbers nor words.
    """
    import pyarrow as pa

    with open_plain(path, MOST_BYTES) as opened:
        try:
            table, words = columns_of(opened, is_used, most_cells)
        except Unreadable:
            raise
        except (pa.ArrowException, OSError, ValueError, MemoryError) as error:
            raise Unreadable(f"it cannot be read as Parquet: {str(error)[:200]}") from None
    for name in words:
        require_short_words(name, table.column(name))
    return table


def columns_of(
    opened: BufferedReader, is_used: Callable[[str], bool], most_cells: int
) -> tuple[Any, list[str]]:
    """Return the columns that are used, and the names of those of words.

    One thread reads: others would still be at work on a file that one of them has given up.
    """
    import pyarrow.parquet as pq

    words = word_columns(pq.ParquetFile(opened).schema, is_used)
    file = pq.ParquetFile(opened, read_dictionary=words)
    names = [name for name in file.schema_arrow.names if is_used(name)]
    if (cells := file.metadata.num_rows * len(names)) > most_cells:
        raise Unreadable(f"it has {cells:,} cells; at most {most_cells:,} are read")
    return file.read(columns=names, use_threads=False), words


def word_columns(schema: Any, is_used: Callable[[str], bool]) -> list[str]:
    """Return the columns of words among those that are used; the others must be plain numbers."""
    columns = [schema.column(i) for i in range(len(schema))]
    used = [column for column in columns if is_used(column.path)]
    for column in used:
        if column.max_repetition_level or column.physical_type == "FIXED_LEN_BYTE_ARRAY":
            raise Unreadable(f"the column {column.path[:80]!r} holds neither numbers nor words")
    return [column.path for column in used if column.physical_type == "BYTE_ARRAY"]


def require_short_words(name: str, column: Any) -> None:
    """Refuse words that nobody would call a value of a feature."""
    longest = max((len(str(word)) for part in column.chunks for word in part.dictionary), default=0)
    if longest > LONGEST_WORD:
        raise Unreadable(f"{name[:80]!r} has a word of {longest:,} letters")
