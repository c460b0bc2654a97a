"""Put a difference into the student's terms: what was expected, what came, where, and how related."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_lib.exercises.comparators import Comparator, Outcome
from course_lib.exercises.judging import Case, Judgement
from course_lib.exercises.relations import recognise
from course_lib.exercises.values import Value, as_array, number, shorten, show_both, summarise, text
from course_lib.language import Text


@dataclass(frozen=True)
class Row:
    """One line of the table expected / yours; the cells are words or the values' own notation."""

    name: Text
    expected: Text
    found: Text


def explain(
    judgement: Judgement,
    cases: Sequence[Case],
    comparator: Comparator,
    *,
    tensors: bool = False,
    reveal: bool = True,
) -> list[Text]:
    """Say in a few sentences how the first wrong case differs.

    Args:
        judgement: What :func:`.judging.judge` gave.
        cases: The cases it judged.
        comparator: The exercise's comparator.
        tensors: Call arrays tensors.
        reveal: False leaves out every expected value and input: for feedback on secret draws.
    """
    case, outcome = cases[judgement.wrong], judgement.outcome
    sentences = [_DESCRIBE[outcome.reason](outcome, tensors, reveal)]
    relation = _relation(outcome, case, comparator)
    if relation:
        sentences.append(relation)
    if outcome.others:
        also = "、".join(f"result{path}" for path in outcome.others[:6])
        sentences.append(
            text(
                f"{also.replace('、', ', ')} {'differ' if len(outcome.others) > 1 else 'differs'} too.",
                f"{also} 也不一致。",
            )
        )
    return sentences


def compare_rows(judgement: Judgement, *, tensors: bool = False) -> list[Row]:
    """Give the table's rows: what each side is, and the values when small, else the first that differs."""
    outcome = judgement.outcome
    expected, found = outcome.expected, outcome.found
    rows = []
    kinds = summarise(expected, tensors=tensors), summarise(found, tensors=tensors)
    several = _is_several(expected) or _is_several(found)
    if not several and not judgement.pitfall:
        return []  # the sentence has said it all
    # A pitfall's message says nothing of shapes; every other sentence has said them already.
    if kinds[0] != kinds[1] and judgement.pitfall:
        rows.append(Row(text("what it is", "类型"), *kinds))
    shown = show_both(expected, found)
    if all(shown):
        rows.append(_row(text("values", "数值"), *shown))
    elif outcome.index and judgement.pitfall:
        place = f"result{outcome.path}"
        rows.append(_row(text(place, place), *_elements(outcome)))
    return rows


def _is_several(value: Value) -> bool:
    """Whether a value is more than a single number, text or truth value."""
    return isinstance(value, list | tuple | dict) or (
        isinstance(value, np.ndarray) and value.ndim > 0
    )


def _row(name: Text, expected: str, found: str) -> Row:
    return Row(name, text(expected, expected), text(found, found))


def _place(outcome: Outcome) -> Text:
    # In Chinese, a space stands between code and the words that follow.
    return text(f"result{outcome.path}", f"result{outcome.path} ") if outcome.path else _WHOLE


_WHOLE = text("the result", "返回值")


def _elements(outcome: Outcome) -> tuple[str, str]:
    e, f = as_array(outcome.expected), as_array(outcome.found)
    if e is None or f is None:
        return show_both(outcome.expected, outcome.found)
    return show_both(e[outcome.index].item(), f[outcome.index].item())


def _relation(outcome: Outcome, case: Case, comparator: Comparator) -> Text | None:
    if outcome.reason not in ("kind", "shape", "value"):
        return None
    expected, found = as_array(outcome.expected), as_array(outcome.found)
    if expected is None or found is None:
        return None
    return recognise(expected, found, comparator, case.inputs)


def _kind(outcome: Outcome, tensors: bool, reveal: bool) -> Text:
    wanted = outcome.expected if reveal else _hidden(outcome.expected)
    e, f = summarise(wanted, tensors=tensors), summarise(outcome.found, tensors=tensors)
    place = _place(outcome)
    return text(
        f"For {place['en']}, {e['en']} is expected; yours is {f['en']}.",
        f"{place['zh']}应为{e['zh']}，你的是{f['zh']}。",
    )


def _hidden(value: Value) -> Value:
    """Keep the kind of a single value and not the value itself."""
    blank = {bool: False, int: 0, float: 0.0, str: "…"}
    return blank.get(type(value), value)


def _shape(outcome: Outcome, tensors: bool, reveal: bool) -> Text:
    place = _place(outcome)
    e, f = np.shape(outcome.expected), np.shape(outcome.found)
    if e == ():
        return text(
            f"For {place['en']}, a single number is expected; yours has the shape {f}.",
            f"{place['zh']}应为一个数，你的形状是 {f}。",
        )
    if f == ():
        return text(
            f"For {place['en']}, the shape {e} is expected; yours is a single number.",
            f"{place['zh']}的形状应为 {e}，你的只是一个数。",
        )
    return text(
        f"For {place['en']}, the shape {e} is expected; yours is {f}.",
        f"{place['zh']}的形状应为 {e}，你的是 {f}。",
    )


