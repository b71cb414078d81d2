"""The files of a gap study: `gap.json`, and its tables as CSV and Parquet.

gap.json                     every number that is told, sealed with its sha256
contexts.csv, .parquet       method, training, target.<feature>…, part, set_point, return, gap,
                             regret: one row per method, training and context
policies.csv                 policy, home.<feature>… (empty where there is not one), trained_in,
                             set_point, return, gap, worst_gap: one row per policy
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rltransfer.experiment.gap_study.findings import LEVELS, Findings, PartFinding
from rltransfer.experiment.gap_study.method import PARTS, Training
from rltransfer.experiment.gap_study.row import PolicyRow
from rltransfer.experiment.gap_study.study import GapStudy
from rltransfer.files import seal_json, write_atomically, write_text
from rltransfer.transfer import Interval
from rltransfer.transfer.tables import context_columns

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["contexts_frame", "policies_frame", "study_dict", "write_results"]

FORMAT = 1


def write_results(study: GapStudy, folder: Path) -> None:
    """Write all files, each atomically.

    Raises:
        StorageError: if one cannot be written.
    """
    contexts, policies = contexts_frame(study), policies_frame(study)
    write_atomically(folder / "contexts.csv", lambda path: contexts.to_csv(path, index=False))
    write_atomically(folder / "contexts.parquet", lambda path: contexts.to_parquet(path))
    write_atomically(folder / "policies.csv", lambda path: policies.to_csv(path, index=False))
    write_text(folder / "gap.json", seal_json(study_dict(study)))


# -- tables --------------------------------------------------------------------------------------


def contexts_frame(study: GapStudy) -> pd.DataFrame:
    """Return a row per method, training and context."""
    import pandas as pd

    best = np.max([row.mean for row in (*study.rows, *study.references)], axis=0)
    frames = [
        training_frame(study, found, k, training, best)
        for found in study.findings
        for k, training in enumerate(found.method.trainings)
    ]
    return pd.concat(frames, ignore_index=True)


def training_frame(
    study: GapStudy, found: Findings, k: int, training: Training, best: Any
) -> pd.DataFrame:
    """Return a row per context of one training, the k-th of its method."""
    import pandas as pd

    reached, gap = training.served.mean(axis=1), training.gaps.mean(axis=1)
    return pd.DataFrame(
        {
            "method": found.method.name,
            "training": training.seed,
            **context_columns("target", study.ground.space, study.ground.targets),
            "part": [part_name(number) for number in found.parts[k]],
            "set_point": gap + reached,
            "return": reached,
            "gap": gap,
            "regret": best - reached,
        }
    )


def policies_frame(study: GapStudy) -> pd.DataFrame:
    """Return a row per policy."""
    import pandas as pd

    space, rows = study.ground.space, study.rows
    gaps = [row.gaps.mean(axis=1) for row in rows]
    return pd.DataFrame(
        {
            "policy": [row.name for row in rows],
            **context_columns("home", space, [only_home(row) for row in rows]),
            "trained_in": [len(row.home) for row in rows],
            "set_point": [float(row.at_home.mean()) for row in rows],
            "return": [float(row.returns.mean()) for row in rows],
            "gap": [float(gap.mean()) for gap in gaps],
            "worst_gap": [float(gap.max()) for gap in gaps],
        }
    )


def only_home(row: PolicyRow) -> Any:
    """Return the context that a policy was trained in; None where it is not one."""
    return row.home[0] if len(row.home) == 1 else None


def part_name(number: int) -> str:
    """Return the name of a part; nothing where it is not known."""
    return PARTS[number] if number >= 0 else ""


# -- JSON ----------------------------------------------------------------------------------------


def study_dict(study: GapStudy) -> dict[str, Any]:
    """Return what `gap.json` holds."""
    ground, spec = study.ground, study.spec
    return {
        "format": FORMAT,
        "env": ground.env.spec.id,
        "simulator": dict(ground.env.simulator.versions()),
        "vary": list(ground.space.names),
        "split": None if ground.split is None else ground.split.name,
        "contexts": [dict(y) for y in ground.targets],
        "episodes": study.episodes,
        "measured": study.measured,
        "seed": spec.seed,
        "worst": spec.worst,
        "methods": [method_dict(study, found) for found in study.findings],
        "comparisons": [comparison.to_dict() for comparison in study.comparisons],
        "law": None if study.law is None else study.law.to_dict(),
        "notes": list(study.notes),
    }


def method_dict(study: GapStudy, found: Findings) -> dict[str, Any]:
    """Return one method as plain data."""
    return {
        "name": found.method.name,
        "trainings": list(found.method.seeds),
        "policies": [row.name for row in found.method.rows],
        "return": found.returns._asdict(),
        "score": found.score._asdict(),
        "iqm": found.iqm._asdict(),
        "optimality_gap": found.optimality_gap._asdict(),
        "cvar": found.worst._asdict(),
        "gap": plain(found.gap),
        "regret": float(found.regret.mean()) if study.tells_regret else None,
        "parts": [part_dict(part) for part in found.by_part],
        "law": None if found.law is None else found.law.to_dict(),
        "profile": {
            "level": LEVELS.tolist(),
            **dict(zip(Interval._fields, found.profile.tolist(), strict=True)),
        },
        "by_context": list(by_context(found)),
    }


def by_context(found: Findings) -> Iterator[dict[str, Any]]:
    """Yield a record per context, trainings averaged."""
    gaps, low, high = (finite(x) for x in (found.gaps, found.low, found.high))
    for m, reached in enumerate(found.method.mean.tolist()):
        yield {"return": reached, "gap": gaps[m], "low": low[m], "high": high[m]}


def part_dict(part: PartFinding) -> dict[str, Any]:
    """Return one part as plain data."""
    return {
        "name": part.name,
        "contexts": part.contexts,
        "return": part.returns._asdict(),
        "gap": plain(part.gap),
        "lost": plain(part.lost),
    }


def plain(found: Interval | None) -> dict[str, float] | None:
    """Return an interval as plain data."""
    return None if found is None else found._asdict()


def finite(values: Any) -> list[float | None]:
    """Return numbers, None for those that are not known."""
    return [value if np.isfinite(value) else None for value in values.tolist()]
