"""What a small transformer is before it is built: its sizes, and its weights at the start."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from course_lib.arguments import require_count, require_seed
from course_lib.errors import CourseError
from course_lib.training.initial import small_start


@dataclass(frozen=True)
class TransformerShape:
    """The sizes of a causal transformer.

    Attributes:
        vocabulary: K, how many tokens there are.
        places: The longest sequence that it can read.
        width: D, the numbers that stand for a token inside.
        depth: How many blocks.
        heads: How many attentions side by side in each block; ``width`` is a multiple of it.
        hidden: The width between a block's two dense layers.
    """

    vocabulary: int
    places: int = 64
    width: int = 64
    depth: int = 2
    heads: int = 4
    hidden: int = 128

    def __post_init__(self) -> None:
        for name in ("vocabulary", "places", "width", "depth", "heads", "hidden"):
            require_count(name, getattr(self, name))
        if self.width % self.heads:
            raise CourseError(
                f"{self.heads} heads can't share a width of {self.width}: make it a multiple of heads.",
                f"宽度 {self.width} 不能平均分给 {self.heads} 个头：请取头数的倍数。",
            )


def draw_weights(shape: TransformerShape, seed: int) -> dict[str, np.ndarray]:
    r"""Draw the backbone's weights, in PyTorch's names and layout: the same start in both halves.

    Dense layers start uniformly within :math:`\pm 1/\sqrt{in}` (``small_start``), biases at 0, norms
    at the identity. Tokens and places start small, :math:`\mathcal N(0, 0.02^2)` as GPT-2's do.
    """
    require_seed(seed)
    D, H = shape.width, shape.hidden
    drawn = {
        name: np.random.default_rng([seed, *name.encode()]).normal(0, 0.02, (rows, D))
        for name, rows in (("tokens.weight", shape.vocabulary), ("places.weight", shape.places))
    }
    for i in range(1, shape.depth + 1):
        drawn |= _norm(f"block{i}.norm1", D) | _norm(f"block{i}.norm2", D)
        for part in ("query", "key", "value", "out"):
            drawn |= _dense(f"block{i}.{part}", D, D, seed)
        del drawn[
            f"block{i}.key.bias"
        ]  # it would add the same to a row's scores: softmax is blind to it
        drawn |= _dense(f"block{i}.up", H, D, seed) | _dense(f"block{i}.down", D, H, seed)
    drawn |= _norm("norm", D)
    return {name: array.astype(np.float32) for name, array in drawn.items()}


def _dense(name: str, outputs: int, inputs: int, seed: int) -> dict[str, np.ndarray]:
    weight = small_start((outputs, inputs), f"{name}.weight", seed)
    return {f"{name}.weight": weight, f"{name}.bias": np.zeros(outputs)}


def _norm(name: str, width: int) -> dict[str, np.ndarray]:
    return {f"{name}.weight": np.ones(width), f"{name}.bias": np.zeros(width)}
