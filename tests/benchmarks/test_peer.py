import sys

import pytest
from harness import peer as module
from harness.case import Unavailable
from harness.peer import CHECKOUT, VENV, earlier_self, peer, present_self

TWICE = """
import sys

print("ready", flush=True)
for line in sys.stdin:
    print(2 * float(line), flush=True)
"""


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """A folder of peers, and a virtual environment to run them in."""
    folder = tmp_path / "env" / "bin"
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(sys.executable)
    monkeypatch.setenv(VENV, str(tmp_path / "env"))
    monkeypatch.setattr(module, "SCRIPTS", tmp_path)
    return tmp_path


def test_a_peer_answers_with_a_number(scripts):
    (scripts / "twice.py").write_text(TWICE)
    with peer("twice.py") as process:
        assert process.ask("21") == 42.0


def test_without_the_environment_the_message_says_what_to_set(monkeypatch):
    monkeypatch.delenv(VENV, raising=False)
    with (
        pytest.raises(Unavailable, match="set RLTRANSFER_PEERS to a virtual environment"),
        peer("x"),
    ):
        pass


def test_a_wrong_environment_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv(VENV, str(tmp_path))
    with pytest.raises(Unavailable, match="holds no bin/python"), peer("x"):
        pass


def test_a_peer_that_lacks_a_library_says_which(scripts):
    (scripts / "lost.py").write_text("import a_library_that_nobody_has\n")
    lacking = "No module named 'a_library_that_nobody_has'"
    with pytest.raises(Unavailable, match=lacking), peer("lost.py"):
        pass


def test_an_earlier_state_is_imported_before_the_installed_one(scripts, monkeypatch):
    (scripts / "rltransfer").mkdir()
    (scripts / "rltransfer" / "__init__.py").write_text("ANSWER = 7\n")
    (scripts / "ask.py").write_text(f"import rltransfer\n{TWICE}    print(rltransfer.ANSWER)\n")
    monkeypatch.setenv(CHECKOUT, str(scripts))
    with earlier_self("ask.py") as process:
        assert process.ask("1") == 2.0
        assert process.ask("1") == 7.0  # printed after the first answer


def test_the_present_state_is_this_repository(scripts):
    here = "print(float(rltransfer.__file__.startswith(sys.argv[1])), flush=True)"
    (scripts / "where.py").write_text(f"import rltransfer\n{TWICE}    {here}\n")
    with present_self("where.py", str(module.ROOT)) as process:
        assert process.ask("2") == 4.0
        assert process.ask("2") == 1.0


def test_without_an_earlier_state_the_message_says_what_to_set(monkeypatch):
    monkeypatch.delenv(CHECKOUT, raising=False)
    with pytest.raises(Unavailable, match="set RLTRANSFER_BEFORE to a checkout"), earlier_self("x"):
        pass
