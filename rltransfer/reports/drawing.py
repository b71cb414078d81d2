"""Figures become files."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure

from rltransfer.files import write_atomically
from rltransfer.reports.exhibits import Exhibit
from rltransfer.reports.figures.style import styled
from rltransfer.reports.page import Picture

__all__ = ["draw"]

METADATA = {"svg": {"Date": None}, "png": {"Software": None}}
"""Nothing that would differ between two drawings of the same figure."""


def draw(exhibits: Iterable[Exhibit], folder: Path) -> list[Picture]:
    """Write each figure as SVG and PNG into a folder, and return the pictures for the page.

    Raises:
        StorageError: if a file cannot be written.
    """
    return [draw_one(exhibit, folder) for exhibit in exhibits]


def draw_one(exhibit: Exhibit, folder: Path) -> Picture:
    """Write one figure's files."""
    files = {kind: rendered(exhibit.figure, kind) for kind in METADATA}
    for kind, data in files.items():
        write_atomically(folder / f"{exhibit.name}.{kind}", partial(write_bytes, data))
    return Picture(exhibit, files["svg"])


def write_bytes(data: bytes, path: Path) -> None:
    """Write a file."""
    path.write_bytes(data)


@styled
def rendered(figure: Figure, kind: str) -> bytes:
    """Return the bytes of a figure as an SVG or PNG file, laid out as it was the first time."""
    buffer = BytesIO()
    figure.savefig(buffer, format=kind, metadata=METADATA[kind])
    figure.set_layout_engine("none")
    return buffer.getvalue()
