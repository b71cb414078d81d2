"""Learning from a rollout: `PPO.train` with one kernel call per epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.utils import explained_variance

from rltransfer.training.kernels.adam import Groups
from rltransfer.training.kernels.epoch import one_epoch
from rltransfer.training.kernels.objective import FINDINGS, Experience, Loss

if TYPE_CHECKING:
    from rltransfer.training.fast_ppo.agent import FastPPO
    from rltransfer.training.fast_ppo.layout import Layout

__all__ = ["update"]


def update(agent: FastPPO) -> None:
    """Go `n_epochs` times through the agent's buffer, or until the policy has moved too far.

    Raises:
        ValueError: if a weight would not be finite; the agent keeps those that it had.
    """
    agent.policy.set_training_mode(True)
    agent._update_learning_rate(agent.policy.optimizer)
    layout, optimizer = agent.layout, agent.policy.optimizer
    parameters = layout.parameters.values()
    adam, steps = layout.parameters.moments(optimizer)
    loss, most_kl = loss_of(agent), 1.5 * (agent.target_kl or np.inf)
    seen = experience(agent.rollout_buffer)
    count = -(-len(seen.values) // agent.batch_size)
    found: list[NDArray[np.float32]] = []
    for epoch in range(agent.n_epochs):
        findings = np.empty((count, len(FINDINGS)), np.float32)
        order = np.random.permutation(len(seen.values))  # noqa: NPY002 as SB3 draws it
        done = one_epoch(
            parameters, layout.networks, seen, (order, agent.batch_size), loss, adam,
            groups_of(agent, layout), (float(agent.max_grad_norm), most_kl), steps, findings,
        )  # fmt: skip
        stopped = bool(findings[done - 1, -1] > most_kl)
        steps += done - stopped
        found.append(findings[:done])
        agent._n_updates += 1
        if stopped:
            say_stopped(agent, epoch, float(findings[done - 1, -1]))
            break
    if not np.isfinite(parameters).all():
        raise ValueError("an update made weights that are not finite")
    layout.parameters.assign(parameters)
    layout.parameters.keep_moments(optimizer, adam, steps)
    report(agent, found, loss)


def experience(buffer: RolloutBuffer) -> Experience:
    """Return the buffer's transitions, environment by environment, as minibatches count them."""
    names = ("observations", "actions", "values", "log_probs", "advantages", "returns")
    tables = (buffer.swap_and_flatten(getattr(buffer, name)) for name in names)
    wide = [np.ascontiguousarray(table, np.float32) for table in tables]
    return Experience(wide[0], wide[1], *(table.ravel() for table in wide[2:]))


def loss_of(agent: FastPPO) -> Loss:
    """Return the settings of the loss at this point of the schedules."""
    held = agent.clip_range_vf
    return Loss(
        np.float32(agent.progress(agent.clip_range)),
        np.float32(np.inf if held is None else agent.progress(held)),
        np.float32(agent.ent_coef),
        np.float32(agent.vf_coef),
        bool(agent.normalize_advantage),
    )


def groups_of(agent: FastPPO, layout: Layout) -> Groups:
    """Return the optimiser's parameter groups as parts of the vector."""
    groups = agent.policy.optimizer.param_groups
    bounds = [layout.parameters.bounds(group["params"]) for group in groups]
    return Groups(
        np.array(bounds, np.int64),
        np.array([group["lr"] for group in groups], np.float64),
        np.array(agent.norms(), np.float64),
    )


def say_stopped(agent: FastPPO, epoch: int, kl: float) -> None:
    """Say, as Stable-Baselines3 does, that an update ended early."""
    if agent.verbose >= 1:
        print(f"Early stopping at step {epoch} due to reaching max kl: {kl:.2f}")


def report(agent: FastPPO, found: list[NDArray[np.float32]], loss: Loss) -> None:
    """Log what Stable-Baselines3 logs of an update."""
    buffer, record = agent.rollout_buffer, agent.logger.record
    means = dict(zip(FINDINGS, np.concatenate(found).mean(axis=0).tolist(), strict=True))
    means["approx_kl"] = float(found[-1][:, -1].mean())
    last = dict(zip(FINDINGS, found[-1][-1].tolist(), strict=True))
    for name in FINDINGS:
        record(f"train/{name}", means[name])
    record(
        "train/loss",
        last["policy_gradient_loss"]
        + agent.ent_coef * last["entropy_loss"]
        + agent.vf_coef * last["value_loss"],
    )
    record(
        "train/explained_variance",
        explained_variance(buffer.values.flatten(), buffer.returns.flatten()),
    )
    if hasattr(agent.policy, "log_std"):
        record("train/std", float(agent.policy.log_std.detach().exp().mean()))
    record("train/n_updates", agent._n_updates, exclude="tensorboard")
    record("train/clip_range", float(loss.clip))
    if agent.clip_range_vf is not None:
        record("train/clip_range_vf", float(loss.clip_value))
