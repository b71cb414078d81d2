"""Files: written whole or not at all, read with bounds, and every change to them noticed."""

from rltransfer.files.archives import require_small_archive
from rltransfer.files.folders import (
    MANIFEST,
    commit_folder,
    digest,
    require_no_links,
    sweep,
    verify_folder,
    write_manifest,
)
from rltransfer.files.lines import read_lines
from rltransfer.files.parquet import MOST_CELLS, read_columns
from rltransfer.files.reading import (
    TEXT_LIMIT,
    Unreadable,
    open_plain,
    parse_json,
    parse_toml,
    read_bytes,
)
from rltransfer.files.seals import open_json, open_text, seal_json, seal_text
from rltransfer.files.writing import (
    TEMPORARY,
    storage_errors,
    write_atomically,
    write_bytes,
    write_text,
)

__all__ = [
    "MANIFEST",
    "MOST_CELLS",
    "TEMPORARY",
    "TEXT_LIMIT",
    "Unreadable",
    "commit_folder",
    "digest",
    "open_json",
    "open_plain",
    "open_text",
    "parse_json",
    "parse_toml",
    "read_bytes",
    "read_columns",
    "read_lines",
    "require_no_links",
    "require_small_archive",
    "seal_json",
    "seal_text",
    "storage_errors",
    "sweep",
    "verify_folder",
    "write_atomically",
    "write_bytes",
    "write_manifest",
    "write_text",
]
