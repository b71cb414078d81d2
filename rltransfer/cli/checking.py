"""`rltransfer check-env`: does a family do what every family must? For those who write one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import typer
from rich.markup import escape

from rltransfer.cli.health import steps_per_second
from rltransfer.cli.output import console, print_json
from rltransfer.envs import ContextualEnv, make
from rltransfer.errors import SourceFailed
from rltransfer.testing.examination import Finding, examine

__all__ = ["check_family"]

WIDTH = 38
"""Of the names of checks."""


def check_family(name: str, steps: int, as_json: bool) -> None:
    """Print what each check of the contract finds in a family, as soon as it is found.

    Leaves with exit code 3 if the family fails one.

    Raises:
        UnknownEnvironment: if there is no such family.
    """
    env, findings = make(name), []
    for finding in found_in(env, steps):
        findings.append(finding)
        if not as_json:
            show(finding)
    failed = sum(not finding.passed for finding in findings)
    if as_json:
        checks = [asdict(finding) for finding in findings]
        print_json({"environment": name, "passed": not failed, "checks": checks})
    else:
        verdict = f"{failed} of {len(findings)} checks failed" if failed else "all checks passed"
        console.print(f"\n{name}: {verdict}.")
    if failed:
        raise typer.Exit(SourceFailed.exit_code)


def found_in(env: ContextualEnv, steps: int) -> Iterator[Finding]:
    """Yield all findings; of a family that passes, also how fast its batch is."""
    passed = True
    for finding in examine(env, steps):
        passed &= finding.passed
        yield finding
    if passed:
        yield Finding("it can be batched", True, f"{steps_per_second(env):,.0f} steps per second")


def show(finding: Finding) -> None:
    """Print one line of the table."""
    sign = "[green]passed[/]" if finding.passed else "[red]FAILED[/]"
    found = escape(finding.found)
    console.print(f"{escape(finding.check):{WIDTH}} {sign}  {found}", soft_wrap=True)
