"""The risk model of MPTS: a neural process that foretells how badly the learner does on a task.

Notation
    x, ℓ   task on the unit cube (B, d), its risk (B,): standardised within the batch
    r      mean_i h(x_i, ℓ_i), what a batch says, (width,)
    q(z)   N(μ(r), σ(r)²)  with  σ = 0.1 + 0.9 · sigmoid, of a latent z (width,)
    p(z)   the q of the batch before; N(0, I) before any
    f      decoder: the risk of x, given z

    a(x) = γ_0 · mean_z f(x, z) + γ_1 · std_z f(x, z),  z ~ q: how risky x is, with optimism
    loss = mean_i ( ℓ_i - f(x_i, z) )² + β · KL( q ‖ p ),   z = μ + σ ε,  ε ~ N(0, I)

Source: Wang et al., "Model predictive task sampling" (arXiv 2501.11039), and its code: all widths
10, Adam with step 0.005, 10 updates per batch, ReLU. Gradients are written out by hand, which
for five small layers is shorter than a framework; `tests` compare them with differences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RiskModel", "standardised"]

Array = NDArray[np.float64]
WIDTH = 10
UPDATES = 10
STEP = 5e-3
DECAY = (0.9, 0.999)  # of Adam's two means


@dataclass(frozen=True, eq=False)
class Posterior:
    """q(z): mean and standard deviation, each (width,)."""

    mean: Array
    deviation: Array


class RiskModel:
    """Learns from one batch of tasks and risks after another.

    Args:
        features: d.
        rng: of the first weights and of ε.
        beta: weight of the divergence.
    """

    def __init__(self, features: int, rng: np.random.Generator, beta: float = 1.0) -> None:
        self._rng, self._beta = rng, beta
        shapes = {
            "encoder_in": (features + 1, WIDTH),
            "encoder_out": (WIDTH, WIDTH),
            "posterior": (WIDTH, 2 * WIDTH),
            "decoder_in": (features + WIDTH, WIDTH),
            "decoder_out": (WIDTH, 1),
        }
        self.weights = {
            name: np.vstack([rng.uniform(-1, 1, shape) / np.sqrt(shape[0]), np.zeros(shape[1])])
            for name, shape in shapes.items()
        }
        self._first = {name: np.zeros_like(W) for name, W in self.weights.items()}
        self._second = {name: np.zeros_like(W) for name, W in self.weights.items()}
        self._count = 0
        self.prior = Posterior(np.zeros(WIDTH), np.ones(WIDTH))

    def learn(self, x: Array, risk: Array) -> None:
        """Update on a batch; its posterior is the next batch's prior."""
        standard = standardised(risk)
        for _ in range(UPDATES):
            _, gradients = self.loss(x, standard, self._rng.standard_normal(WIDTH))
            self._descend(gradients)
        hidden = relu(affine(np.column_stack([x, standard]), self.weights["encoder_in"]))
        r = affine(hidden, self.weights["encoder_out"]).mean(axis=0)
        self.prior = split(affine(r[None], self.weights["posterior"])[0])

    def sample(self, x: Array, draws: int) -> Array:
        """Return risks of tasks x (n, d) under z drawn from the last posterior, (draws, n)."""
        noise = self._rng.standard_normal((draws, WIDTH))
        latents = self.prior.mean + self.prior.deviation * noise
        W, d = self.weights["decoder_in"], x.shape[1]
        tasks, told = x @ W[:d], latents @ W[d:-1] + W[-1]
        hidden = relu(tasks[None] + told[:, None])
        return np.asarray(affine(hidden, self.weights["decoder_out"])[..., 0])

    def optimistic(
        self, x: Array, mean: float = 1.0, deviation: float = 5.0, draws: int = 50
    ) -> Array:
        """Return γ_0 · mean_z f(x, z) + γ_1 · std_z f(x, z) of tasks x (n, d), shape (n,).

        Args:
            x: the tasks.
            mean: γ_0.
            deviation: γ_1.
            draws: of z.
        """
        risks = self.sample(x, draws)
        return np.asarray(mean * risks.mean(axis=0) + deviation * risks.std(axis=0))

    def loss(self, x: Array, risk: Array, noise: Array) -> tuple[float, dict[str, Array]]:
        """Return the loss of a batch and its gradient by every weight.

        Args:
            x: tasks (B, d).
            risk: standardised risks (B,).
            noise: ε, (width,).
        """
        W, B = self.weights, len(x)
        # forward
        pairs = np.column_stack([x, risk])
        hidden = relu(affine(pairs, W["encoder_in"]))
        r = affine(hidden, W["encoder_out"]).mean(axis=0)[None]
        raw = affine(r, W["posterior"])[0]
        q, p = split(raw), self.prior
        inputs = np.column_stack([x, np.tile(q.mean + q.deviation * noise, (B, 1))])
        inner = relu(affine(inputs, W["decoder_in"]))
        error = affine(inner, W["decoder_out"])[:, 0] - risk
        value = float((error**2).mean()) + self._beta * divergence(q, p)
        # backward
        d_output = (2.0 / B * error)[:, None]
        d_inner = back(d_output, W["decoder_out"]) * (inner > 0.0)
        d_latent = back(d_inner, W["decoder_in"])[:, x.shape[1] :].sum(axis=0)
        d_mean = d_latent + self._beta * (q.mean - p.mean) / p.deviation**2
        d_deviation = d_latent * noise + self._beta * (
            q.deviation / p.deviation**2 - 1.0 / q.deviation
        )
        gate = sigmoid(raw[WIDTH:])
        d_raw = np.concatenate([d_mean, d_deviation * 0.9 * gate * (1.0 - gate)])[None]
        d_r = np.tile(back(d_raw, W["posterior"]) / B, (B, 1))
        d_hidden = back(d_r, W["encoder_out"]) * (hidden > 0.0)
        return value, {
            "encoder_in": outer(pairs, d_hidden),
            "encoder_out": outer(hidden, d_r),
            "posterior": outer(r, d_raw),
            "decoder_in": outer(inputs, d_inner),
            "decoder_out": outer(inner, d_output),
        }

    def _descend(self, gradients: dict[str, Array]) -> None:
        """Take one step of Adam."""
        self._count += 1
        b1, b2 = DECAY
        for name, gradient in gradients.items():
            self._first[name] = b1 * self._first[name] + (1.0 - b1) * gradient
            self._second[name] = b2 * self._second[name] + (1.0 - b2) * gradient**2
            mean = self._first[name] / (1.0 - b1**self._count)
            square = self._second[name] / (1.0 - b2**self._count)
            self.weights[name] = self.weights[name] - STEP * mean / (np.sqrt(square) + 1e-8)


