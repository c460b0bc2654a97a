"""How fast each part of a model learns, and which of its weights decay: a table, in numbers only.

A model with a backbone and a head has these *parts*, from input to output:

========================  =====================================================================
``stem``                  what comes before the backbone's first block
``block1``, ``block2`` …  the backbone's blocks (``backbone`` alone, where it lists no blocks)
``head``                  the new layers
``other``                 what belongs to none of these; like an objective's own networks, it
                          learns at the full rate
========================  =====================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from course_lib.arguments import require_made, require_number
from course_lib.errors import CourseError
from course_lib.training.schedules import as_schedule

if TYPE_CHECKING:
    from course_lib.training.recipes import Recipe

FULL_RATE = ("model", "other", "objective")


@dataclass(frozen=True)
class Discriminative:
    r"""Each part learns more slowly than the part after it: the head at the full rate.

    With ``L`` parts, the head the last, part ``l`` has the rate

    .. math::
        \eta_l = \eta \, / \, \text{factor}^{\,L - l}

    Howard & Ruder, *Universal Language Model Fine-tuning for Text Classification*, ACL 2018,
    arXiv:1801.06146, section 3.2, who take 2.6. Early layers are general, late ones particular to
    their task: the later, the more there is to change.
    """

    factor: float = 2.6

    def __post_init__(self) -> None:
        require_number("factor", self.factor, ends="()")


Rates = Discriminative | Mapping[str, float]


class Weight(NamedTuple):
    """What of a weight decides how it is treated."""

    dimensions: int
    size: int
    learns: bool


class Group(NamedTuple):
    """Weights that one part has and that are treated alike: a line of ``describe_groups``.

    Attributes:
        part: The part of the model, such as ``"block2"``.
        rate: Its learning rate (a schedule's highest).
        decay: Its weight decay.
        parameters: How many numbers these are.
        trainable: How many of them learn.
    """

    part: str
    rate: float
    decay: float
    parameters: int
    trainable: int


def require_rates(rates: Rates | None) -> None:
    """Make sure that a recipe's ``rates`` are what :func:`factors` reads."""
    if rates is not None:
        require_made("rates", rates, (Discriminative, Mapping), '{"backbone": 0.1}')
    for part, factor in rates.items() if isinstance(rates, Mapping) else ():
        require_number(f"rates[{part!r}]", factor)


def factors(rates: Rates | None, parts: Sequence[str]) -> dict[str, float]:
    """Give the factor of each part's learning rate.

    Args:
        rates: A recipe's ``rates``. In a mapping, ``"backbone"`` stands for the stem and all blocks
            that are not named themselves; parts that are not named have the factor 1.
        parts: The parts' names from input to output.

    Raises:
        CourseError: For a part that the model does not have, or a model without parts.
    """
    if rates is None:
        return dict.fromkeys(parts, 1.0)
    ordered = [part for part in parts if part not in FULL_RATE]
    if isinstance(rates, Discriminative):
        _check_parts(["backbone", "head"], ordered)
        last = len(ordered) - 1
        steps = {part: rates.factor ** (i - last) for i, part in enumerate(ordered)}
        return {part: steps.get(part, 1.0) for part in parts}
    _check_parts(rates, ordered)
    default = rates.get("backbone", 1.0)
    named = {part: default for part in ordered if part != "head"} | dict(rates)
    return {part: float(named.get(part, 1.0)) for part in parts}


def decay_of(recipe: Recipe, dimensions: int) -> float:
    """Give the weight decay of a weight with so many dimensions."""
    return recipe.weight_decay if recipe.decay_everything or dimensions > 1 else 0.0


def tabulate(parts: Mapping[str, Iterable[Weight]], recipe: Recipe) -> list[Group]:
    """Give one row for each part and decay, parts in order, from the weights of each part."""
    highest = float(as_schedule(recipe.learning_rate).rates(1000).max())
    rows: dict[tuple[str, float], Group] = {}
    for part, factor in factors(recipe.rates, list(parts)).items():
        rate = float(f"{highest * factor:.12g}")  # 0.01, not 0.010000000000000002
        for dimensions, size, learns in sorted(parts[part], reverse=True):  # kernels first
            decay = decay_of(recipe, dimensions)
            row = rows.get((part, decay), Group(part, rate, decay, 0, 0))
            n, trainable = row.parameters + size, row.trainable + size * learns
            rows[part, decay] = row._replace(parameters=n, trainable=trainable)
    return list(rows.values())


def _check_parts(named: Iterable[str], parts: Sequence[str]) -> None:
    """See that the named parts are there; ``"backbone"`` is, as soon as there is more than a head."""
    there = {*parts, *(["backbone"] if len(parts) > 1 else [])}
    unknown = [part for part in named if part not in there]
    if unknown:
        known = ", ".join(["backbone", *parts]) if parts else "none (it has no .backbone and .head)"
        raise CourseError(
            f"The recipe gives a rate to {unknown[0]!r}, but the model's parts are: {known}. "
            "Use attach_head, or name other parts.",
            f"优化器方案里给 {unknown[0]!r} 设了学习率，但这个模型的各部分是：{known}。"
            "请用 attach_head 搭建模型，或改用上述名称。",
        )
