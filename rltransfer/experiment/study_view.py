"""The run's study while it grows: what people see in the dashboard, and hear from the selectors."""

from __future__ import annotations

from rltransfer.experiment.agenda import Agenda
from rltransfer.experiment.events import Events
from rltransfer.experiment.lanes import LaneState
from rltransfer.experiment.progress import Progress
from rltransfer.experiment.study_note import study_note
from rltransfer.experiment.worth import predictions
from rltransfer.runs import Run
from rltransfer.runs.ledger import Ledger

__all__ = ["StudyView"]


class StudyView:
    """Keeps ledger and events up to what is committed.

    Args:
        run: whose study is made again.
        agenda: what is committed so far.
        events: told of what the selectors choose and learn.
    """

    def __init__(self, run: Run, agenda: Agenda, events: Events) -> None:
        self._events, self._ledger = events, rebuilt_ledger(run, agenda)
        self._shown = {state.lane.name: state for state in agenda.states}
        self._waiting: dict[str, list[str]] = {}  # lanes by the key of the job they wait for
        self._reached: dict[str, int] = {}  # the last step shown of each job

    def begin(self, key: str, agenda: Agenda) -> None:
        """Show which lanes wait for a job."""
        self._waiting[key] = []
        for state in agenda.states:
            if state.wanted is not None and state.next is not None and state.next.key == key:
                name, wanted = state.lane.name, state.wanted
                why = f"**Why:** {wanted.reason}"
                self._ledger.begin(name, wanted.context, why, predictions(wanted))
                self._events.proposed(name, wanted)
                self._waiting[key].append(name)

    def progressed(self, key: str, point: Progress) -> None:
        """Show a point of a job's learning curve, once where the job is repeated."""
        if point.score is None or point.steps <= self._reached.get(key, -1):
            return
        self._reached[key] = point.steps
        for lane in self._waiting[key]:
            self._ledger.report(lane, point.steps, point.score)

    def show(self, agenda: Agenda) -> None:
        """Show what lanes have picked, and what has failed, beyond what was shown before."""
        for state in agenda.states:
            name, before = state.lane.name, self._shown[state.lane.name]
            show_failures(self._ledger, state, len(before.failed))
            for k in range(len(before.picks), len(state.picks)):
                entry = state.entry(k, agenda.pool)
                self._ledger.add(name, entry)
                self._events.learned(name, state.picks[k], entry)
            if len(state.picks) > len(before.picks):
                self._ledger.show(name, state.transfer, study_note(state))
            self._shown[name] = state

    def tell_stops(self, agenda: Agenda) -> None:
        """Say which lanes have ended before their last round."""
        for state in agenda.states:
            if state.stopped is not None:
                self._events.stopped(state.lane.name, state.stopped)


def rebuilt_ledger(run: Run, agenda: Agenda) -> Ledger:
    """Make the study again from what is committed."""
    entries = {state.lane.name: state.entries(agenda.pool) for state in agenda.states}
    ledger = Ledger.rebuilt(run.study_file, agenda.experiment.space, entries)
    for state in agenda.states:
        show_failures(ledger, state, 0)
        if state.picks:
            ledger.show(state.lane.name, state.transfer, study_note(state))
    return ledger


def show_failures(ledger: Ledger, state: LaneState, first: int) -> None:
    """Show what has failed in a lane, but for its first failures."""
    for pick, failure in list(zip(state.failed, state.failures, strict=True))[first:]:
        note = f"**Why:** {pick.reason}\n\n**Failed:** {failure.reason}."
        ledger.fail(state.lane.name, pick.context, note)
