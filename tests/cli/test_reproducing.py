"""`rltransfer reproduce`: lists, refuses in sentences, prints a verdict."""

import json


def test_the_list_tells_the_hours_of_every_budget(command):
    done = command("reproduce", "--list", "--json")
    assert done.code == 0
    told = {row["name"]: row for row in json.loads(done.out)}
    assert set(told["mbtl-cartpole-length"]["hours"]) == {"smoke", "desk", "paper"}
    assert "rltransfer reproduce NAME" in command("reproduce", "--list").out


def test_wrong_words_are_answered_in_a_sentence(command, tmp_path):
    before = sorted(tmp_path.iterdir())
    for words, sentence in [
        ((), "say one thing to do: a NAME to reproduce, --list"),
        (("mbtl-pendulum-dt", "--list"), "say one thing to do"),
        (("mbtl-pendulum",), "did you mean 'mbtl-pendulum-"),
        (("mbtl-pendulum-dt", "--budget", "huge"), "has no budget 'huge'"),
        (("--list", "--page", "x.md"), "--page goes with --collect"),
        (("--collect", "results", "--page", "missing.md"), "missing.md cannot be read"),
    ]:
        done = command("reproduce", *words)
        assert done.code == 2, words
        assert sentence in " ".join(done.err.split()), words
        assert "Traceback" not in done.err
    assert sorted(p for p in tmp_path.iterdir() if p.name != "results") == before
