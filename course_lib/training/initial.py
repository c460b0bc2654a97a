"""Random starts of new layers, drawn in NumPy so that both frameworks start at the same place."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np


def glorot_uniform(width_in: int, width_out: int, rng: np.random.Generator) -> np.ndarray:
    r"""Draw a matrix width_in×width_out, float32, uniformly from :math:`\pm\sqrt{6 / (in + out)}`.

    Glorot & Bengio, *Understanding the difficulty of training deep feedforward neural networks*,
    AISTATS 2010.
    """
    limit = np.sqrt(6 / (width_in + width_out))
    return rng.uniform(-limit, limit, (width_in, width_out)).astype(np.float32)


def head_weights(widths: Sequence[int], seed: int) -> list[np.ndarray]:
    """Draw the matrices of a row of dense layers; biases start at zero."""
    rng = np.random.default_rng(seed)
    return [glorot_uniform(width_in, width_out, rng) for width_in, width_out in pairwise(widths)]


def small_start(shape: Sequence[int], name: str, seed: int) -> np.ndarray:
    r"""Draw a layer's weights, PyTorch's layout, float32, uniformly from :math:`\pm 1/\sqrt{in}`.

    Args:
        shape: Outputs first; the product of the others is *in*.
        name: The layer's name: each has draws of its own, whichever others there are.
        seed: The same for the whole network.
    """
    limit = 1 / np.sqrt(np.prod(shape[1:]))
    rng = np.random.default_rng([seed, *name.encode()])
    return rng.uniform(-limit, limit, tuple(shape)).astype(np.float32)


def word_start(vocabulary: int, width: int, seed: int) -> np.ndarray:
    """Draw words' first vectors, small and normal: vocabulary×width, float32."""
    drawn = np.random.default_rng([seed, *b"words"]).normal(0, 0.1, (vocabulary, width))
    return drawn.astype(np.float32)
