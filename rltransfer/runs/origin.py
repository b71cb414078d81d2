"""Where a policy comes from that this run has not trained."""

from __future__ import annotations

from pydantic import Field

from rltransfer.schema import Table

__all__ = ["Origin"]


class Origin(Table):
    """A known policy's past, as its run tells it.

    Attributes:
        name: what the study calls the policy.
        path: the folder that it was read from.
        weights: sha256 of its weights' file.
        context: the complete context that it was trained in; None if in many.
        provenance: what the policy says of its training.
    """

    name: str
    path: str
    weights: str
    context: dict[str, float] | None = None
    provenance: dict[str, str] = Field(default_factory=dict)
