import os

import pytest

from rltransfer.files import (
    Unreadable,
    open_json,
    open_text,
    parse_json,
    parse_toml,
    read_bytes,
    seal_json,
    seal_text,
)


def test_a_file_comes_back(tmp_path):
    (tmp_path / "a").write_bytes(b"alpha")
    assert read_bytes(tmp_path / "a", 5) == b"alpha"


def test_what_is_no_plain_file_of_that_size_is_a_clause(tmp_path):
    (tmp_path / "a").write_bytes(b"alpha")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    os.mkfifo(tmp_path / "pipe")
    for name, limit, words in [
        ("a", 4, "it has 5 bytes; at most 4 are read"),
        ("link", 9, "it is a link, not a file"),
        ("pipe", 9, "it is not a regular file"),
        (".", 9, "it is not a regular file"),
        ("none", 9, "No such file"),
        ("a\0b", 9, "null"),
    ]:
        with pytest.raises(Unreadable, match=words):
            read_bytes(tmp_path / name, limit)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "a": 2}', "a key is repeated"),
        ("[NaN]", "NaN is no number that JSON knows"),
        ("[1e999]", "1e999 is too large a number"),
        ("[" * 100_000, "it nests too deeply"),
        ("[" * 65 + "]" * 65, "it nests deeper than 64 levels"),
        ("{", "Expecting property name"),
        (b"\xff", "decode"),
        ("9" * 5_000, "4300"),
    ],
)
def test_json_that_is_not_plain_is_refused(text, words):
    with pytest.raises(Unreadable, match=words):
        parse_json(text)


def test_json_may_have_infinities_where_that_is_said():
    assert parse_json("[Infinity]", float) == [float("inf")]


def test_plain_data_is_read():
    assert parse_json('{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
    assert parse_toml(b"\xef\xbb\xbfa.b = [1, 2.5]") == {"a": {"b": [1, 2.5]}}
    floats = ", ".join(f"{k}.5" for k in range(200))
    assert len(parse_toml(f"x = [{floats}]".encode())["x"]) == 200


def test_every_change_of_a_sealed_file_is_noticed():
    table = {"name": "a", "values": [1, 2.5, 1e-8]}
    for sealed, opened in [
        (seal_json(table).encode(), open_json),
        (seal_text('name = "a"\nvalues = [1]\n').encode(), open_text),
    ]:
        opened(sealed)
        for at in range(len(sealed)):
            for bit in range(8):
                bad = bytearray(sealed)
                bad[at] ^= 1 << bit
                with pytest.raises(Unreadable):
                    known(opened(bytes(bad)))


def known(parsed):
    """Where the seal itself is damaged, its schema, or TOML, does not know what is left of it."""
    if isinstance(parsed, bytes):
        parse_toml(parsed)
    elif set(parsed) != {"name", "values"}:
        raise Unreadable("unknown key")


def test_what_was_sealed_comes_back():
    assert open_json(seal_json({"a": 1.5}).encode()) == {"a": 1.5}
    assert open_text(seal_text("a = 1\n").encode()) == b"a = 1\n"
    assert open_text(b"a = 1\n") == b"a = 1\n"
