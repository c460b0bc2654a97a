"""What both halves share about classes that come task by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from course_lib.arguments import require_count
from course_lib.errors import CourseError
from course_lib.training.initial import head_weights

Groups = Sequence[Sequence[int]]


def same_task(groups: Groups) -> np.ndarray:
    """Give K×K: 0 where two classes belong to one task, -∞ where they do not.

    Row y, added to an example's logits, leaves those of its own task.

    Args:
        groups: The labels of each task; together they are 0 … K-1, each once.
    """
    flat = sorted(int(label) for group in groups for label in group)
    if flat != list(range(len(flat))) or not flat:
        raise CourseError(
            f"The tasks' labels are together 0 … K-1, each once; these are {flat}.",
            f"各任务的标签合起来应为 0 到 K-1，每个恰好一次；现在是 {flat}。",
        )
    task = np.zeros(len(flat), dtype=np.int64)
    for i, group in enumerate(groups):
        task[[*group]] = i
    return np.where(task[:, None] == task, 0, -np.inf).astype(np.float32)


def old_groups(groups: Groups | None, old: int) -> list[list[int]]:
    """Give the outputs of each task that the old model knew, of its K outputs: all at once for None."""
    if groups is None:
        return [[*range(old)]]
    known = [[*group] for group in groups if max(group) < old]
    if sum(map(len, known)) != old:
        raise CourseError(
            f"The old model's answers have {old} outputs, which are not whole tasks of {groups}: "
            "record_answers before the head grows, and give groups up to the new task.",
            f"旧模型的回答有 {old} 个输出，与 {groups} 中的任务对不上："
            "请在扩展分类头之前调用 record_answers，groups 要包括到新任务为止的各组。",
        )
    return known


def require_importances(
    shapes: Mapping[str, tuple[int, ...]], fisher: Mapping[str, np.ndarray]
) -> None:
    """Make sure that every importance belongs to a weight, which may have grown since."""
    for name, values in fisher.items():
        shape = shapes.get(name, ())
        if len(shape) != values.ndim or any(np.array(values.shape) > shape):
            raise CourseError(
                f"fisher has {name} with the shape {values.shape}, which is no part of the model's "
                f"({shape or 'there is none'}): ask fisher_diagonal about this very model.",
                f"fisher 中 {name} 的形状是 {values.shape}，与模型（{shape or '没有这个权重'}）对不上："
                "请对同一个模型调用 fisher_diagonal。",
            )


def grown(weight: np.ndarray, bias: np.ndarray, classes: int, seed: int) -> tuple[np.ndarray, ...]:
    """Give a linear layer's weight K×D and bias K with further rows; the old ones are bit-equal.

    Args:
        classes: How many rows there are then, more than K.
        seed: Where the new rows come from, Glorot's uniform; their biases are zero.
    """
    K, D = weight.shape
    require_count("classes", classes, low=K + 1)
    new = head_weights([D, classes], seed)[0].T[K:]
    more = np.concatenate([weight, new.astype(weight.dtype)])
    return more, np.concatenate([bias, np.zeros(classes - K, dtype=bias.dtype)])


def require_linear_end(found: bool) -> None:
    """Make sure that a head ends in a linear layer, which can grow."""
    if not found:
        raise CourseError(
            "The head does not end in a linear layer, so it cannot grow: take one that attach_head "
            "or build_head gives.",
            "分类头的最后一层不是线性层，无法扩展：请使用 attach_head 或 build_head 搭建的分类头。",
        )
