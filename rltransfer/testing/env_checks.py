"""What every environment family must do, as checks that need no test runner.

Each takes the family, the actions of an episode in its default context and a seed. It returns what
it found in a few words, or raises an AssertionError whose message says what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from types import MappingProxyType
from typing import Any

import gymnasium as gym
import numpy as np

from rltransfer.contexts import Context, ContextFeature
from rltransfer.envs import ContextualEnv
from rltransfer.testing.probes import corners, other_context, two_other_values
from rltransfer.testing.traces import Trace, in_turn, replay

__all__ = [
    "CHECKS",
    "Check",
    "a_context_comes_and_goes",
    "a_feature_moves_the_transition",
    "a_seed_decides_everything",
    "corners_stay_finite",
    "instances_keep_apart",
    "observations_stay_in_their_space",
    "spaces_do_not_depend_on_the_context",
]

Check = Callable[[ContextualEnv, Sequence[Any], int], str]


def a_seed_decides_everything(env: ContextualEnv, actions: Sequence[Any], seed: int) -> str:
    """The same seed gives the same episode, in one instance and in another."""
    with closing(env.make()) as member:
        first = replay(member, actions, seed)
        again, other = replay(member, actions, seed), replay(member, actions, seed + 1)
    cause = "it is not deterministic: with the same seed and actions"
    require_same(first, again, f"{cause}, a second episode of one instance differs")
    require_same(first, played(env, None, actions, seed), f"{cause}, another instance differs")
    assert other != first, "another seed changes nothing"
    return f"the same bits in {len(first) - 1} steps"


def a_feature_moves_the_transition(
    env: ContextualEnv, feature: ContextFeature, actions: Sequence[Any], seed: int
) -> str:
    """A feature that changes nothing is a fake context."""
    one, two = ({feature.name: value} for value in two_other_values(feature))
    alike = {(0, 1), (0, 2), (1, 2)}
    with ExitStack() as stack:
        members = [stack.enter_context(closing(env.make(context))) for context in (None, one, two)]
        for step, moments in enumerate(in_turn(members, actions, seed)):
            alike = {(i, j) for i, j in alike if moments[i] == moments[j]}
            if not alike:
                return f"seen at step {step}"
    where = "between two values" if alike == {(1, 2)} else "from its default"
    raise AssertionError(f"{feature.name} changes nothing {where}")


def corners_stay_finite(env: ContextualEnv, actions: Sequence[Any], seed: int) -> str:
    """The ends of all ranges together give numbers."""
    found = env.space.from_unit(corners(len(env.space)))
    for corner in found:
        trace = played(env, corner, actions, seed)
        values = [(*moment.observation, moment.reward) for moment in trace]
        assert np.isfinite(values).all(), f"{corner} overflows"
    return f"{len(found)} corners of the context space"


def observations_stay_in_their_space(env: ContextualEnv, actions: Sequence[Any], seed: int) -> str:
    """What is observed in the default context lies between the bounds that the space tells."""
    with closing(env.make()) as member:
        space: Any = member.observation_space
        trace = replay(member, actions, seed)
    assert isinstance(space, gym.spaces.Box), f"observations are {space}; only a Box is supported"
    for step, moment in enumerate(trace):
        seen = np.array(moment.observation, dtype=space.dtype).reshape(space.shape)
        assert space.contains(seen), f"the observation of step {step} is outside {space}: {seen}"
    return f"{len(trace)} observations"


def spaces_do_not_depend_on_the_context(
    env: ContextualEnv, actions: Sequence[Any], seed: int
) -> str:
    """One policy fits all members."""
    with closing(env.make()) as usual:
        for corner in env.space.from_unit(corners(len(env.space))):
            with closing(env.make(corner)) as member:
                assert member.observation_space == usual.observation_space, f"{corner} sees others"
                assert member.action_space == usual.action_space, f"{corner} has other actions"
        seen, chosen = in_short(usual.observation_space), in_short(usual.action_space)
    return f"observations {seen}, actions {chosen}"


def in_short(space: gym.Space[Any]) -> str:
    """Return a space without its bounds, which may be many."""
    return f"Box{space.shape}" if isinstance(space, gym.spaces.Box) else str(space)


def a_context_comes_and_goes(env: ContextualEnv, actions: Sequence[Any], seed: int) -> str:
    """`reset(options={"context": ...})` equals building anew, there and back."""
    usual = played(env, None, actions, seed)
    with closing(env.make()) as member:
        for other in (other_context(env.space), other_context(env.space, 0.8)):
            changed = replay(member, actions, seed, {"context": dict(other)})
            assert changed == played(env, other, actions, seed) != usual, (
                f"a reset to {other} is not what an environment built there is"
            )
            assert replay(member, actions, seed) == changed, "a context stays until the next one"
            back = replay(member, actions, seed, {"context": {}})
            assert back == usual, "it does not come back"
    return "as if built anew, there and back"


def instances_keep_apart(env: ContextualEnv, actions: Sequence[Any], seed: int) -> str:
    """Two contexts stepped in turn are what each is alone."""
    contexts = [env.space.default, other_context(env.space)]
    alone = [stepped_in_turn(env, [context], actions, seed)[0] for context in contexts]
    together = stepped_in_turn(env, contexts, actions, seed)
    assert together == alone, "an instance changes another, or what it shares with another"
    return "two contexts in turn are what each is alone"


def stepped_in_turn(
    env: ContextualEnv, contexts: Sequence[Context], actions: Sequence[Any], seed: int
) -> list[Trace]:
    """Step new members of some contexts in turn; return what each did."""
    with ExitStack() as stack:
        members = [stack.enter_context(closing(env.make(context))) for context in contexts]
        return [list(trace) for trace in zip(*in_turn(members, actions, seed), strict=True)]


def played(
    env: ContextualEnv, context: Context | Mapping[str, float] | None, actions: Any, seed: int
) -> Trace:
    """Replay the actions in a new member of a context."""
    with closing(env.make(context)) as member:
        return replay(member, actions, seed)


def require_same(one: Trace, other: Trace, sentence: str) -> None:
    """Compare two traces bit for bit; say at which step they part."""
    assert one == other, f"{sentence} from step {parting(one, other)} on"


def parting(one: Trace, other: Trace) -> int:
    """Return the first step at which two traces differ; 0 is the reset."""
    pairs = zip(one, other, strict=False)
    unlike = (step for step, (a, b) in enumerate(pairs) if a != b)
    return next(unlike, min(len(one), len(other)))


CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "a seed decides everything": a_seed_decides_everything,
        "observations stay in their space": observations_stay_in_their_space,
        "spaces do not depend on the context": spaces_do_not_depend_on_the_context,
        "corners stay finite": corners_stay_finite,
        "a context comes and goes": a_context_comes_and_goes,
        "instances keep apart": instances_keep_apart,
    }
)
"""The checks by name, but for that of each feature."""
