"""Run one setting, and write down where the controller's time went."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from crew import Simulated
from settings import SETTINGS
from stopwatch import DECISION, Stopwatch

from rltransfer.experiment.loop import run_experiment

OUT = Path("benchmarks/out/scaling")
WINDOW = 0.1
"""The share of the commits at the beginning and at the end that are compared."""


def main() -> None:
    """Run the setting that is named."""
    name = sys.argv[1]
    setting = SETTINGS[name]
    experiment = setting.experiment(name.replace(" ", "-"))
    backend = Simulated(setting.workers, setting.seconds, experiment)
    watch = Stopwatch()
    OUT.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=OUT) as runs, watch.attached():
        run_experiment(experiment, Path(runs), backend=backend, events=watch)
    found = summary(watch, time.perf_counter() - began)
    said = {"about": setting.about, "contexts": len(experiment.sources()),
            "workers": setting.workers, "training_seconds": setting.seconds}  # fmt: skip
    (OUT / f"{name.replace(' ', '-')}.json").write_text(json.dumps({**said, **found}, indent=1))


def summary(watch: Stopwatch, seconds: float) -> dict[str, object]:
    """Return what is kept of a run."""
    each = np.diff([0.0, *watch.busy])
    few = max(1, round(WINDOW * len(each)))
    return {
        "sources": len(each),
        "decisions": watch.calls[DECISION],
        "seconds": round(seconds, 1),
        "first": float(each[:few].mean()),
        "last": float(each[-few:].mean()),
        "per_second": len(each) / (watch.moments[-1] - watch.moments[0]),
        "parts": {part: round(value, 3) for part, value in watch.seconds.items()},
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


if __name__ == "__main__":
    main()
