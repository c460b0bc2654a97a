"""What objectives ask of their inputs before the arithmetic: broadcasting would hide most mistakes.

A size that a framework does not know yet (``None``) fits everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.arguments import as_labels, as_numbers, require_count, require_number
from course_lib.errors import CourseError
from course_lib.training.recipes import AdamW

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
    require_several_classes(z[-1])


def require_several_classes(K: int | None) -> None:
    """Make sure that there is something to tell apart: one class has all the probability."""
    if K == 1:
        raise CourseError(
            "There is one class only, so that every answer is right and the loss 0: give the head one "
            "output for each class, or use BinaryCrossEntropy for yes or no.",
            "只有一个类别：怎样回答都对，损失恒为 0。请让分类头为每个类别各有一个输出，"
            "是非题请用 BinaryCrossEntropy。",
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


def require_as_many(x: Shape, draws: Mapping[str, Shape]) -> None:
    """Make sure that what was drawn belongs to so many images."""
    for kind, found in draws.items():
        if not _fit(x[:1], found[:1]):
            raise CourseError(
                f"'{kind}' was drawn for {found[0]} images, but there are {x[0]}: draw for as many.",
                f"'{kind}' 是为 {found[0]} 张图片抽取的，而这里有 {x[0]} 张：请按图片数抽取。",
            )


def require_probabilities(y: np.ndarray) -> None:
    """Make sure that yes-or-no answers lie between 0 and 1."""
    wrong = y[~((y >= 0) & (y <= 1))]
    if len(wrong):
        raise CourseError(
            f"Yes-or-no answers are 0, 1, or a probability in between; there is {wrong[0]} among the "
            "targets. (Labels of several classes go with CrossEntropy.)",
            f"是非题的目标应为 0、1 或两者之间的概率，而其中有 {wrong[0]}。"
            "（多个类别的标签请用 CrossEntropy。）",
        )


def cannot_take(x: Shape, error: Exception) -> CourseError:
    """Give the sentence for a model that was built for other inputs."""
    lines = [line.strip() for line in re.sub(r"\x1b\[\d*m", "", str(error)).splitlines()]
    said = next((line for line in lines if line and not line.endswith(".call().")), "")[:200]
    found = _written((None, *x[1:]))
    return CourseError(
        f"The model cannot take inputs of the shape {found}: was it built for others? ({said})",
        f"模型不能接受形状为 {found} 的输入：它是否是按别的形状搭建的？（{said}）",
    )


def require_features_to_head(model: Any, what: str) -> None:
    """Make sure that a model's head takes what its backbone gives: the features that are compared."""
    require_transfer_model(model, what)
    if getattr(model, "flatten", False):
        raise CourseError(
            f"{what} compares the features that the head gets, and a head made with flatten=True gets a "
            "whole map: make it without.",
            f"{what} 比较的是送入分类头的特征，而用 flatten=True 搭建的分类头得到的是整张特征图："
            "请去掉这个选项。",
        )


def require_transfer_model(model: Any, what: str) -> None:
    """Make sure that a model has a backbone and a head."""
    if not (hasattr(model, "backbone") and hasattr(model, "head")):
        raise CourseError(
            f"{what} needs a model with a backbone and a head, as attach_head gives it; this is a "
            f"{type(model).__name__}.",
            f"{what} 需要既有主干网络又有分类头的模型（由 attach_head 搭建），"
            f"现在是 {type(model).__name__}。",
        )


def require_backbone(thing: Any, what: str) -> None:
    """Make sure that something is a backbone."""
    if not (hasattr(thing, "network") and hasattr(thing, "preprocessing")):
        raise CourseError(
            f"{what} needs a backbone, as load_backbone gives it (of a model with a head: "
            f"model.backbone); this is a {type(thing).__name__}.",
            f"{what} 需要 load_backbone 给出的主干网络（带分类头的模型请用 model.backbone），"
            f"现在是 {type(thing).__name__}。",
        )


def require_mean_head(model: Any, what: str) -> None:
    """Make sure that something is a backbone with a head on the mean of its last map."""
    whole = hasattr(model, "backbone") and hasattr(model, "head")
    if not whole or getattr(model, "flatten", False) or model.backbone.tokens:
        raise CourseError(
            f"{what} needs a convolutional backbone with a head on the mean of its last map, as "
            "attach_head(backbone, K) gives it without flatten.",
            f"{what} 需要卷积主干加一个接在末层特征图均值上的分类头，即不带 flatten 的 "
            "attach_head(backbone, K)。",
        )


def require_one_class_each(classes: Any, n: int) -> np.ndarray:
    """Give the class that is asked about for each of n examples."""
    chosen = as_labels("classes", classes)
    if chosen.shape != (n,):
        raise CourseError(
            f"One class for each image, please: there are {n} images and classes of shape {chosen.shape}.",
            f"每幅图像要对应一个类别：这里有 {n} 幅图像，而 classes 的形状是 {chosen.shape}。",
        )
    return chosen


def require_head(features: int, classes: int, hidden: Sequence[int], dropout: float) -> None:
    """Make sure that a head of these sizes can be built."""
    require_count("features", features)
    require_count("classes", classes)
    if not isinstance(hidden, Iterable) or isinstance(hidden, str):
        raise CourseError(
            f"hidden is a row of widths, such as hidden=(64,); it was {hidden!r}.",
            f"hidden 应是一组宽度，例如 hidden=(64,)，现在是 {hidden!r}。",
        )
    for width in hidden:
        require_count("a width in hidden", width)
    require_number("dropout", dropout, 0, 1, ends="[)")


