"""What objectives ask of their inputs before the arithmetic: broadcasting would hide most mistakes.

A size that a framework does not know yet (``None``) fits everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from course_lib.errors import CourseError

Shape = Sequence[int | None]


def require_same_shape(what: str, found: Shape, y: Shape) -> None:
    """Make sure that outputs and targets have one shape."""
    if not _fit(found, y):
        raise CourseError(
            f"The {what} have the shape {_written(found)} and the targets {_written(y)}: they must "
            "be the same (reshape one of them).",
            f"模型输出的形状是 {_written(found)}，目标的形状是 {_written(y)}：两者必须相同，请调整其中之一。",
        )


def require_classes(z: Shape, y: Shape, *, whole: bool) -> None:
    """Make sure that logits are N×K and targets either N whole numbers or N×K shares."""
    labels = whole and len(z) == 2 and _fit(z[:1], y)
    if not labels and not (len(z) == 2 and _fit(z, y)):
        raise CourseError(
            f"Cross-entropy needs logits N×K and labels: N whole numbers, or N×K shares. Found "
            f"logits {_written(z)} and {'whole' if whole else 'real'} numbers {_written(y)}. "
            "(MixUp makes shares of labels when it is told classes=K.)",
            f"交叉熵需要 N×K 的 logits，标签为 N 个整数，或 N×K 的类别占比。现在 logits 为 {_written(z)}，"
            f"标签是形状为 {_written(y)} 的{'整数' if whole else '实数'}。"
            "（给 MixUp 指定 classes=K，它就会把标签变成占比。）",
        )


def require_labels(y: np.ndarray, K: int) -> None:
    """Make sure that labels lie in 0 … K-1 (NumPy would read -1 as the last class)."""
    wrong = y[(y < 0) | (y >= K)]
    if len(wrong):
        raise CourseError(
            f"There is a label {wrong[0]}, but the model tells {K} classes apart: labels are 0 … "
            f"{K - 1}.",
            f"标签中有 {wrong[0]}，而模型只区分 {K} 个类别：标签应为 0 到 {K - 1}。",
        )


def require_sequences(z: Shape, y: Shape) -> None:
    """Make sure that logits are N×T×K and tokens N×T."""
    if len(z) != 3 or not _fit(z[:2], y):
        raise CourseError(
            f"A sequence's likelihood needs logits N×T×K and tokens N×T; found {_written(z)} and "
            f"{_written(y)}.",
            f"序列似然需要 N×T×K 的 logits 和 N×T 的词元，现在的形状是 {_written(z)} 与 {_written(y)}。",
        )


def require_images(x: Shape) -> None:
    """Make sure that a batch is one of images."""
    if len(x) != 4:
        raise CourseError(
            f"Augmentation changes images N×H×W×C; this batch has the shape {_written(x)}.",
            f"数据增强针对 N×H×W×C 的图像，而这一批数据的形状是 {_written(x)}。",
        )


def require_one_of(one: str, has_one: bool, other: str, has_other: bool) -> None:
    """Make sure that at most one of two arguments is given."""
    if has_one and has_other:
        raise CourseError(
            f"Give {one} or {other}, not both: they could contradict each other.",
            f"{one} 与 {other} 只能给一个：同时给出可能互相矛盾。",
        )


def require_positive(name: str, value: float) -> None:
    """Make sure that a number is above 0."""
    if not value > 0:
        raise CourseError(
            f"{name} must be above 0; it was {value}.", f"{name} 必须大于 0，现在是 {value}。"
        )


def require_amounts(dtype: str) -> None:
    """Make sure that inputs can be blended: half of token 7 and half of token 9 is not token 8."""
    if dtype in ("int32", "int64"):
        raise CourseError(
            f"MixUp cannot blend inputs of type {dtype}: they look like token ids. If they are amounts, "
            "turn them into float32.",
            f"MixUp 无法混合 {dtype} 类型的输入：它们像是词元编号。如果确实是数量，请先转成 float32。",
        )


def require_different_names(one: Iterable[str], other: Iterable[str]) -> None:
    """Make sure that two objectives, one inside the other, do not draw under the same name."""
    for name in set(one) & set(other):
        raise CourseError(
            f"Two nested objectives both draw {name!r}: use one wrapper of each kind.",
            f"两个嵌套的目标函数都要抽取 {name!r}：同一种包装请只用一层。",
        )


def require_scalar(shape: Shape) -> None:
    """Make sure that a loss is one number (some engines would silently add several up)."""
    if len(shape):
        raise CourseError(
            f"A loss must be one number, and this one has the shape {_written(shape)}: take the mean "
            "over the examples.",
            f"损失必须是一个数，而这里的形状是 {_written(shape)}：请对样本求平均。",
        )


def _fit(found: Shape, y: Shape) -> bool:
    same = [a is None or b is None or a == b for a, b in zip(found, y, strict=False)]
    return len(found) == len(y) and all(same)


def _written(shape: Shape) -> str:
    return "×".join("N" if size is None else str(size) for size in shape) or "()"
