import io
import zipfile

import pytest

from rltransfer.files import Unreadable, archives, require_small_archive


def archive(*members: tuple[str, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in members:
            opened.writestr(name, data)
    return buffer


def test_an_ordinary_archive_is_fine(tmp_path):
    require_small_archive(archive(("a", bytes(1000)), ("b", b"x")))
    (tmp_path / "a.zip").write_bytes(archive(("a", b"x")).getvalue())
    with (tmp_path / "a.zip").open("rb") as file:
        require_small_archive(file)


def test_what_grows_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(archives, "HARMLESS", 10_000)
    with pytest.raises(Unreadable, match="zeros would unpack to more than 100 times its size"):
        require_small_archive(archive(("zeros", bytes(1_000_000))))


def test_what_is_too_large_together_is_refused(monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 1500)
    with pytest.raises(Unreadable, match="it would unpack to more than 1,500 bytes"):
        require_small_archive(archive(("a", bytes(1000)), ("b", bytes(1000))))


def test_too_many_members_are_refused(monkeypatch):
    monkeypatch.setattr(archives, "MOST_MEMBERS", 3)
    require_small_archive(archive(*((str(k), b"") for k in range(2))))
    with pytest.raises(Unreadable, match="it lists more than 3 members"):
        require_small_archive(archive(*((str(k), b"") for k in range(4))))


def test_what_is_no_archive_is_said_by_zipfile():
    with pytest.raises(zipfile.BadZipFile):
        require_small_archive(io.BytesIO(b"PK"))
