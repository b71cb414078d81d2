import platform
import sys

import pytest

from rltransfer.errors import ConditionsChanged
from rltransfer.runs import Run, conditions
from rltransfer.runs.conditions import accept_conditions, changes, require_same_conditions
from rltransfer.runs.provenance import capability, provenance


@pytest.fixture
def run(tmp_path) -> Run:
    return Run.create(tmp_path / "a" / "seed-0", 'name = "a"\n')


@pytest.fixture
def later(monkeypatch):
    """Have other conditions from now on."""

    def change(**libraries):
        facts = provenance()
        now = {**facts, "libraries": {**facts["libraries"], **libraries}}
        now["machine"] = {**facts["machine"], "capability": "AVX1024", "cores": 999}
        monkeypatch.setattr(conditions, "provenance", lambda: now)

    return change


def test_the_same_conditions_are_accepted(run):
    require_same_conditions(run)
    before = run.provenance_file.read_bytes()
    accept_conditions(run)
    assert run.provenance_file.read_bytes() == before


def test_other_conditions_are_refused_by_name(run, later):
    later(torch="99.0")
    with pytest.raises(ConditionsChanged) as caught:
        require_same_conditions(run)
    said = str(caught.value)
    assert f"torch was {provenance()['libraries']['torch']} and is now 99.0" in said
    assert "capability was" in said
    assert "cores" not in said  # they decide nothing
    assert f"rltransfer resume {run.path} --accept-environment" in said


def test_what_is_accepted_is_recorded_and_from_then_on_in_force(run, later):
    later(torch="99.0")
    accept_conditions(run)
    require_same_conditions(run)
    (accepted,) = run.provenance()["accepted"].values()
    assert accepted == {"libraries.torch": "99.0", "machine.capability": "AVX1024"}
    later(torch="100.0")
    assert [str(change) for change in changes(run)] == ["torch was 99.0 and is now 100.0"]


def test_a_library_that_is_new_or_gone_is_no_change(run, later):
    later(leftpad="1.0")
    assert {change.name for change in changes(run)} == {"machine.capability"}


def test_the_capability_is_torchs(monkeypatch):
    torch = pytest.importorskip("torch")
    if platform.machine() == "x86_64" and sys.platform == "linux":
        assert capability() == torch.backends.cpu.get_cpu_capability()
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    assert capability() == "AVX2"
