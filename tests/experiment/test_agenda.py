"""What is to be trained next does not depend on how one has come to know what is trained."""

from dataclasses import dataclass, replace

import pytest

from rltransfer.experiment.agenda import Agenda
from rltransfer.experiment.keys import key_of
from rltransfer.experiment.loop import run_experiment
from rltransfer.experiment.spec import Experiment


def study(*compare, rounds=4):
    return Experiment.of(
        "cartpole", vary=["length"], targets=9, rounds=rounds, evaluation={"episodes": 2},
        selection={"compare": list(compare)},
    )  # fmt: skip


@pytest.mark.parametrize("compare", [("random", "multi-task"), ("independent", "random")])
def test_going_on_commit_by_commit_is_reading_everything_anew(tmp_path, stub, compare):
    (run,) = run_experiment(study(*compare), tmp_path)
    whole = Agenda.read(run)
    agenda, pool = replace(whole, pool={}), {}
    for key, record in run.sources().items():
        assert key in map(key_of, agenda.wanted)
        agenda, pool[key] = agenda.after(record), record
        anew = replace(whole, pool=dict(pool))
        assert agenda.wanted == anew.wanted
        assert [s.keys for s in agenda.states] == [s.keys for s in anew.states]
        assert (agenda.done, agenda.planned) == (anew.done, anew.planned)
    assert not agenda.wanted


@dataclass
class Counting:
    """A selector that counts how often it is asked."""

    selector: object
    asked: int = 0

    def propose(self, transfer):
        self.asked += 1
        return self.selector.propose(transfer)


def test_a_selector_is_asked_once_for_each_round(tmp_path, stub):
    (run,) = run_experiment(study("random"), tmp_path)
    whole = Agenda.read(run)
    lanes = tuple(replace(lane, selector=Counting(lane.selector)) for lane in whole.lanes)
    agenda = Agenda(whole.experiment, lanes, {})
    for record in run.sources().values():
        agenda = agenda.after(record)
    assert not agenda.wanted
    assert [lane.selector.asked for lane in lanes] == [4, 4]
