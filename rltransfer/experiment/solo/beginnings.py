"""What a training can begin with: does it fit, and by which digest is it told from another?"""

from __future__ import annotations

from hashlib import sha256

from rltransfer.data import Transitions
from rltransfer.data.transitions_file import DTYPES
from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidExperiment, InvalidPolicy
from rltransfer.experiment.monitor import fingerprint
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import plain_space
from rltransfer.training.recipes import Recipe

__all__ = ["digest_of", "name_of", "require_start", "uses_data"]

DIGITS = 16


def uses_data(recipe: Recipe, env: ContextualEnv) -> bool:
    """Say whether a recipe that inherits learns from recorded transitions: else it refuses them."""
    try:
        recipe.data_trainer(env)
    except InvalidExperiment:
        return False
    return True


def listed(features: tuple[str, ...]) -> str:
    """Return context features as words."""
    return f"the context's {', '.join(features)}" if features else "nothing of the context"


def require_start(policy: Policy, env: ContextualEnv, observe: tuple[str, ...], name: str) -> None:
    """Refuse a policy that a training of this family cannot go on with.

    Raises:
        InvalidPolicy: naming the algorithm or the space.
    """
    spec = policy.spec
    if spec.algorithm != "PPO":
        raise InvalidPolicy(
            f"{name} holds a {spec.algorithm} policy, and only PPO's can be gone on with. Train "
            "one with PPO."
        )
    seen, space = env.spaces
    o, actions = seen.shape[0], plain_space(space, "actions")
    if policy.observe != observe or policy.observation_size != o + len(observe):
        raise InvalidPolicy(
            f"{name} holds a policy of {policy.observation_size} observations that sees "
            f"{listed(policy.observe)}; {env.spec.id} gives {o}, and {listed(observe)} is to be "
            "seen. Start from a policy of equal spaces, with the same --observe."
        )
    if actions != spec.action_space:
        raise InvalidPolicy(
            f"{name} holds a policy that chooses {spec.action_space!r}, and {env.spec.id} takes "
            f"{actions!r}."
        )


def digest_of(data: Transitions) -> str:
    """Return a hash of all numbers and contexts (16 hex digits)."""
    hashed = sha256(repr([dict(context) for context in data.contexts]).encode())
    for name in DTYPES:
        hashed.update(getattr(data, name).tobytes())
    return hashed.hexdigest()[:DIGITS]


def name_of(policy: Policy) -> str:
    """Return a hash of what decides how a policy acts (16 hex digits)."""
    return fingerprint(policy)[:DIGITS]