def require_no_nan(outputs: np.ndarray) -> None:
    """Make sure that a model's outputs are numbers (-∞, the logit of what cannot be, is one)."""
    rows = np.isnan(outputs.reshape(len(outputs), -1)).any(axis=1)
    if rows.any():
        raise CourseError(
            f"For {int(rows.sum())} of {len(rows)} examples the model's outputs are no numbers: look at "
            "the inputs, and if it happened while training, try a smaller learning rate.",
            f"在 {len(rows)} 个样本中，模型对 {int(rows.sum())} 个给出的输出不是数："
            "请检查输入；如果是训练中出现的，请把学习率调小。",
        )


def require_spread(n: int | None, places: Shape) -> None:
    """Make sure that BatchNorm, in training, sees more than one value per channel.

    Args:
        n: Examples in the batch.
        places: The sides of the map that it normalises; none for features.
    """
    if n == 1 and all(side == 1 for side in places):
        raise CourseError(
            "BatchNorm normalises by the spread of a batch, and here a batch (or a part of one, with "
            "accumulate) is a single example with a single place. Take a larger batch_size, or "
            "batch_norm='frozen'.",
            "BatchNorm 按一批数据的离散程度做归一化，而这里有一批（或用 accumulate 切出的一份）"
            "只有一个样本、一个位置。请增大 batch_size，或使用 batch_norm='frozen'。",
        )


def require_one_of(one: str, has_one: bool, other: str, has_other: bool) -> None:
    """Make sure that at most one of two arguments is given."""
    if has_one and has_other:
        raise CourseError(
            f"Give {one} or {other}, not both: they could contradict each other.",
            f"{one} 与 {other} 只能给一个：同时给出可能互相矛盾。",
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


def require_two_samples(f_s: Shape, f_t: Shape, *, at_least: int) -> None:
    """Make sure that two samples of features have the same features, and enough rows to compare."""
    same = len(f_s) == len(f_t) == 2 and _fit(f_s[1:], f_t[1:])
    if not same or any(rows is not None and rows < at_least for rows in (*f_s[:1], *f_t[:1])):
        raise CourseError(
            f"Two domains are compared by features n×D and m×D, at least {at_least} of each; found "
            f"{_written(f_s)} and {_written(f_t)}.",
            f"比较两个域需要 n×D 与 m×D 的特征，各至少 {at_least} 行；现在的形状是 {_written(f_s)} 与 "
            f"{_written(f_t)}。",
        )


def require_kernel(kernel: str, width: float | None) -> None:
    """Make sure that a kernel is known and its width, if given, is a length."""
    if kernel not in ("linear", "rbf", "multi"):
        raise CourseError(
            f"kernel is one of 'linear', 'rbf', 'multi'; it was {kernel!r}.",
            f"kernel 只能是 'linear'、'rbf'、'multi' 之一，现在是 {kernel!r}。",
        )
    if width is not None:
        require_number("width", width, ends="()")


def require_shares(shares: Any) -> list[float]:
    """Give the shares of the classes, scaled to sum 1."""
    found = as_numbers("shares", shares)
    if found.ndim != 1 or len(found) < 2 or (found <= 0).any():
        raise CourseError(
            f"shares is one number above 0 for each class, at least two; it was {found.tolist()}. A class "
            "that does not occur at all has a very small share.",
            f"shares 应为每个类别给出一个大于 0 的数，至少两个；现在是 {found.tolist()}。"
            "根本不出现的类别，请给一个很小的占比。",
        )
    return [float(share) for share in found / found.sum()]


def require_one_share_each(shares: Sequence[float], K: int | None) -> None:
    """Make sure that there are as many shares as the model has classes."""
    if K is not None and len(shares) != K:
        raise CourseError(
            f"There are {len(shares)} shares, but the model knows {K} classes: one share for each.",
            f"占比有 {len(shares)} 个，而模型有 {K} 个类别：每个类别应有一个占比。",
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


def require_one_each(
    models: Sequence[Any],
    trains: Sequence[Any],
    recipes: Any,
    seeds: Sequence[int] | None,
    epochs: int | Sequence[int],
) -> tuple[list[Any], list[int], list[int]]:
    """Give a recipe, a seed and the epochs for each model, when there are as many data as models."""
    recipes = [*recipes] if isinstance(recipes, Sequence) else [recipes or AdamW()] * len(models)
    seeds = [*range(len(models))] if seeds is None else [*seeds]
    lasting = [*epochs] if isinstance(epochs, Sequence) else [epochs] * len(models)
    found = {"trains": trains, "optimizers": recipes, "seeds": seeds, "epochs": lasting}
    counts = {name: len(given) for name, given in found.items()}
    for name, count in counts.items():
        if count != len(models) or not count:
            raise CourseError(
                f"fit_each needs one of {name} for each model: there are {len(models)} models and {count}.",
                f"fit_each 要求每个模型对应一项 {name}：现有 {len(models)} 个模型，{count} 项。",
            )
    return recipes, seeds, lasting


def require_one_domain_each(models: Sequence[Any], domains: Sequence[Any]) -> None:
    """Make sure that there is one data set for each model, and a model at all."""
    if not models or len(models) != len(domains):
        raise CourseError(
            f"evaluate_each needs one data set for each model: there are {len(models)} models and "
            f"{len(domains)} data sets.",
            f"evaluate_each 要求每个模型对应一个数据集：现有 {len(models)} 个模型，{len(domains)} 个数据集。",
        )