def _length(outcome: Outcome, tensors: bool, reveal: bool) -> Text:
    place, e, f = _place(outcome), len(outcome.expected), len(outcome.found)
    en, zh = f"has {f}", f"有 {f} 个"
    if isinstance(outcome.found, np.ndarray):
        what = summarise(outcome.found, tensors=tensors)
        en, zh = f"is {what['en']}", f"是{what['zh']}"
    return text(
        f"For {place['en']}, {e} items are expected; yours {en}.",
        f"{place['zh']}应有 {e} 个元素，你的{zh}。",
    )


def _keys(outcome: Outcome, tensors: bool, reveal: bool) -> Text:
    missing = [key for key in outcome.expected if key not in outcome.found]
    extra = [key for key in outcome.found if key not in outcome.expected]
    place = _place(outcome)
    en, zh = [], []
    if missing:
        en.append(f"missing: {_list(missing)}")
        zh.append(f"缺少 {_list(missing, '、')}")
    if extra:
        en.append(f"not asked for: {_list(extra)}")
        zh.append(f"多出 {_list(extra, '、')}")
    return text(
        f"The keys of {place['en']} differ ({'; '.join(en)}).",
        f"{place['zh']}的键不一致（{'；'.join(zh)}）。",
    )


def _members(outcome: Outcome, tensors: bool, reveal: bool) -> Text:
    expected, found = _as_list(outcome.expected), _as_list(outcome.found)
    missing = [item for item in expected if item not in found]
    extra = [item for item in found if item not in expected]
    place = _place(outcome)
    en, zh = [], []
    if missing and reveal:
        en.append(f"missing: {_list(missing)}")
        zh.append(f"缺少 {_list(missing, '、')}")
    elif missing:
        en.append(f"{len(missing)} missing")
        zh.append(f"缺少 {len(missing)} 个")
    if extra:
        en.append(f"too many: {_list(extra)}")
        zh.append(f"多出 {_list(extra, '、')}")
    if not missing and not extra:
        en.append("something stands there more often or less often than expected")
        zh.append("有的元素出现的次数不对")
    return text(
        f"The members of {place['en']} differ ({'; '.join(en)}).",
        f"{place['zh']}的成员不一致（{'；'.join(zh)}）。",
    )


def _nan(outcome: Outcome, tensors: bool, reveal: bool) -> Text:
    place = f"result{outcome.path}" if outcome.path else "result"
    return text(
        f"{place} is NaN (not a number). It comes from 0/0, inf − inf or the logarithm or root of a "
        "negative number: look for a division by an empty count or an exp() that overflows.",
        f"{place} 是 NaN（非数）。它来自 0/0、inf − inf，或对负数取对数、开平方："
        "请检查有没有除以零计数，或 exp() 溢出。",
    )


def _value(outcome: Outcome, tensors: bool, reveal: bool) -> Text:
    if outcome.total <= 1 and not outcome.index:
        return _single_value(outcome, reveal)
    e, f = _elements(outcome)
    place = f"result{outcome.path}"
    said_en = f": expected {e}, yours {f}" if reveal else ""
    said_zh = f"：应为 {e}，你的是 {f}" if reveal else ""
    largest_en = largest_zh = ""
    if outcome.largest_error is not None and reveal and outcome.wrong > 1:
        largest_en = f" The largest difference is {number(outcome.largest_error)}."
        largest_zh = f"最大的差是 {number(outcome.largest_error)}。"
    many_en = f"{outcome.wrong} of {outcome.total} values {'is' if outcome.wrong == 1 else 'are'}"
    many_zh = f"{outcome.total} 个值中有 {outcome.wrong} 个"
    if outcome.wrong == outcome.total:
        many_en, many_zh = f"All {outcome.total} values are", f"{outcome.total} 个值全都"
    return text(
        f"{many_en} different; the first is {place}{said_en}.{largest_en}",
        f"{many_zh}不一致；第一处是 {place}{said_zh}。{largest_zh}",
    )


def _single_value(outcome: Outcome, reveal: bool) -> Text:
    place = _place(outcome)
    if not reveal:
        return text(
            f"{place['en'].capitalize() if not outcome.path else place['en']} has another value "
            "than expected.",
            f"{place['zh']}与应有的值不同。",
        )
    e, f = show_both(outcome.expected, outcome.found)
    return text(
        f"For {place['en']}, {e} is expected; yours is {f}.",
        f"{place['zh']}应为 {e}，你的是 {f}。",
    )


def _list(items: Sequence[Value], comma: str = ", ") -> str:
    return shorten(comma.join(repr(item) for item in items[:8]), 160)


def _as_list(value: Value) -> list[Value]:
    return value.tolist() if isinstance(value, np.ndarray) else list(value)


_DESCRIBE = {
    "kind": _kind,
    "shape": _shape,
    "length": _length,
    "keys": _keys,
    "members": _members,
    "nan": _nan,
    "value": _value,
}
