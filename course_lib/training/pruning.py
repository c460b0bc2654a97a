"""Which weights may go: by their size, one by one or filter by filter. NumPy, for both halves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from course_lib.arguments import require_number
from course_lib.errors import CourseError
from course_lib.training.merging import Arrays

INNER = (
    ("norm1", ("weight", "bias", "running_mean", "running_var"), 0),
    ("conv1", ("weight",), 0),
    ("conv2", ("weight",), 1),
)


def magnitude_masks(
    weights: Mapping[str, np.ndarray], sparsity: float, *, per_layer: bool = False
) -> dict[str, np.ndarray]:
    r"""Say which weights stay: the largest, :math:`|w| > \tau`.

    Args:
        weights: Arrays by name, those that may lose some.
        sparsity: The part that goes, from 0 to (but not) 1.
        per_layer: Whether each array loses this part, with a threshold τ of its own, or all together.

    Returns:
        For each array a mask of its shape, float32: 1 stays, 0 goes.
    """
    sparsity = require_number("sparsity", sparsity, 0, 1, ends="[)")
    if not weights:
        raise CourseError("There are no weights to prune.", "没有可以剪枝的权重。")
    everything = np.concatenate([np.abs(w).ravel() for w in weights.values()])
    return {
        name: _largest(np.abs(w), np.abs(w).ravel() if per_layer else everything, sparsity)
        for name, w in weights.items()
    }


def _largest(size: np.ndarray, among: np.ndarray, sparsity: float) -> np.ndarray:
    goes = round(sparsity * len(among))
    threshold = np.partition(among, goes - 1)[goes - 1] if goes else -1.0
    return (size > threshold).astype(np.float32)


def strongest_filters(weight: np.ndarray, keep: float) -> np.ndarray:
    """Give the places of the filters with the largest L1 norms, in their old order.

    Args:
        weight: A convolution's filters, PyTorch's layout: out×in×h×w.
        keep: The part that stays, above 0 and up to 1; at least one filter does.
    """
    keep = require_number("keep", keep, 0, 1, ends="(]")
    norms = np.abs(weight).sum(axis=(1, 2, 3))
    count = max(1, round(keep * len(norms)))
    return np.sort(np.argsort(-norms, kind="stable")[:count])


def narrow_glyphnet(tensors: Arrays, keep: float) -> tuple[Arrays, Sequence[int]]:
    """Give glyphnet's weights with fewer filters inside each block, and how many are left there.

    Between a block's two convolutions nobody else listens: filters of the first go with their norm
    and with what the second had for them. What goes from block to block keeps its width.

    Args:
        tensors: The network's weights, PyTorch's names and layout; they are not changed.
        keep: The part of the filters that stays in each block.
    """
    narrow: Arrays = dict(tensors)
    left: list[int] = []
    for block in ("block1", "block2", "block3"):
        kept = strongest_filters(tensors[f"{block}.conv1.weight"], keep)
        left.append(len(kept))
        for layer, names, axis in INNER:
            for own in names:
                key = f"{block}.{layer}.{own}"
                narrow[key] = np.take(tensors[key], kept, axis=axis)
    return narrow, left


def require_glyphnet(name: str) -> None:
    """Make sure that the structure is known: which layers lose what, when a filter goes."""
    if name != "glyphnet":
        raise CourseError(
            f"prune_filters knows which layers belong together in glyphnet only; this is {name}. "
            "prune_weights works everywhere.",
            f"prune_filters 只了解 glyphnet 中哪些层彼此相连，而这里是 {name}。"
            "prune_weights 适用于任何网络。",
        )
