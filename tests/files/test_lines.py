import pytest

from rltransfer.files import Unreadable, read_lines


def test_a_line_that_is_being_written_is_left_out(tmp_path):
    path = tmp_path / "lines"
    assert read_lines(path) == []
    for text, lines in (("", []), ("a", []), ("a\n", ["a"]), ("a\n\nb\nc", ["a", "", "b"])):
        path.write_text(text)
        assert read_lines(path) == lines


def test_what_grew_too_long_is_not_read(tmp_path):
    (tmp_path / "lines").write_text("12\n34\n")
    assert read_lines(tmp_path / "lines", limit=6) == ["12", "34"]
    with pytest.raises(Unreadable, match="it has 6 bytes; at most 5 are read"):
        read_lines(tmp_path / "lines", limit=5)


def test_bytes_that_are_no_text_end_nothing(tmp_path):
    (tmp_path / "lines").write_bytes(b"\xff\nb\n")
    assert read_lines(tmp_path / "lines")[1] == "b"
