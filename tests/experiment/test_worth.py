"""Studies that end before their last round because no further source is worth it."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rltransfer.contexts import ContextFeature, ContextSpace
from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.agenda import Agenda, lane_states
from rltransfer.experiment.events import Events
from rltransfer.experiment.loop import continue_run, run_experiment
from rltransfer.experiment.spec import Experiment
from rltransfer.experiment.worth import (
    advice,
    expected_text,
    gain_text,
    predictions,
    predicts,
    stop_text,
    worth_training,
)
from rltransfer.runs import Run
from rltransfer.selection import GPMBTL, MBTL, MatrixGP, Proposal, RandomSelector
from rltransfer.selection.base import untrained
from rltransfer.transfer import TransferMatrix

SPACE = ContextSpace([ContextFeature("x", 0.5, 0.0, 1.0)])
X = SPACE.grid(9)
REASON = re.compile(
    r"another source is expected to raise V by [\d.]+ ± [\d.]+, less than [\d.]+: "
    r"stopped after (\d) of 6 rounds"
)


def proposal(gain=None, error=None, set_point=None):
    return Proposal(0, X[0], "why", set_point, gain, error)


@dataclass(frozen=True)
class Halving:
    """Expects 64 of the second source, and of each further one a half, ± an eighth."""

    def propose(self, transfer):
        index, k = int(untrained(transfer)[0]), len(transfer.trained)
        gain, error = (128 / 2**k, 16 / 2**k) if k else (None, None)
        return Proposal(index, transfer.sources[index], "in order", 0.0, gain, error)


def test_what_a_standard_error_above_the_expectation_reaches_is_worth_it():
    assert worth_training(proposal(0.75, 0.25), 1.0)
    assert not worth_training(proposal(0.75, 0.2), 1.0)
    assert not worth_training(proposal(0.9), 1.0)  # no error is told
    assert worth_training(proposal(0.0, 0.0), None)
    assert worth_training(proposal(), 1.0)  # nothing is expected


def test_words():
    some = proposal(0.002, 0.001)
    assert gain_text(some) == "0.002 ± 0.001"
    assert gain_text(proposal(12.3456)) == "12.3"
    assert gain_text(proposal()) == expected_text(proposal()) == ""
    assert expected_text(some) == " (0.002 ± 0.001 was expected)"
    assert advice(some) == "another source is expected to raise V by 0.002 ± 0.001"
    assert stop_text(some, 0.01, 4, 6) == (
        "another source is expected to raise V by 0.002 ± 0.001, less than 0.01: "
        "stopped after 4 of 6 rounds"
    )
    assert predictions(proposal(1.0, set_point=2.0)) == {
        "predicted_gain": 1.0,
        "predicted_set_point": 2.0,
    }


@pytest.mark.parametrize(
    ("selector", "rounds", "told"),
    [
        (MatrixGP(), 2, True),
        (MBTL(), 2, True),
        (GPMBTL(), 3, False),  # its first three picks are rules
        (GPMBTL(), 4, True),
        (RandomSelector(0), 6, False),
    ],
)
def test_which_selectors_predict(selector, rounds, told):
    assert predicts(selector, TransferMatrix.empty(SPACE, X, X), rounds) is told


def study(stop_gain, compare=(), **selection):
    told = {"compare": list(compare), **selection}
    if stop_gain is not None:
        told["stop_gain"] = stop_gain
    return Experiment.of(
        "cartpole", vary=["length"], targets=9, rounds=6, selection=told,
        evaluation={"episodes": 2},
    )  # fmt: skip


def own(run):
    return next(iter(lane_states(run).values()))


@pytest.fixture
def halving(monkeypatch):
    """Have the study's own lane choose with `Halving`."""
    selectors = Experiment.selectors

    def replaced(self, seed):
        return {**selectors(self, seed), self.selection.selector: Halving()}

    monkeypatch.setattr(Experiment, "selectors", replaced)


@pytest.mark.parametrize(
    ("stop_gain", "rounds"), [(None, 6), (4.4, 6), (4.6, 5), (9.5, 4), (80.0, 1)]
)  # bounds are 72, 36, 18, 9, 4.5
def test_it_ends_where_too_little_is_expected(tmp_path, stub, halving, stop_gain, rounds):
    (run,) = run_experiment(study(stop_gain), tmp_path)
    state = own(run)
    assert len(state.picks) == len(stub) == rounds
    assert state.remaining == 0
    assert (state.stopped is None) == (rounds == 6)
    assert state.following.predicted_gain == 128 / 2**rounds
    if rounds == 4:
        assert state.stopped == (
            "another source is expected to raise V by 8 ± 1, less than 9.5: "
            "stopped after 4 of 6 rounds"
        )


def test_compared_selectors_have_all_their_rounds(tmp_path, stub, halving):
    (run,) = run_experiment(study(30.0, compare=["random"]), tmp_path)
    assert {n: len(s.picks) for n, s in lane_states(run).items()} == {"matrix-gp": 3, "random": 6}
    assert Agenda.read(run).wanted == ()


