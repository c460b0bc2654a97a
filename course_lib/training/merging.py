r"""Arithmetic on whole networks: averages of weights, and what a task has changed.

A model is here a mapping from names to arrays, as ``named_arrays(model)`` gives it in both halves.
Models that start from the same pre-trained weights often lie in one valley of the loss, so that the
points between them are good models, too. Weights of different starts do not: their hidden units are
in another order.

BatchNorm's statistics are no weights. Averages average them like the weights, and arithmetic leaves
the pre-trained ones as they are; both are stale after merging: ask ``estimate_statistics``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from course_lib.arguments import require_number
from course_lib.errors import CourseError

Arrays = dict[str, np.ndarray]
STATISTICS = ("running_mean", "running_var")


def average_weights(
    models: Sequence[Mapping[str, np.ndarray]], shares: Sequence[float] | None = None
) -> Arrays:
    r"""Give the average of several models, weight by weight.

    .. math:: \bar\theta = \sum_m s_m \theta_m, \qquad \sum_m s_m = 1

    One network instead of an ensemble of several. Wortsman et al., *Model soups*, ICML 2022,
    arXiv:2203.05482; between the pre-trained and the fine-tuned weights: *Robust fine-tuning of
    zero-shot models* (WiSE-FT), CVPR 2022, arXiv:2109.01903.

    Args:
        models: At least one; all have the same names and shapes.
        shares: :math:`s`, one for each, adding up to 1; equal unless given.
    """
    if not models:
        raise CourseError("An average needs at least one model.", "求平均至少需要一个模型。")
    given = [1 / len(models)] * len(models) if shares is None else [float(s) for s in shares]
    if len(given) != len(models) or not np.isclose(sum(given), 1):
        raise CourseError(
            f"There are {len(models)} models and the shares {given}: one for each, adding up to 1.",
            f"模型有 {len(models)} 个，而占比是 {given}：每个模型一个，总和为 1。",
        )
    for other in models[1:]:
        _require_alike(models[0], other)
    return {
        name: sum(s * m[name] for s, m in zip(given, models, strict=True)).astype(array.dtype)  # type: ignore[union-attr]
        for name, array in models[0].items()
    }


def task_vector(
    pretrained: Mapping[str, np.ndarray], fine_tuned: Mapping[str, np.ndarray]
) -> Arrays:
    r"""Give what a task has changed: :math:`\tau = \theta_\text{task} - \theta_\text{pre}`.

    Ilharco et al., *Editing Models with Task Arithmetic*, ICLR 2023, arXiv:2212.04089. Statistics
    are left out.
    """
    _require_alike(pretrained, fine_tuned)
    return {
        name: fine_tuned[name] - array
        for name, array in pretrained.items()
        if not name.endswith(STATISTICS)
    }


def add_task_vectors(
    pretrained: Mapping[str, np.ndarray],
    vectors: Sequence[Mapping[str, np.ndarray]],
    *,
    strength: float = 1.0,
) -> Arrays:
    r"""Give the pre-trained weights plus what several tasks have changed.

    .. math:: \theta = \theta_\text{pre} + \lambda \sum_t \tau_t

    Args:
        pretrained: Where all of the tasks started.
        vectors: What :func:`task_vector` gave; it may have fewer names.
        strength: :math:`\lambda`; below 0, the tasks are unlearnt. Choose it on held-out data.
    """
    strength = require_number("strength", strength, -np.inf)
    merged = {name: array.copy() for name, array in pretrained.items()}
    for vector in vectors:
        require_same_arrays({n: a.shape for n, a in pretrained.items()}, vector)
        for name, change in vector.items():
            merged[name] = (merged[name] + strength * change).astype(change.dtype)
    return merged


def require_same_arrays(
    shapes: Mapping[str, tuple[int, ...]], arrays: Mapping[str, np.ndarray]
) -> None:
    """Make sure that arrays go into a model of these shapes: each has a place that it fits."""
    for name, array in arrays.items():
        if name not in shapes:
            raise CourseError(
                f"The model has no weights called {name!r}: build it as the one that they came from "
                "(add_lora or add_adapters with the same numbers, a head of the same size).",
                f"模型中没有名为 {name!r} 的权重：请按这些权重原来的模型搭建"
                "（add_lora 或 add_adapters 的参数相同，分类头大小相同）。",
            )
        if shapes[name] != array.shape:
            raise CourseError(
                f"{name} has the shape {shapes[name]} in the model and {array.shape} here: build the "
                "model with the same rank, width and number of classes.",
                f"{name} 在模型中的形状是 {shapes[name]}，而这里是 {array.shape}："
                "请用相同的秩、宽度和类别数搭建模型。",
            )


def _require_alike(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> None:
    require_same_arrays({n: a.shape for n, a in one.items()}, other)
    require_same_arrays({n: a.shape for n, a in other.items()}, one)
