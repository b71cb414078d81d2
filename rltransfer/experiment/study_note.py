"""What stands above a selector's study in the dashboard: how far it is, and whether to go on."""

from __future__ import annotations

from rltransfer.experiment.lanes import LaneState
from rltransfer.experiment.worth import advice

__all__ = ["study_note"]


def study_note(state: LaneState) -> str:
    """Return V so far and what another source is expected to win, in Markdown."""
    rounds, planned = len(state.picks), state.lane.rounds
    features = ", ".join(state.transfer.space.names)
    told = [f"**{state.lane.name}** over {features}: {rounds} of {planned} sources."]
    if rounds:
        told.append(f"V, the mean over targets of the best return, is {state.V[-1]:.1f}.")
    return " ".join(told) + f"\n\n{outlook(state)}"


def outlook(state: LaneState) -> str:
    """Return whether another source is worth it, as a sentence; empty where nobody can say."""
    if state.stopped is not None:
        return f"**{sentence(state.stopped)}.**"
    following = state.following if state.picks else None
    if following is None or following.predicted_gain is None:
        return ""
    return f"**{sentence(advice(following))}: stop?**"


def sentence(words: str) -> str:
    """Return words with a capital letter."""
    return words[:1].upper() + words[1:]
