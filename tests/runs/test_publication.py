import pytest

from rltransfer.contexts import Context
from rltransfer.runs import Failure, Run
from rltransfer.runs.publication import is_published, publish


@pytest.fixture
def run(tmp_path, record, policy, targets) -> Run:
    run = Run.create(tmp_path / "a" / "seed-0", 'name = "a"\n')
    run.commit(record, policy, targets)
    (run.path / "gaps.csv").write_text("round\n1\n")
    (run.path / "study.journal").write_text("{}\n")
    publish(run.path)
    return run


def test_what_was_published_is_so_until_it_is_touched(run):
    assert is_published(run.path)
    (run.path / "report.html").write_text("made later")
    assert is_published(run.path)


def fail(run):
    run.record(Failure("c0ffee", Context(length=0.5), "why", 1, 1.0))


@pytest.mark.parametrize(
    "change",
    [
        lambda run: (run.path / "gaps.csv").write_text("round\n2\n"),
        lambda run: (run.path / "gaps.csv").unlink(),
        lambda run: (run.path / "study.journal").write_bytes(b""),
        lambda run: (run.path / "served.csv").write_text("not made here"),
        lambda run: (run.path / "published.json").unlink(),
        lambda run: (run.path / "published.json").write_bytes(b'{"torn'),
        lambda run: (run.sources_folder / "00").rename(run.sources_folder / "01"),
        fail,
    ],
)
def test_every_change_is_noticed(run, change):
    change(run)
    assert not is_published(run.path)
