"""The gradient in float64 is autograd's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO

from rltransfer.training.fast_ppo.layout import Layout
from rltransfer.training.kernels.objective import (
    FINDINGS,
    Experience,
    Loss,
    gradient_of_loss,
    make_room,
)

ROWS = 50


@pytest.fixture(params=["CartPole-v1", "BipedalWalker-v3"])
def agent(request: pytest.FixtureRequest) -> PPO:
    agent = PPO("MlpPolicy", request.param, seed=0, device="cpu", n_steps=64)
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():  # so that no gradient is nearly zero
        for parameter in agent.policy.parameters():
            parameter += 0.3 * torch.randn(parameter.shape, generator=rng)
    return agent


def experience(agent: PPO, rng: np.random.Generator) -> Experience:
    """Return transitions whose probability ratios lie on both sides of the clip."""
    observations = rng.standard_normal((ROWS, *agent.observation_space.shape))
    discrete = agent.action_space.shape == ()
    n = int(agent.action_space.n) if discrete else agent.action_space.shape[0]
    actions = rng.integers(n, size=(ROWS, 1)) if discrete else rng.standard_normal((ROWS, n))
    chosen = torch.tensor(actions.ravel() if discrete else actions)
    agent.policy.double()
    with torch.no_grad():
        values, log_probs, _ = evaluated(agent, torch.tensor(observations), chosen)
    return Experience(
        observations,
        actions.astype(np.float64),
        values.numpy().ravel() + rng.normal(0, 0.3, ROWS),
        log_probs.numpy() + rng.normal(0, 0.3, ROWS),
        rng.standard_normal(ROWS),
        rng.standard_normal(ROWS),
    )


def evaluated(
    agent: PPO, observations: torch.Tensor, actions: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`evaluate_actions`, which rounds observations to float32, without that."""
    policy = agent.policy
    for_actor, for_critic = policy.mlp_extractor(observations)
    distribution = policy._get_action_dist_from_latent(for_actor)
    return policy.value_net(for_critic), distribution.log_prob(actions), distribution.entropy()


def loss_by_torch(agent: PPO, seen: Experience, loss: Loss) -> torch.Tensor:
    """PPO's loss, written once more."""
    t = {name: torch.tensor(table) for name, table in seen._asdict().items()}
    actions = t["actions"].long().flatten() if agent.action_space.shape == () else t["actions"]
    values, log_probs, entropy = evaluated(agent, t["observations"], actions)
    A = t["advantages"]
    A = (A - A.mean()) / (A.std() + 1e-8) if loss.standardise else A
    ratio = (log_probs - t["log_probs"]).exp()
    surrogate = torch.min(A * ratio, A * ratio.clamp(1 - loss.clip, 1 + loss.clip))
    moved = (values.flatten() - t["values"]).clamp(-loss.clip_value, loss.clip_value)
    error = (t["returns"] - t["values"] - moved) ** 2
    return -surrogate.mean() + loss.value * error.mean() - loss.entropy * entropy.mean()


@pytest.mark.parametrize(
    "loss", [Loss(0.2, np.inf, 0.0, 0.5, True), Loss(0.1, 0.25, 0.03, 0.8, False)]
)
def test_gradient_is_autograds(agent: PPO, loss: Loss) -> None:
    layout = Layout.of(agent.policy)
    seen = experience(agent, np.random.default_rng(1))
    expected = torch.autograd.grad(
        loss_by_torch(agent, seen, loss), [parameter for parameter, _ in layout.parameters.parts]
    )
    by_parameter = {id(p): g for (p, _), g in zip(layout.parameters.parts, expected, strict=True)}
    wanted = layout.parameters.read(lambda p: by_parameter[id(p)]).astype(np.float64)
    parameters = double(layout)
    gradient, findings = np.empty_like(parameters), np.empty(len(FINDINGS))
    exact = Loss(*(np.float64(number) for number in loss[:4]), loss.standardise)
    room = make_room(layout.networks, seen, ROWS)
    gradient_of_loss(
        parameters, layout.networks, seen, np.arange(ROWS), exact, room, gradient, findings
    )
    np.testing.assert_allclose(gradient, wanted, rtol=0, atol=1e-6 * np.abs(wanted).max())
    assert 0.1 < findings[3] < 0.9  # the clip is met, and not always


def double(layout: Layout) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the parameters with nothing rounded."""
    vector = np.empty(len(layout.parameters))
    for parameter, part in layout.parameters.parts:
        tensor = parameter.detach()
        vector[part] = (tensor.T if tensor.ndim == 2 else tensor).numpy().ravel()
    return vector
