"""A multi-layer perceptron: its outputs, and the gradient of what depends on them.

Notation
    B            rows of a batch
    widths       numbers in each layer, inputs first and outputs last
    W, b         weights (in, out) and biases (out,) of a layer: z = x W + b
    x            what a layer reads: the inputs, or tanh(z) or max(z, 0) of the layer before
    parameters   W and b of all layers in one vector
    memory       the x of all layers, then the outputs, (B, width) each, in one vector

tanh(z) = z P(z²) / Q(z²) for |z| <= 9, with polynomials P and Q of degree 5 and 4 fitted to the
relative error (1.3e-9 before rounding): a few products, which a processor does on all lanes at
once, where the C library works number by number. float32 cannot tell tanh(9) from 1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rltransfer.compiling import compiled_into_callers
from rltransfer.training.kernels.linear import multiply, sum_columns, transpose

__all__ = ["RELU", "TANH", "Shape", "backward", "forward", "inputs_of", "size_of_memory"]

Array = NDArray[np.floating[Any]]

TANH, RELU = 0, 1
ZERO, ONE = np.float32(0), np.float32(1)
LIMIT = np.float32(9)
P0 = ONE
P1 = np.float32(0.136808558)
P2 = np.float32(0.00386950726)
P3 = np.float32(2.80312975e-05)
P4 = np.float32(3.06425004e-08)
P5 = np.float32(-1.22462297e-11)
Q1 = np.float32(0.470141879)
Q2 = np.float32(0.0272501539)
Q3 = np.float32(0.000394071214)
Q4 = np.float32(1.28903423e-06)


class Shape(NamedTuple):
    """What the parameters of a network mean."""

    widths: NDArray[np.int64]
    activation: int  # TANH or RELU


@compiled_into_callers
def size_of_memory(shape: Shape, rows: int) -> int:
    """Return the length of `memory` for a batch of so many rows."""
    total = 0
    for width in shape.widths:
        total += rows * width
    return total


@compiled_into_callers
def table(vector: Array, start: int, rows: int, columns: int) -> Array:
    """Return a part of a vector as a matrix."""
    return vector[start : start + rows * columns].reshape((rows, columns))


@compiled_into_callers
def inputs_of(memory: Array, shape: Shape, rows: int) -> Array:
    """Return where the inputs of a batch are written before `forward`, (B, o)."""
    return table(memory, 0, rows, shape.widths[0])


@compiled_into_callers
def forward(parameters: Array, shape: Shape, memory: Array, rows: int) -> Array:
    """Return the outputs, (B, out), for the inputs in the memory, and keep every layer's x."""
    layers = len(shape.widths) - 1
    at = here = 0
    x = table(memory, 0, rows, shape.widths[0])
    for layer in range(layers):
        n, m = shape.widths[layer], shape.widths[layer + 1]
        at += rows * n
        z = table(memory, at, rows, m)
        multiply(x, table(parameters, here, n, m), z)
        add_bias(z, parameters[here + n * m : here + n * m + m])
        if layer < layers - 1:
            activate(z, shape.activation)
        here += n * m + m
        x = z
    return x


@compiled_into_callers
def backward(
    parameters: Array, shape: Shape, memory: Array, slopes: Array, gradient: Array, spare: Array
) -> None:
    """Write the gradient of a loss with respect to the parameters.

    Args:
        parameters: of the network.
        shape: what they mean.
        memory: as `forward` left it.
        slopes: the loss's derivatives with respect to the outputs, (B, out).
        gradient: like `parameters`, written.
        spare: room for two batches of the widest layer and the largest W, one after the other.
    """
    rows, widest = len(slopes), shape.widths.max()
    at, here = size_of_memory(shape, rows) - rows * shape.widths[-1], len(parameters)
    for layer in range(len(shape.widths) - 2, -1, -1):
        n, m = shape.widths[layer], shape.widths[layer + 1]
        at, here = at - rows * n, here - (n * m + m)
        x = table(memory, at, rows, n)
        multiply(x.T, slopes, table(gradient, here, n, m))
        sum_columns(slopes, gradient[here + n * m : here + n * m + m])
        if layer > 0:
            turned = table(spare, 2 * rows * widest, m, n)
            transpose(table(parameters, here, n, m), turned)
            below = table(spare, (layer % 2) * rows * widest, rows, n)
            multiply(slopes, turned, below)
            through_activation(below, x, shape.activation)
            slopes = below


@compiled_into_callers
def add_bias(z: Array, b: Array) -> None:
    """Add b to every row."""
    for r in range(z.shape[0]):
        for i in range(z.shape[1]):
            z[r, i] += b[i]


@compiled_into_callers
def activate(z: Array, activation: int) -> None:
    """Replace z by what the next layer reads."""
    flat = z.reshape(z.size)
    if activation == RELU:
        for i in range(len(flat)):
            flat[i] = flat[i] if flat[i] > ZERO else ZERO
    else:
        for i in range(len(flat)):
            flat[i] = tanh(flat[i])


@compiled_into_callers
def tanh(z: Any) -> Any:
    """Approximate the hyperbolic tangent of a number; see above."""
    z = LIMIT if z > LIMIT else (-LIMIT if z < -LIMIT else z)
    u = z * z
    above = ((((P5 * u + P4) * u + P3) * u + P2) * u + P1) * u + P0
    below = (((Q4 * u + Q3) * u + Q2) * u + Q1) * u + ONE
    return z * above / below


@compiled_into_callers
def through_activation(slopes: Array, x: Array, activation: int) -> None:
    """Turn derivatives with respect to x into those with respect to z."""
    if activation == RELU:
        for r in range(x.shape[0]):
            for i in range(x.shape[1]):
                slopes[r, i] = slopes[r, i] if x[r, i] > ZERO else ZERO
    else:
        for r in range(x.shape[0]):
            for i in range(x.shape[1]):
                slopes[r, i] *= ONE - x[r, i] * x[r, i]
