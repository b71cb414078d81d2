"""`rltransfer check-env`, as somebody who wrote a family uses it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from rltransfer.cli.app import app
from rltransfer.envs.simulators.classic.cartpole import ContextualCartPole

runner = CliRunner()


def test_a_good_family() -> None:
    said = runner.invoke(app, ["check-env", "cartpole", "--steps", "30"])
    assert said.exit_code == 0, said.output
    assert "length moves the transition" in said.stdout
    assert said.stdout.endswith("cartpole: all checks passed.\n")


def test_a_family_with_a_fake_feature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ContextualCartPole, "derive", lambda self: None)
    said = runner.invoke(app, ["check-env", "cartpole", "--steps", "30", "--json"])
    assert said.exit_code == 3
    found = json.loads(said.stdout)
    assert not found["passed"]
    wrong = {check["check"]: check["found"] for check in found["checks"] if not check["passed"]}
    assert wrong["masscart moves the transition"].startswith("masscart changes nothing")
    assert "it can be batched" not in {check["check"] for check in found["checks"]}


def test_a_family_that_is_not_deterministic(monkeypatch: pytest.MonkeyPatch) -> None:
    honest, calls = ContextualCartPole.step, iter(range(10**6))

    def drifting(self: Any, action: Any) -> Any:
        seen, *rest = honest(self, action)
        return seen + seen.dtype.type(1e-6 * next(calls)), *rest

    monkeypatch.setattr(ContextualCartPole, "step", drifting)
    said = runner.invoke(app, ["check-env", "cartpole"])
    assert said.exit_code == 3
    assert "FAILED" in said.stdout
    assert "not deterministic" in said.stdout
    assert said.stdout.endswith(" checks failed.\n")
