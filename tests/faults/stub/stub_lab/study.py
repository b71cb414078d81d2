"""The small study that is interrupted: two selectors, two sources each, three segments each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Study"]


@dataclass(frozen=True)
class Study:
    """A study of the stub in a folder.

    Attributes:
        folder: of all experiments, and of what the tests write down beside them.
        rounds: how many sources each selector picks.
        selector: the study's own.
        clock: seconds by which the wall clock jumps ahead and back, with every look at it.
        environment: variables that the study is run with.
    """

    folder: str
    rounds: int = 2
    selector: str = "equidistant"
    clock: float = 0.0
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> Path:
        """The folder."""
        return Path(self.folder)

    @property
    def run(self) -> Path:
        """The folder of the only run."""
        return self.place / "study" / "seed-0"

    @property
    def diary(self) -> Path:
        """The file that segments are written into."""
        return self.place / "diary"

    @property
    def last_words(self) -> Path:
        """The file that the latest attempt has written its error into."""
        return self.place / "last-words"

    def perform(self) -> None:
        """Run the study, or go on with it, all of it in this process."""
        from rltransfer.experiment.loop import run_experiment
        from rltransfer.experiment.spec import Experiment
        from stub_lab.alone import Alone

        study = Experiment.of(
            "cartpole", vary=["length"], targets=4, rounds=self.rounds, name="study",
            selection={"selector": self.selector, "compare": ["random"]},
            training={"recipe": "stub", "steps": 300}, evaluation={"episodes": 2},
        )  # fmt: skip
        run_experiment(study, self.place, backend=Alone())
