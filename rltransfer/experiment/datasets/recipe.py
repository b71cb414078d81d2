"""The recipe of D4RL (arXiv:2004.07219) in each context: who acts, and what returns mean there.

    random          uniform random actions
    expert          the best checkpoint of a training, acting as in training, with its noise
    medium          the checkpoint whose recorded return is nearest to a third of the way from
                    random to expert
    medium-replay   what training saw before the medium checkpoint
    full-replay     what training saw before the expert
    medium-expert   half medium, half expert
    mixed-context   medium in several contexts, each with a training of its own

Nothing is trained for random data, so they state no reference returns.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

import numpy as np

from rltransfer.contexts import Context
from rltransfer.data import Dataset, DatasetInfo, Transitions, UniformRandom, collect
from rltransfer.data.info import ContextRecord, ReturnSummary
from rltransfer.experiment.datasets.checkpoints import Checkpoint, Told
from rltransfer.experiment.datasets.guides import Guides, given, trained
from rltransfer.experiment.datasets.plan import DatasetPlan
from rltransfer.seeding import derive_seed
from rltransfer.training.behaviour import PolicyBehaviour
from rltransfer.training.policy import Policy

__all__ = ["record"]


class Part(NamedTuple):
    """Transitions of one context, and by whom."""

    data: Transitions
    behaviours: tuple[dict[str, str], ...]


def record(plan: DatasetPlan, told: Told = lambda what, done, total: None) -> Dataset:
    """Record a dataset; the same plan gives the same data on one machine.

    Args:
        plan: what is to be recorded.
        told: hears of progress.

    Raises:
        SourceFailed: if the simulator fails, training diverges, or learns nothing.
    """
    n = len(plan.contexts)
    shares = [(plan.steps + i) // n for i in reversed(range(n))]
    parts, records = [], []
    for context, share in zip(plan.contexts, shares, strict=True):
        part, entry = record_context(plan, context, share, told)
        parts.append(part.data)
        records.append(entry)
    info = DatasetInfo(
        env=plan.env.spec.id,
        quality=plan.quality,
        contexts=tuple(records),
        simulator=plan.env.simulator.versions(),
        seed=plan.seed,
    )
    return Dataset(info, Transitions.joined(parts))


def record_context(
    plan: DatasetPlan, context: Context, steps: int, told: Told
) -> tuple[Part, ContextRecord]:
    """Record one context and describe it."""
    if plan.quality == "random":
        guides, part = None, play_random(plan, context, steps)
    else:
        guides = given(plan, context) if plan.policy else trained(plan, context, told)
        told("recording", 0, steps)
        part = PARTS[plan.quality](plan, context, steps, guides)
    told("recording", steps, steps)
    return part, ContextRecord(
        context=dict(context),
        behaviours=part.behaviours,
        returns=ReturnSummary.of(part.data, plan.env.spec.horizon),
        reference=None if guides is None else guides.reference,
    )


def play_random(plan: DatasetPlan, context: Context, steps: int) -> Part:
    """Record uniform random actions."""
    behaviour = UniformRandom.of(plan.env)
    seed = derive_seed(plan.seed, "record random")
    data = collect(plan.env, [context], behaviour, steps, seed)
    return Part(data, ({"role": "random", "actions": "uniform"},))


def play_medium(plan: DatasetPlan, context: Context, steps: int, guides: Guides) -> Part:
    """Record the medium policy."""
    return play(plan, context, steps, "medium", guides.medium, guides)


def play_expert(plan: DatasetPlan, context: Context, steps: int, guides: Guides) -> Part:
    """Record the expert."""
    return play(plan, context, steps, "expert", guides.expert, guides)


def play_both(plan: DatasetPlan, context: Context, steps: int, guides: Guides) -> Part:
    """Record the medium policy for one half of the steps, and the expert for the other."""
    medium = play_medium(plan, context, steps // 2, guides)
    expert = play_expert(plan, context, steps - steps // 2, guides)
    data = Transitions.joined([medium.data, expert.data])
    return Part(data, (*medium.behaviours, *expert.behaviours))


def replay_medium(plan: DatasetPlan, context: Context, steps: int, guides: Guides) -> Part:
    """Return what training saw before the medium checkpoint."""
    return replay(plan, context, steps, guides.medium, guides)


def replay_all(plan: DatasetPlan, context: Context, steps: int, guides: Guides) -> Part:
    """Return what training saw before the expert."""
    return replay(plan, context, steps, guides.expert, guides)


def replay(
    plan: DatasetPlan, context: Context, steps: int, until: Checkpoint, guides: Guides
) -> Part:
    """Return what training saw before a checkpoint; of more than `steps`, random episodes."""
    assert guides.checkpoints is not None, "a replay needs a training"
    seen = guides.checkpoints.seen_until(until)
    rng = np.random.default_rng(derive_seed(plan.seed, f"record {plan.quality}", context))
    who = provenance_of(f"{plan.quality}, until", until, guides, stochastic=True)
    return Part(thinned(seen, steps, rng), (who,))


def play(
    plan: DatasetPlan, context: Context, steps: int, role: str, who: Checkpoint, guides: Guides
) -> Part:
    """Record a checkpoint's policy."""
    behaviour = PolicyBehaviour(who.policy)
    seed = derive_seed(plan.seed, f"record {role}")
    data = collect(plan.env, [context], behaviour, steps, seed)
    return Part(data, (provenance_of(role, who, guides, behaviour.stochastic),))


PARTS: dict[str, Callable[[DatasetPlan, Context, int, Guides], Part]] = {
    "medium": play_medium,
    "expert": play_expert,
    "medium-expert": play_both,
    "medium-replay": replay_medium,
    "full-replay": replay_all,
    "mixed-context": play_medium,
}


def thinned(data: Transitions, steps: int, rng: np.random.Generator) -> Transitions:
    """Return whole episodes, drawn without replacement, of at most so many steps in all."""
    if len(data) <= steps:
        return data
    order = rng.permutation(len(data.starts))
    chosen = np.zeros(len(order), dtype=np.bool_)
    chosen[order[np.cumsum(data.episode_lengths[order]) <= steps]] = True
    if not chosen.any():
        chosen[order[0]] = True  # a single episode is longer than all that was asked for
    return data.episodes(chosen)


def provenance_of(role: str, who: Checkpoint, guides: Guides, stochastic: bool) -> dict[str, str]:
    """Return what decides the behaviour, and how good it is, as plain text."""
    known = {
        **who.policy.spec.provenance,
        "role": role,
        "algorithm": who.policy.spec.algorithm,
        "actions": "stochastic" if stochastic else "deterministic",
        "weights_sha256": weights_digest(who.policy),
        "return": f"{who.score:.6g}",
    }
    if guides.reference is not None:
        known["score"] = f"{float(guides.reference.score(who.score)):.1f}"
    return known


def weights_digest(policy: Policy) -> str:
    """Return the sha256 of a policy's weights as `Policy.save` writes them, in hex."""
    from safetensors.numpy import save

    return sha256(save(dict(policy.weights))).hexdigest()
