"""`rltransfer doctor`: is everything there, and how fast is it here?"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import typer
from rich.markup import escape
from rich.table import Table

from rltransfer.cli.libraries import EXTRAS, with_extras
from rltransfer.cli.output import console, print_json
from rltransfer.envs import ContextualEnv, load_catalog
from rltransfer.errors import MissingDependency, RLTransferError
from rltransfer.runs.provenance import installed, provenance

__all__ = ["examine"]

CORE = ("gymnasium", "stable-baselines3", "torch", "numpy", "scikit-learn", "optuna",
        "optuna-dashboard", "pyarrow", "safetensors")  # fmt: skip
ROWS, SECONDS = 1024, 0.2


def examine(as_json: bool) -> None:
    """Print versions, what is optional and missing, and each family's speed.

    Leaves with exit code 1 if something that should work does not.
    """
    found: dict[str, Any] = {
        "provenance": provenance(),
        "core": {name: installed(name) for name in CORE},
        "extras": {extra.name: installed(extra.library) for extra in EXTRAS},
        "environments": {spec.id: check(ContextualEnv(spec)) for spec in load_catalog()},
        "broken": load_catalog().broken,
    }
    runs = all("error" not in told for told in found["environments"].values())
    found["healthy"] = runs and not found["broken"] and all(found["core"].values())
    if as_json:
        print_json(found)
    else:
        show(found)
    if not found["healthy"]:
        raise typer.Exit(1)


def check(env: ContextualEnv) -> dict[str, Any]:
    """Step a batch of default members with random actions; say how fast, or what is missing."""
    try:
        return {"steps_per_second": round(steps_per_second(env))}
    except MissingDependency as error:
        return {"missing": str(error)}
    except (ImportError, RuntimeError, RLTransferError) as error:
        return {"error": str(error)}


def steps_per_second(env: ContextualEnv) -> float:
    """Measure the array program, or the loop where a family has none, for a moment."""
    n = min(ROWS, env.rows_at_once)
    batch, rng = env.batch([env.space.default] * n), np.random.default_rng(0)
    batch.reset(np.arange(n), batch.initial_states(rng, n))
    batch.action_space.seed(0)
    actions = np.stack([batch.action_space.sample() for _ in range(n)])
    batch.step(actions)  # compiles what is compiled
    done, start = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < SECONDS:
        over = np.flatnonzero(batch.step(actions).over)
        done += n
        if len(over):
            batch.reset(over, batch.initial_states(rng, len(over)))
    batch.keep(np.arange(0))
    return done / elapsed


def show(found: dict[str, Any]) -> None:
    """Print the findings as tables."""
    table = Table("library", "version", box=None, pad_edge=False)
    for name, number in found["core"].items():
        table.add_row(name, number or "[red]missing")
    for name, number in found["extras"].items():
        table.add_row(f"{name} (extra)", number or "[dim]not installed")
    console.print(table)
    console.print()
    for name, told in found["environments"].items():
        speed = f"{told.get('steps_per_second', 0):,} steps/s in a batch"
        trouble = told.get("error") or told.get("missing")
        console.print(f"{name:28} {escape(trouble) if trouble else speed}", soft_wrap=True)
    for reason in found["broken"].values():
        console.print(f"[red]cannot be read:[/] {reason}", soft_wrap=True)
    color = "green" if found["healthy"] else "red"
    console.print(f"\n[{color}]{escape(verdict(found))}", soft_wrap=True)


def verdict(found: dict[str, Any]) -> str:
    """Say whether what is installed works, and what could be installed besides."""
    if not found["healthy"]:
        return "not healthy: see what is missing or failed above."
    absent = [extra for extra in EXTRAS if found["extras"][extra.name] is None]
    if not absent:
        return "healthy: everything is installed and works."
    told = ", ".join(f"{extra.name} ({extra.purpose})" for extra in absent)
    install = with_extras(*(extra.name for extra in absent))
    return f"healthy: all that is installed works. Optional, not installed: {told}. {install}"
