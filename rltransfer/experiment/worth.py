"""Whether another source is worth its training.

Notation
    ΔV    what the selector expects the next source to add to the coverage V
    s     the standard error of that expectation; 0 where the selector tells none
    g     the least gain that is worth a training, `stop_gain`

    stop before round k > 1 if ΔV + s < g
"""

from __future__ import annotations

import numpy as np

from rltransfer.selection import Proposal, SourceTaskSelector
from rltransfer.transfer import TransferMatrix

__all__ = [
    "advice",
    "expected_text",
    "gain_text",
    "predictions",
    "predicts",
    "stop_text",
    "worth_training",
]


def worth_training(proposal: Proposal, stop_gain: float | None) -> bool:
    """Say whether a source may win enough; one of which nothing is expected may."""
    if stop_gain is None or proposal.predicted_gain is None:
        return True
    return proposal.predicted_gain + (proposal.predicted_error or 0.0) >= stop_gain


def predictions(proposal: Proposal) -> dict[str, float]:
    """Return what a proposal predicts, in units of the return; nothing where it predicts nothing.

    The keys are the proposal's: `predicted_set_point`, `predicted_gain`, `predicted_error`.
    """
    told = {
        "predicted_set_point": proposal.predicted_set_point,
        "predicted_gain": proposal.predicted_gain,
        "predicted_error": proposal.predicted_error,
    }
    return {name: value for name, value in told.items() if value is not None}


def gain_text(proposal: Proposal) -> str:
    """Return the predicted gain, such as `0.002 ± 0.001`; empty where there is none."""
    if proposal.predicted_gain is None:
        return ""
    error = proposal.predicted_error
    return f"{proposal.predicted_gain:.3g}" + ("" if error is None else f" ± {error:.2g}")


def expected_text(proposal: Proposal) -> str:
    """Return the predicted gain as a remark on the real one; empty where there is none."""
    return f" ({gain_text(proposal)} was expected)" if gain_text(proposal) else ""


def advice(proposal: Proposal) -> str:
    """Return what another source is expected to win, without a full stop."""
    return f"another source is expected to raise V by {gain_text(proposal)}"


def stop_text(proposal: Proposal, stop_gain: float, rounds: int, planned: int) -> str:
    """Return why a study ended before its last round, without a full stop."""
    return (
        f"{advice(proposal)}, less than {stop_gain:g}: stopped after {rounds} of {planned} rounds"
    )


def predicts(selector: SourceTaskSelector, empty: TransferMatrix, rounds: int) -> bool:
    """Say whether a selector tells in any round but the first what it expects.

    It is asked with made-up returns: all 0.

    Args:
        selector: the selector.
        empty: the transfer matrix before the first source.
        rounds: how many sources it picks.
    """
    transfer, row = empty, np.zeros((len(empty.targets), 1))
    for _ in range(rounds - 1):
        transfer = transfer.learn(selector.propose(transfer).index, row)
        if selector.propose(transfer).predicted_gain is not None:
            return True
    return False
