"""Where every random number comes from: one root seed, split by purpose and context.

A seed depends on what it is for and on nothing else: not on the order of the work, the number of
workers, or which other contexts are in the study. So a source trained by one selector is the same
policy that another selector would have trained.
"""

from __future__ import annotations

from hashlib import sha256

from rltransfer.contexts.context import Context

__all__ = ["derive_seed"]


def derive_seed(root: int, purpose: str, context: Context | None = None) -> int:
    """Return a seed in 0 … 2**31 - 1 for one purpose, and one context where it has one.

    Args:
        root: the seed of the whole run.
        purpose: a word such as "train" or "evaluate".
        context: the context concerned; None for what concerns all of them.
    """
    text = f"{root}/{purpose}/{'' if context is None else context.digest}"
    return int.from_bytes(sha256(text.encode()).digest()[:4], "big") >> 1
