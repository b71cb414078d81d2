"""Whether a policy can act in a family."""

from __future__ import annotations

from rltransfer.envs import ContextualEnv
from rltransfer.errors import InvalidPolicy
from rltransfer.training.policy import Policy
from rltransfer.training.policy_spec import plain_space

__all__ = ["require_fit"]


def require_fit(policy: Policy, family: ContextualEnv, name: str, advice: str) -> None:
    """Refuse a policy whose observations or actions are not the family's.

    Args:
        policy: any policy.
        family: where it is to act.
        name: what people call the policy, such as its folder.
        advice: what to do, as a sentence.

    Raises:
        InvalidPolicy: naming the space that differs; ends with the advice.
    """
    seen, space = family.spaces
    expected = seen.shape[0] + len(policy.observe)
    given = policy.observation_size
    if expected != given:
        raise InvalidPolicy(
            f"the policy in {name} expects {given} observations, and {family.spec.id} gives "
            f"{expected}. {advice}"
        )
    actions = plain_space(space, "actions")
    if actions != policy.spec.action_space:
        raise InvalidPolicy(
            f"the policy in {name} chooses {policy.spec.action_space!r}, and {family.spec.id} "
            f"takes {actions!r}. {advice}"
        )