def test_our_selector_stops_with_its_reason(tmp_path, stub):
    (run,) = run_experiment(study(40.0), tmp_path)
    state = own(run)
    assert int(REASON.fullmatch(state.stopped)[1]) == len(state.picks) < 6
    following = state.following
    assert following.predicted_gain + following.predicted_error < 40.0
    for k in range(1, len(state.picks)):
        pick = state.picks[k]
        assert pick.predicted_gain + pick.predicted_error >= 40.0


class Spoken(Events):
    def __init__(self):
        self.heard = []

    def proposed(self, selector, proposal):
        self.heard.append(("proposed", proposal.index))

    def learned(self, selector, pick, entry):
        self.heard.append(("learned", pick.index, entry.gain))

    def stopped(self, selector, why):
        self.heard.append(("stopped", why))

    def unchanged(self, run):
        self.heard.append(("unchanged",))


def test_events_tell_each_choice_what_it_won_and_why_it_ends(tmp_path, stub, halving):
    spoken = Spoken()
    (run,) = run_experiment(study(40.0), tmp_path, events=spoken)
    V = own(run).transfer.coverage_curve()
    assert spoken.heard == [
        ("proposed", 0), ("learned", 0, V[0]), ("proposed", 1), ("learned", 1, V[1] - V[0]),
        ("stopped", own(run).stopped),
    ]  # fmt: skip
    continue_run(run, events=spoken)
    assert spoken.heard[-1] == ("unchanged",)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_interrupted_and_resumed_it_stops_at_the_same_round(tmp_path, stub, monkeypatch, after):
    (whole,) = run_experiment(study(40.0), tmp_path / "whole")
    commit, left = Run.commit, [after]

    def stop(self, *args):
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return commit(self, *args)

    monkeypatch.setattr(Run, "commit", stop)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(study(40.0), tmp_path / "cut")
    monkeypatch.setattr(Run, "commit", commit)
    (cut,) = run_experiment(study(40.0), tmp_path / "cut")
    assert own(cut).stopped == own(whole).stopped
    assert own(cut).transfer == own(whole).transfer
    assert (cut.path / "rounds.csv").read_text() == (whole.path / "rounds.csv").read_text()


def test_each_round_records_what_was_expected_and_what_came(tmp_path, stub):
    (run,) = run_experiment(study(None, compare=["random"]), tmp_path)
    state, table = own(run), pd.read_csv(run.path / "rounds.csv")
    mine, random = (table[table["selector"] == name] for name in ("matrix-gp", "random"))
    assert list(mine["round"]) == [1, 2, 3, 4, 5, 6]
    for name in ("predicted_set_point", "predicted_gain", "predicted_error"):
        assert np.isnan(mine[name].iloc[0])
        assert list(mine[name][1:]) == [getattr(pick, name) for pick in state.picks[1:]]
        assert random[name].isna().all()
    V = state.transfer.coverage_curve()
    np.testing.assert_allclose(mine["gain"][1:], np.diff(V))
    np.testing.assert_allclose(mine["coverage"], V)
    np.testing.assert_allclose(mine["set_point"], state.transfer.set_points)
    assert list(mine["source.length"]) == [pick.context["length"] for pick in state.picks]

    import optuna
    from optuna_dashboard import get_note

    from rltransfer.runs.ledger import journal

    watched = optuna.load_study(study_name="matrix-gp", storage=journal(run.study_file))
    assert "predicted_gain" not in watched.trials[0].user_attrs
    for pick, trial in zip(state.picks[1:], watched.trials[1:], strict=True):
        assert trial.user_attrs["predicted_gain"] == pick.predicted_gain
        assert trial.user_attrs["predicted_error"] == pick.predicted_error
        note = get_note(optuna.Trial(watched, trial._trial_id))
        assert pick.reason in note
        assert f"({gain_text(pick)} was expected)" in note


def test_a_run_without_the_table_gets_it_and_trains_nothing(tmp_path, stub):
    (run,) = run_experiment(study(None), tmp_path)
    before, count = (run.path / "rounds.csv").read_bytes(), len(stub)
    (run.path / "rounds.csv").unlink()
    continue_run(run)
    assert (run.path / "rounds.csv").read_bytes() == before
    assert len(stub) == count


@pytest.mark.parametrize("selector", ["random", "equidistant", "k-medoids"])
def test_a_selector_that_predicts_nothing_is_refused_at_the_start(selector):
    with pytest.raises(
        InvalidExperiment, match=rf"stop_gain needs a selector .* '{selector}' does not in 6 rounds"
    ):
        study(1.0, selector=selector)


@pytest.mark.parametrize("stop_gain", [0.0, -1.0, float("inf"), float("nan"), "much"])
def test_a_gain_must_be_a_positive_number(stop_gain):
    with pytest.raises(InvalidExperiment, match=r"selection\.stop_gain"):
        study(stop_gain)


def test_without_it_the_description_is_what_it_was():
    assert "stop_gain" not in study(None).resolved().to_toml()
    assert study(None).digest != study(2.5).digest
    assert Experiment.checked(study(2.5).model_dump(exclude_none=True), "x") == study(2.5)


def test_the_reference_run_has_all_its_rounds():
    state = own(Run.find(Path(__file__).parents[2] / "runs" / "reference" / "seed-0")[0])
    assert state.lane.name == "matrix-gp"
    assert len(state.picks) == 6
    assert state.stopped is None
    assert state.wanted is None
