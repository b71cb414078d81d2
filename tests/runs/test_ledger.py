import json
from wsgiref.util import setup_testing_defaults

import numpy as np
import optuna
import pytest
from optuna_dashboard import get_note, wsgi

from rltransfer.contexts import Context, ContextFeature, ContextSpace, Scale
from rltransfer.errors import StorageError
from rltransfer.runs.ledger import Entry, Ledger, journal
from rltransfer.transfer import TransferMatrix

SPACE = ContextSpace([ContextFeature("length", 0.5, 0.05, 5.0, "m", Scale.LOG)])
TARGETS = SPACE.grid(4)


def entry(k: int) -> Entry:
    return Entry(
        context=TARGETS[k],
        value=0.1 + k,
        gain=1 / 3,
        own=2.0,
        returns=(0.1, 0.2, 1 / 3, 0.4),
        curve=((10, 1.0), (20, 2.0)),
        note=f"because of {k}",
        steps=20,
        seconds=0.5,
    )


def load(path, name="mbtl"):
    return optuna.load_study(study_name=name, storage=journal(path))


def test_a_selected_source_is_a_trial(tmp_path):
    path = tmp_path / "study.journal"
    ledger = Ledger(path, SPACE)
    ledger.begin("mbtl", TARGETS[1], "why")
    ledger.report("mbtl", 10, 1.0)
    (running,) = load(path).get_trials()
    assert running.state is optuna.trial.TrialState.RUNNING
    assert running.params == {"ctx.length": TARGETS[1]["length"]}
    ledger.finish("mbtl", entry(1))
    (trial,) = load(path).trials
    assert trial.state is optuna.trial.TrialState.COMPLETE
    assert trial.value == 1.1
    assert trial.user_attrs["returns"] == [0.1, 0.2, 1 / 3, 0.4]
    assert trial.intermediate_values == {10: 1.0}


def test_rebuilding_gives_the_same_trials_whatever_was_there(tmp_path):
    path = tmp_path / "study.journal"
    path.write_bytes(b'{"op": torn')
    Ledger.rebuilt(path, SPACE, {"mbtl": [entry(0), entry(2)], "random": [entry(1)]})
    trials = load(path).trials
    assert [t.params["ctx.length"] for t in trials] == [TARGETS[k]["length"] for k in (0, 2)]
    assert trials[1].intermediate_values == {10: 1.0, 20: 2.0}
    assert len(load(path, "random").trials) == 1
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_rebuilt_ledger_goes_on(tmp_path):
    path = tmp_path / "study.journal"
    ledger = Ledger.rebuilt(path, SPACE, {"mbtl": [entry(0)]})
    ledger.add("mbtl", entry(3))
    assert [t.value for t in load(path).trials] == [0.1, 3.1]


def test_the_dashboard_serves_notes_and_the_heat_map(tmp_path):
    path = tmp_path / "study.journal"
    ledger = Ledger.rebuilt(path, SPACE, {"mbtl": [entry(0)]})
    transfer = TransferMatrix.empty(SPACE, TARGETS, TARGETS).learn(0, np.ones((4, 2)))
    ledger.show("mbtl", transfer)
    study = load(path)
    assert get_note(optuna.Trial(study, study.trials[0]._trial_id)) == "because of 0"

    status: list[str] = []
    environ = {"PATH_INFO": "/api/studies/0", "QUERY_STRING": "after=0"}
    setup_testing_defaults(environ)
    answer = wsgi(journal(path))(environ, lambda code, *_: status.append(code))
    body = json.loads(b"".join(answer))
    assert status == ["200 OK"]
    assert "Transfer matrix" in json.dumps(body["plotly_graph_objects"])


def test_a_folder_that_is_gone_is_a_sentence(tmp_path):
    ledger = Ledger(tmp_path / "gone" / "study.journal", SPACE)
    with pytest.raises(StorageError, match=r"study\.journal could not be written"):
        ledger.begin("mbtl", Context(length=0.5), "why")
