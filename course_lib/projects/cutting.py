"""Cut examples into train, validation and test so that nothing that belongs together is torn apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_lib.errors import CourseError

PARTS = ("train", "validation", "test")
_WAYS = ("example", "group", "time")


def cut_parts(
    n: int,
    *,
    by: str = "example",
    groups: np.ndarray | None = None,
    times: np.ndarray | None = None,
    shares: Sequence[float] = (0.6, 0.2, 0.2),
    seed: int = 0,
) -> np.ndarray:
    """Say for each of ``n`` examples in which part it is: 0 train, 1 validation, 2 test.

    Args:
        n: Number of examples.
        by: ``"example"``: each goes its own way, at random. ``"group"``: whole groups do (a person, a
            camera, a document). ``"time"``: the oldest are train, the newest test.
        groups: For ``"group"``: the group of each example, N, names or numbers.
        times: For ``"time"``: when each example came, N, numbers or ISO dates; equal times stay together.
        shares: Of train, validation and test; they add up to 1. Whole groups make them approximate.
        seed: Another seed gives another cut (a cut by time has none).

    Returns:
        N whole numbers from 0 to 2.
    """
    if by not in _WAYS:
        raise CourseError(
            f"by={by!r}: cut by {', '.join(_WAYS)}.", f"by={by!r}：可选 {'、'.join(_WAYS)}。"
        )
    if len(shares) != 3 or min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
        raise CourseError(
            "shares must be three numbers above 0 that add up to 1.",
            "shares 应是三个大于 0、相加为 1 的数。",
        )
    keys = {"example": np.arange(n), "group": groups, "time": times}[by]
    if keys is None or len(keys) != n:
        raise CourseError(
            f"To cut by {by} there must be one {by} for each of the {n} examples.",
            f"按 {by} 划分时，{n} 个样本每个都要有对应的 {by}。",
        )
    names, unit = np.unique(keys, return_inverse=True)
    order = np.arange(len(names))
    if by != "time":
        order = np.random.default_rng(seed).permutation(order)
    part = _deal(np.bincount(unit)[order], shares)[np.argsort(order)][unit]
    if len(np.unique(part)) < 3:
        raise CourseError(
            f"There are only {len(names)} different values to cut by: some part would be empty.",
            f"可供划分的取值只有 {len(names)} 种：会有一份是空的。",
        )
    return part


def _deal(sizes: np.ndarray, shares: Sequence[float]) -> np.ndarray:
    """Deal units of these sizes, in their order, to the parts: by where the middle of each one falls."""
    middle = (np.cumsum(sizes) - sizes / 2) / sizes.sum()
    return np.searchsorted(np.cumsum(shares)[:2], middle, side="right")


def fingerprints(x: np.ndarray) -> np.ndarray:
    """Give each example 12 hexadecimal digits: equal for equal pictures, or texts alike but for spaces and capitals.

    Args:
        x: Pictures, N×H×W×C, or texts, N.
    """
    return np.array([hashlib.sha256(_bytes_of(each)).hexdigest()[:12] for each in x], dtype=str)


def _bytes_of(example: Any) -> bytes:
    if isinstance(example, str):
        return " ".join(example.casefold().split()).encode()
    return np.ascontiguousarray(example).tobytes()


def describe_parts(
    part: np.ndarray,
    prints: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    times: np.ndarray | None = None,
) -> dict[str, int]:
    """Count what a cut tears apart.

    Returns:
        ``train``, ``validation``, ``test``: how many examples. ``twins``: examples with an equal one in
        another part. ``shared_groups``: groups in more than one part. ``earlier``: examples of validation
        or test that are older than the newest of the part before it.
    """
    counts = {name: int(np.sum(part == i)) for i, name in enumerate(PARTS)}
    counts["twins"] = int(np.isin(prints, _on_several_sides(part, prints)).sum())
    counts["shared_groups"] = 0 if groups is None else len(_on_several_sides(part, groups))
    counts["earlier"] = 0 if times is None else _earlier(part, times)
    return counts


def _on_several_sides(part: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """List the keys that are met in more than one part."""
    names, number = np.unique(keys, return_inverse=True)
    met = np.zeros((len(names), len(PARTS)), dtype=bool)
    met[number, part] = True
    return names[met.sum(axis=1) > 1]


def _earlier(part: np.ndarray, times: np.ndarray) -> int:
    late = 0
    for i in (1, 2):
        before, here = times[part < i], times[part == i]
        late += int(np.sum(here <= before.max())) if len(before) and len(here) else 0
    return late


def split_as_text(part: np.ndarray, prints: np.ndarray, groups: np.ndarray | None) -> str:
    """Write a split so that it can be pasted: for each part its examples' and its groups' fingerprints."""
    lines = []
    for i, name in enumerate(PARTS):
        own: list[object] = [] if groups is None else np.unique(groups[part == i]).tolist()
        of_groups = [hashlib.sha256(str(each).encode()).hexdigest()[:6] for each in own]
        of_examples = sorted(each[:9] for each in prints[part == i])
        lines += [f"{name} groups {''.join(of_groups)}", f"{name} examples {''.join(of_examples)}"]
    return "\n".join(lines)


def read_split(text: str) -> dict[str, dict[str, list[str]]]:
    """Read what :func:`split_as_text` wrote: ``{"train": {"examples": […], "groups": […]}, …}``.

    Anything else, lines that were shortened or broken included, gives ``{}``.
    """
    split: dict[str, dict[str, list[str]]] = {name: {} for name in PARTS}
    for line in filter(str.strip, text.split("\n")):
        name, kind, digits, *more = (*line.split(), "", "")
        step = {"examples": 9, "groups": 6}.get(kind, 0)
        if name not in split or not step or any(more):
            return {}
        if len(digits) % step or not set(digits) <= set("0123456789abcdef"):
            return {}
        split[name][kind] = [digits[i : i + step] for i in range(0, len(digits), step)]
    return split


def report_split(split: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[str, bool]:
    """Say of a split as :func:`read_split` gives it whether it is whole and clean."""
    try:
        examples = [list(split[name]["examples"]) for name in PARTS]
        groups = [list(split[name]["groups"]) for name in PARTS]
    except (KeyError, IndexError, TypeError):
        return {"three_parts": False, "enough": False, "no_twins": False, "no_shared_groups": False}
    return {
        "three_parts": all(examples),
        "enough": min(len(set(part)) for part in examples) >= 20,
        "no_twins": _disjoint(examples),
        "no_shared_groups": _disjoint(groups),
    }


def _disjoint(parts: Sequence[Sequence[str]]) -> bool:
    return len(set().union(*parts)) == sum(len(set(part)) for part in parts)
