"""What selectors say while a run goes on: why a source, what it was to win, what it has won."""

from __future__ import annotations

from rltransfer.cli.output import console
from rltransfer.experiment.events import Events
from rltransfer.experiment.job import Job
from rltransfer.experiment.worth import expected_text
from rltransfer.runs import Failure, SourceRecord
from rltransfer.runs.ledger import Entry
from rltransfer.selection import Proposal

__all__ = ["ChoosingEvents"]


class ChoosingEvents(Events):
    """A line for each choice, and for what came of it."""

    def say(self, line: str) -> None:
        """Print a line."""
        console.print(line, soft_wrap=True, markup=False)

    def met(self, record: SourceRecord) -> None:
        """Say what a policy from elsewhere returns."""
        mean = record.returns.mean()
        self.say(f"known {record.label}: mean return over all targets {mean:.1f}.")

    def proposed(self, selector: str, proposal: Proposal) -> None:
        """Say why a source was chosen."""
        self.say(f"{selector} chose {proposal.context.label}: {proposal.reason}.")

    def learned(self, selector: str, pick: Proposal, entry: Entry) -> None:
        """Say what a source has won, and what was expected of it."""
        won = f", {entry.gain:+.1f} by {pick.context.label}{expected_text(pick)}"
        first = entry.gain == entry.value  # there was no V before it
        self.say(f"{selector}: V is now {entry.value:.1f}{'' if first else won}.")

    def repeated(self, label: str, why: str) -> None:
        """Say why a training begins again."""
        self.say(f"training {label} again: {why}.")

    def failed(self, job: Job, failure: Failure) -> None:
        """Say which source is given up, and why."""
        self.say(f"failed {failure.sentence.rstrip('.')}.")

    def stopping(self, seconds: float) -> None:
        """Say what a first Ctrl-C waits for."""
        self.say(
            f"stopping: trainings have {seconds:.0f} s to keep what they have; Ctrl-C again "
            "stops at once."
        )

    def stopped(self, selector: str, why: str) -> None:
        """Say why no further source is trained."""
        self.say(f"{selector}: {why}.")
