"""PPO and CartPole in one compiled JAX program: rollout, advantages and update without Python.

Notation
    n, T     environments; steps of each in a rollout
    s        state of CartPole, (x, ẋ, θ, θ̇), float32; what the agent sees
    ε        clipping of the ratio of probabilities

The algorithm and its hyperparameters are Stable-Baselines3's: Schulman et al., 2017 (clipped
objective), generalised advantages, orthogonal initial weights, Adam with ε = 1e-5, gradients
clipped at 0.5, and the value of the state in which time ran out added to the last reward. The
physics are Gymnasium's CartPole-v1 in float32.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from learner import Setting, answer

GAMMA, LAMBDA, EPSILON, VALUE_WEIGHT, LARGEST_NORM, WIDTH = 0.99, 0.95, 0.2, 0.5, 0.5, 64
HORIZON, X_LIMIT, ANGLE_LIMIT = 500, 2.4, 12 * 2 * np.pi / 360

Array = jax.Array
Weights = dict[str, list[tuple[Array, Array]]]


class Rollout(NamedTuple):
    """T steps of n environments, shape (T, n, …)."""

    s: Array
    action: Array
    log_prob: Array
    value: Array
    reward: Array
    after: Array  # the state that was reached, before a new episode began
    terminated: Array
    truncated: Array
    returned: Array  # of the episode that ended here, otherwise NaN


class State(NamedTuple):
    """All that changes while learning."""

    weights: Weights
    adam: Any
    s: Array  # (n, 4)
    clock: Array  # (n,) steps of the episodes under way, which are their returns, too
    key: Array


# -- CartPole --------------------------------------------------------------------------------------


def begin(key: Array, n: int) -> Array:
    """Return n first states."""
    return jax.random.uniform(key, (n, 4), minval=-0.05, maxval=0.05)


def physics(s: Array, action: Array) -> Array:
    """Return the states after an action each: Barto, Sutton and Anderson 1983, Euler's method."""
    x, v, angle, spin = s.T
    force = jnp.where(action == 1, 10.0, -10.0)
    sin, cos = jnp.sin(angle), jnp.cos(angle)
    push = (force + 0.05 * spin**2 * sin) / 1.1
    swing = (9.8 * sin - cos * push) / (0.5 * (4.0 / 3.0 - 0.1 * cos**2 / 1.1))
    pull = push - 0.05 * swing * cos / 1.1
    return jnp.stack([x + 0.02 * v, v + 0.02 * pull, angle + 0.02 * spin, spin + 0.02 * swing], 1)


# -- networks --------------------------------------------------------------------------------------


def fresh(key: Array) -> Weights:
    """Return an actor and a critic, tanh 64-64."""
    heads = {"actor": (2, 0.01), "critic": (1, 1.0)}
    weights: Weights = {}
    for name, (outputs, gain) in heads.items():
        layers = []
        shapes = [(4, WIDTH, 2**0.5), (WIDTH, WIDTH, 2**0.5), (WIDTH, outputs, gain)]
        for inputs, width, scale in shapes:
            key, own = jax.random.split(key)
            W = jax.nn.initializers.orthogonal(scale)(own, (inputs, width))
            layers.append((W, jnp.zeros(width)))
        weights[name] = layers
    return weights


def network(layers: list[tuple[Array, Array]], h: Array) -> Array:
    """Return the outputs of an actor or a critic."""
    for W, b in layers[:-1]:
        h = jnp.tanh(h @ W + b)
    W, b = layers[-1]
    return h @ W + b


def value_of(weights: Weights, s: Array) -> Array:
    """Return V(s)."""
    return network(weights["critic"], s)[..., 0]


# -- learning --------------------------------------------------------------------------------------


def step(state: State, _: None) -> tuple[State, Rollout]:
    """Take one step in every environment; begin the next episode of those that ended."""
    key, act, new = jax.random.split(state.key, 3)
    logits = jax.nn.log_softmax(network(state.weights["actor"], state.s))
    action = jax.random.categorical(act, logits)
    after, clock = physics(state.s, action), state.clock + 1
    terminated = (jnp.abs(after[:, 0]) > X_LIMIT) | (jnp.abs(after[:, 2]) > ANGLE_LIMIT)
    truncated = (clock >= HORIZON) & ~terminated
    over = terminated | truncated
    s = jnp.where(over[:, None], begin(new, len(clock)), after)
    seen = Rollout(
        state.s,
        action,
        jnp.take_along_axis(logits, action[:, None], 1)[:, 0],
        value_of(state.weights, state.s),
        jnp.ones(len(clock)),
        after,
        terminated,
        truncated,
        jnp.where(over, clock, jnp.nan),
    )
    return state._replace(s=s, clock=jnp.where(over, 0, clock), key=key), seen


