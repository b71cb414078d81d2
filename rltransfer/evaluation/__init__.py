"""What a policy returns in each context of a family."""

from rltransfer.evaluation.evaluating import episode_seed, evaluate
from rltransfer.evaluation.playing import Actor
from rltransfer.evaluation.returns import Returns

__all__ = ["Actor", "Returns", "episode_seed", "evaluate"]
