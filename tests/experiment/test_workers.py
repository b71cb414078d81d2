from __future__ import annotations

import pytest

from rltransfer.errors import InvalidExperiment
from rltransfer.experiment.workers import share_of_cores


def test_workers_share_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLTRANSFER_THREADS", "5")
    assert share_of_cores(2) == {"RLTRANSFER_THREADS": "2"}
    assert share_of_cores(9) == {"RLTRANSFER_THREADS": "1"}
    monkeypatch.setenv("RLTRANSFER_THREADS", "many")
    with pytest.raises(InvalidExperiment, match="must be a whole number from 1 on; got 'many'"):
        share_of_cores(2)