def advantages(weights: Weights, seen: Rollout, last: Array) -> Array:
    """Return the generalised advantages (Schulman et al., 2016), shape (T, n)."""
    reward = seen.reward + GAMMA * value_of(weights, seen.after) * seen.truncated
    goes_on = ~(seen.terminated | seen.truncated)
    following = jnp.concatenate([seen.value[1:], value_of(weights, last)[None]])

    def back(A: Array, row: tuple[Array, ...]) -> tuple[Array, Array]:
        r, v, w, on = row
        A = r + GAMMA * w * on - v + GAMMA * LAMBDA * on * A
        return A, A

    rows = (reward, seen.value, following, goes_on)
    return jax.lax.scan(back, jnp.zeros(len(last)), rows, reverse=True)[1]


def loss(weights: Weights, batch: tuple[Array, ...]) -> Array:
    """Return PPO's loss of a minibatch."""
    s, action, old, A, target = batch
    A = (A - A.mean()) / (A.std(ddof=1) + 1e-8)
    logits = jax.nn.log_softmax(network(weights["actor"], s))
    ratio = jnp.exp(jnp.take_along_axis(logits, action[:, None], 1)[:, 0] - old)
    clipped = jnp.clip(ratio, 1 - EPSILON, 1 + EPSILON)
    value_loss = jnp.mean((target - value_of(weights, s)) ** 2)
    return -jnp.minimum(ratio * A, clipped * A).mean() + VALUE_WEIGHT * value_loss


@partial(jax.jit, static_argnums=0)
def iterate(setting: Setting, state: State) -> tuple[State, Array]:
    """Roll out and update once; return the returns of the episodes that ended, others NaN."""
    adam = optimiser(setting)
    state, seen = jax.lax.scan(step, state, None, setting.n_steps)
    A = advantages(state.weights, seen, state.s)
    data = (seen.s, seen.action, seen.log_prob, A, A + seen.value)
    flat = tuple(x.reshape(setting.rollout, *x.shape[2:]) for x in data)

    def minibatch(carry: tuple[Weights, Any], rows: Array) -> tuple[tuple[Weights, Any], None]:
        weights, moments = carry
        gradient = jax.grad(loss)(weights, tuple(x[rows] for x in flat))
        change, moments = adam.update(gradient, moments)
        return (optax.apply_updates(weights, change), moments), None

    key, *keys = jax.random.split(state.key, setting.n_epochs + 1)
    order = jnp.concatenate([jax.random.permutation(k, setting.rollout) for k in keys])
    rows = order.reshape(-1, setting.batch_size)
    (weights, moments), _ = jax.lax.scan(minibatch, (state.weights, state.adam), rows)
    return State(weights, moments, state.s, state.clock, key), seen.returned


def optimiser(setting: Setting) -> optax.GradientTransformation:
    """Return Adam behind the clipping of gradients."""
    adam = optax.adam(setting.learning_rate, eps=1e-5)
    return optax.chain(optax.clip_by_global_norm(LARGEST_NORM), adam)


class Compiled:
    """The program as a learner."""

    def __init__(self, setting: Setting, seed: int) -> None:
        self._setting = setting
        key, weights_key, starts = jax.random.split(jax.random.key(seed), 3)
        weights, n = fresh(weights_key), setting.n_envs
        adam = optimiser(setting).init(weights)
        self._state = State(weights, adam, begin(starts, n), jnp.zeros(n, jnp.int32), key)
        self._recent: deque[float] = deque(maxlen=100)

    def learn(self, steps: int) -> None:
        """Go on learning, for whole rollouts."""
        for _ in range(-(-steps // self._setting.rollout)):
            self._state, returned = iterate(self._setting, self._state)
            ended = np.asarray(returned).ravel()
            self._recent.extend(ended[~np.isnan(ended)].tolist())

    def recent(self) -> Sequence[float]:
        """Return the returns of the last episodes."""
        return self._recent


if __name__ == "__main__":
    answer(Compiled)
