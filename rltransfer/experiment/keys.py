"""The name of a trained policy in a run: what it was trained from decides it.

Notation
    x_k    the source of round k in one lane
    κ_k    the key of its policy
    m_k    the targets that it is measured on, where these are not all

A policy that starts from nothing depends on the run's seed and its context alone:

    κ_k = digest(x_k)

One that inherits depends on all sources before it in its lane, too:

    κ_1 = digest(x_1),    κ_k = hash(digest(x_k), κ_1, …, κ_{k-1})

So lanes with the same first sources share them, and a policy trained from nothing is never taken
for one of the same context that had a head start. Where policies are measured on some targets only,
m_k goes into the hash, too: lanes that ask for different targets share the training, but not what
was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from rltransfer.contexts import Context

__all__ = ["Lineage", "key_of"]

DIGITS = 16


@dataclass(frozen=True)
class Lineage:
    """A source, and what its policy is trained from.

    Attributes:
        context: the source.
        parents: keys of the policies before it, in order; empty for one that starts from nothing.
        measured: indices of the targets that it is measured on; empty for all of them.
    """

    context: Context
    parents: tuple[str, ...] = ()
    measured: tuple[int, ...] = ()

    @cached_property
    def key(self) -> str:
        """The policy's name in its run."""
        if not self.parents and not self.measured:
            return self.context.digest
        where = [f"measured on {self.measured}"] if self.measured else []
        text = "/".join([self.context.digest, *self.parents, *where])
        return sha256(text.encode()).hexdigest()[:DIGITS]


def key_of(wanted: Lineage | str) -> str:
    """Return the key of a source's policy, or of a multi-task policy by its name."""
    return wanted if isinstance(wanted, str) else wanted.key
