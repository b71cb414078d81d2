from dataclasses import replace

import pytest

from rltransfer.contexts import Context
from rltransfer.errors import CorruptRun
from rltransfer.runs import Failure, Run

FAILURE = Failure("c0ffee", Context(length=0.5), "its worker process died", 3, 12.5)


@pytest.fixture
def run(tmp_path) -> Run:
    return Run.create(tmp_path / "a" / "seed-0", 'name = "a"\n')


def test_what_has_failed_comes_back_in_the_order_in_which_it_did(run):
    later = replace(FAILURE, key="multi-task", context=None, moment=20.0)
    for failure in (later, FAILURE):
        run.record(failure)
    assert list(run.failures().values()) == [FAILURE, later]
    assert [failure.label for failure in run.failures().values()] == ["length=0.5", "multi-task"]
    assert FAILURE.sentence == "length=0.5: its worker process died"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data[:-9], r"c0ffee\.json cannot be read"),
        (lambda data: data.replace(b"died", b"dyed"), "sha256 differs"),
        (lambda data: b"[]", "it is not a table"),
        (lambda data: b'{"format": 2}', r"c0ffee\.json: format must be 1; got 2"),
    ],
)
def test_a_damaged_record_is_named_with_advice(run, change, said):
    run.record(FAILURE)
    path = run.failed_folder / "c0ffee.json"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(CorruptRun, match=said) as caught:
        run.failures()
    assert "Remove it and resume" in str(caught.value)


def test_what_a_failed_training_kept_stays_for_another_attempt(run):
    run.record(FAILURE)
    for key in ("c0ffee", "other"):
        (run.unfinished_folder / key).mkdir(parents=True)
    run.clear_unfinished()
    assert [folder.name for folder in run.unfinished_folder.iterdir()] == ["c0ffee"]
    run.forget_failures()
    assert run.failures() == {}
    run.clear_unfinished()
    assert not run.unfinished_folder.exists()
