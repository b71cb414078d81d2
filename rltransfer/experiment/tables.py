"""The run's tables: every episode of every round, every gap after it, and what each round won.

    returns.parquet   selector, round, source.<feature>…, target.<feature>…, episode, return, length
    gaps.parquet      selector, round, source.<feature>…, target.<feature>…, set_point, reached,
    gaps.csv          gap, low, high, regret, known
    rounds.csv        selector, round, source.<feature>…, predicted_set_point, set_point,
                      predicted_gain, predicted_error, gain, coverage, measured
    served.csv        selector, target.<feature>…, source.<feature>…, return, measured

`round` counts from 1; `source` is the source trained in that round in `returns`, and the covering
source of the target in `gaps`. Returns are raw; the regret is against the best return that any
policy of the run reaches on the target. A prediction is what the selector expected before the
round, and empty where it expected nothing; the gain of the first round is empty, unless policies
from elsewhere were known before it. `known` in gaps names the one of them that covers a target; its
source is where it was trained, and empty where that is not known.

Where policies are measured on some targets only (`evaluation.measure`), `returns` holds what was
measured, and `gaps` is empty on targets that no policy of the lane was measured on. V, its gain and
`served` are over all targets: who serves each in the end, and what it returns there by measurement
or, where `measured` is False, by forecast. The file is written only then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rltransfer.files import write_atomically
from rltransfer.runs import SourceRecord
from rltransfer.seeding import derive_seed
from rltransfer.selection.serving import serve
from rltransfer.transfer import GapReport, gap_report
from rltransfer.transfer.tables import context_columns

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from rltransfer.experiment.lanes import LaneState

__all__ = ["best_known", "gap_reports", "write_tables"]

PREDICTED = ("predicted_set_point", "predicted_gain", "predicted_error", "gain")
"""Columns of rounds.csv that may be empty."""


def best_known(pool: Mapping[str, SourceRecord]) -> NDArray[np.float64]:
    """Return the best mean return of any policy of the run on each target, shape (M,), or NaN."""
    means = [record.returns.mean(axis=1) for record in pool.values()]
    return np.asarray(np.fmax.reduce(means, axis=0))


def gap_reports(state: LaneState, pool: Mapping[str, SourceRecord], seed: int) -> list[GapReport]:
    """Return the gaps of a lane after each of its rounds."""
    known = best_known(pool)
    rng = np.random.default_rng(derive_seed(seed, f"gaps {state.lane.name}"))
    rounds = range(1, len(state.picks) + 1)
    return [gap_report(state.transfer.after(k), rng, best_known=known) for k in rounds]


def write_tables(
    folder: Path, states: Sequence[LaneState], pool: Mapping[str, SourceRecord], seed: int
) -> None:
    """Write the tables of all lanes, each file atomically.

    Raises:
        StorageError: if they cannot be written; the old tables are unchanged.
    """
    import pandas as pd

    begun = [state for state in states if state.picks]
    if not begun:
        return
    returns = pd.concat([returns_frame(state, pool) for state in begun], ignore_index=True)
    gaps = pd.concat([gaps_frame(state, pool, seed) for state in begun], ignore_index=True)
    rounds = pd.concat([rounds_frame(state) for state in begun], ignore_index=True)
    write_atomically(folder / "rounds.csv", lambda path: rounds.to_csv(path, index=False))
    write_atomically(folder / "returns.parquet", lambda path: returns.to_parquet(path))
    write_atomically(folder / "gaps.parquet", lambda path: gaps.to_parquet(path))
    write_atomically(folder / "gaps.csv", lambda path: gaps.to_csv(path, index=False))
    if not all(state.transfer.complete for state in begun):
        served = pd.concat([served_frame(state) for state in begun], ignore_index=True)
        write_atomically(folder / "served.csv", lambda path: served.to_csv(path, index=False))


def returns_frame(state: LaneState, pool: Mapping[str, SourceRecord]) -> pd.DataFrame:
    """Return every episode of a lane's rounds in long form."""
    frame = state.transfer.to_frame()
    measured = state.transfer.measured
    frame["length"] = np.concatenate(
        [pool[key].lengths[row].ravel() for key, row in zip(state.keys, measured, strict=True)]
    )
    frame.insert(0, "selector", state.lane.name)
    return frame


def gaps_frame(state: LaneState, pool: Mapping[str, SourceRecord], seed: int) -> pd.DataFrame:
    """Return the gaps of a lane after each round, one row per round and target."""
    import pandas as pd

    frames = [report.to_frame() for report in gap_reports(state, pool, seed)]
    frame = pd.concat(frames, ignore_index=True)
    frame.insert(0, "selector", state.lane.name)
    return frame


def served_frame(state: LaneState) -> pd.DataFrame:
    """Return who serves each target after a lane's last round, and how far that is known."""
    import pandas as pd

    transfer, served = state.transfer, serve(state.transfer)
    trained = [transfer.sources[index] for index in transfer.trained]
    homes = [*trained, *(policy.context for policy in transfer.known.policies)]
    return pd.DataFrame(
        {
            "selector": state.lane.name,
            **context_columns("target", transfer.space, transfer.targets),
            **context_columns("source", transfer.space, [homes[k] for k in served.rows]),
            "return": served.returns,
            "measured": served.measured,
        }
    )


def rounds_frame(state: LaneState) -> pd.DataFrame:
    """Return what was expected of each pick of a lane, and what came of it, one row per round."""
    import pandas as pd

    V = state.V
    columns: dict[str, Any] = {
        "selector": state.lane.name,
        "round": range(1, len(state.picks) + 1),
        **{
            f"source.{name}": [pick.context[name] for pick in state.picks]
            for name in state.transfer.space.names
        },
        "predicted_set_point": [pick.predicted_set_point for pick in state.picks],
        "set_point": state.transfer.set_points,
        "predicted_gain": [pick.predicted_gain for pick in state.picks],
        "predicted_error": [pick.predicted_error for pick in state.picks],
        "gain": state.gains,
        "coverage": V,
        "measured": state.transfer.measured.sum(axis=1),
    }
    return pd.DataFrame(columns).astype(dict.fromkeys(PREDICTED, float))
