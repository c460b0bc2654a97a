"""What both halves ask before they put something small around a layer."""

from __future__ import annotations

from collections.abc import Iterable

from course_lib.arguments import require_count, require_number, require_seed
from course_lib.errors import CourseError

# Attention computes with this layer's weights itself; nothing can be put around it.
ATTENTION_OUTPUT = "out_proj"


def is_chosen(name: str, where: Iterable[str] | None) -> bool:
    """Say whether a layer's name holds one of some names: ``"conv1"`` is in ``"block1.conv1"``.

    Names count as a whole, from dot to dot: ``"block1.conv"`` is not in it. None chooses all.
    """
    if name.split(".")[-1] == ATTENTION_OUTPUT:
        return False
    return where is None or any(f".{part}." in f".{name}." for part in where)


def as_names(where: Iterable[str] | None) -> list[str] | None:
    """Give the argument ``where`` as a list of names: one name alone will do."""
    return [where] if isinstance(where, str) else None if where is None else [*where]


def require_sizes(**given: float) -> None:
    """Make sure of ``rank`` or ``width``, ``alpha``, ``seed``: whichever are given."""
    for name, value in given.items():
        if name == "seed":
            require_seed(value)
        elif name == "alpha":
            require_number(name, value, ends="()")
        else:
            require_count(name, value)


def require_found(count: int, where: Iterable[str] | None) -> None:
    """Make sure that there was a layer to put something around."""
    if not count:
        raise CourseError(
            f"No linear or convolution layer of the backbone matches where={where}: "
            "describe(model, depth=2) lists names such as 'block1' and 'conv1'.",
            f"主干网络中没有与 where={where} 匹配的线性层或卷积层："
            "describe(model, depth=2) 可列出 'block1'、'conv1' 这样的名字。",
        )


def require_plain(adapted: bool) -> None:
    """Make sure that nothing is around the layers yet."""
    if adapted:
        raise CourseError(
            "This model has LoRA or adapters already: merge_lora or remove_adapters first.",
            "这个模型已经带有 LoRA 或适配器：请先用 merge_lora 合并，或用 remove_adapters 去掉。",
        )


def require_lora(count: int) -> None:
    """Make sure that there was something to merge."""
    if not count:
        raise CourseError(
            "There is no LoRA in this model to be merged: add_lora puts it there. (Adapters are not "
            "linear and cannot be merged.)",
            "这个模型中没有可以合并的 LoRA：请先用 add_lora 加入。（适配器不是线性的，不能合并。）",
        )