def standardised(risk: Array) -> Array:
    """Return risks (B,) with mean 0 and standard deviation 1; zeros where they are all alike."""
    spread = risk.std()
    return np.asarray((risk - risk.mean()) / (spread if spread > 0.0 else 1.0))


def affine(inputs: Array, W: Array) -> Array:
    """Return inputs times weights plus bias; the bias is the last row of W."""
    return np.asarray(inputs @ W[:-1] + W[-1])


def back(slope: Array, W: Array) -> Array:
    """Return the slope by the inputs of an affine layer, given that by its outputs."""
    return np.asarray(slope @ W[:-1].T)


def outer(inputs: Array, slope: Array) -> Array:
    """Return the slope by the weights and bias of an affine layer."""
    return np.vstack([inputs.T @ slope, slope.sum(axis=0)])


def relu(values: Array) -> Array:
    return np.maximum(values, 0.0)


def sigmoid(values: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-values)))


def split(raw: Array) -> Posterior:
    """Return q(z) from the last layer's outputs (2 width,)."""
    return Posterior(raw[:WIDTH], 0.1 + 0.9 * sigmoid(raw[WIDTH:]))


def divergence(q: Posterior, p: Posterior) -> float:
    """Return KL(q ‖ p)."""
    ratio = (q.deviation**2 + (q.mean - p.mean) ** 2) / p.deviation**2
    return float((np.log(p.deviation / q.deviation) + (ratio - 1.0) / 2.0).sum())
