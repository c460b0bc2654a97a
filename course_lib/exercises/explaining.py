"""Put a difference into the student's terms: what was expected, what came, where, and how related."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

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
    parts: Mapping[str, Text] | None = None,
) -> list[Text]:
    """Say in a few sentences how the first wrong case differs.

    Args:
        judgement: What :func:`.judging.judge` gave.
        cases: The cases it judged.
        comparator: The exercise's comparator.
        tensors: Call arrays tensors.
        reveal: False leaves out every expected value and input: for feedback on secret draws.
        parts: What the exercise calls the parts of its value.
    """
    case, outcome = cases[judgement.wrong], judgement.outcome
    names = _Names(parts or {}, of_list=isinstance(case.expected, list | tuple))
    sentences = [_DESCRIBE[outcome.reason](outcome, names, tensors, reveal)]
    relation = _relation(outcome, case, comparator)
    if relation:
        sentences.append(relation)
    if outcome.others:
        also = [names.of(path) for path in outcome.others[:6]]
        many = len(also) > 1
        sentences.append(
            text(
                f"{', '.join(each['en'] for each in also)} {'differ' if many else 'differs'} too.",
                f"{'、'.join(each['zh'] for each in also)} 也不一致。",
            )
        )
    return sentences


def compare_rows(
    judgement: Judgement,
    cases: Sequence[Case],
    *,
    tensors: bool = False,
    parts: Mapping[str, Text] | None = None,
) -> list[Row]:
    """Give the table's rows: what each side is, and its values, or five of them where there are many.

    Where only a part of the returned value differs, each row names it.
    """
    outcome = judgement.outcome
    expected, found = outcome.expected, outcome.found
    rows = []
    kinds = summarise(expected, tensors=tensors), summarise(found, tensors=tensors)
    several = _is_several(expected) or _is_several(found)
    if not several and not judgement.pitfall:
        return []  # the sentence has said it all
    # A pitfall's message says nothing of shapes; every other sentence has said them already. And a
    # single number is what it is: its value stands in the next row.
    if several and kinds[0] != kinds[1] and judgement.pitfall:
        rows.append(Row(text("what it is", "类型"), *kinds))
    if outcome.reason == "dtype":
        return rows  # the values are right
    shown = show_both(expected, found)
    if all(shown) and max(each.count("\n") for each in shown) < MAX_LINES:
        rows.append(_row(text("values", "数值"), *shown))
    elif outcome.index:
        start = str(list(outcome.index)).strip("[]")
        name = text(f"values from [{start}] on", f"从 [{start}] 起的数值")
        rows.append(_row(name, *_first_values(outcome)))
    if not outcome.part:
        return rows
    whole = cases[judgement.wrong].expected
    part = _Names(parts or {}, of_list=isinstance(whole, list | tuple)).of(outcome.part)
    return [
        replace(
            row,
            name=text(f"{part['en']}: {row.name['en']}", f"{part['zh']}：{row.name['zh']}")
            if several
            else part,
        )
        for row in rows
    ]


MAX_LINES = 4  # of a value shown whole
SOME = 5  # values shown of one that is larger


@dataclass(frozen=True)
class _Names:
    """What to call the places of a returned value: ``result[0]`` means nothing to whoever wrote it."""

    parts: Mapping[str, Text]
    of_list: bool  # the value is a list, so the first index counts its items

    def of(self, path: str) -> Text:
        """Name a place such as ``[1][0, 2]``: the second item, at [0, 2]."""
        found = re.match(r"\[(?:'(\w+)'|(\d+))\](.*)$", path)
        if not found:
            return text(f"result{path}", f"result{path}")
        key, rest = found[1] or found[2], found[3]
        if key in self.parts:
            name = self.parts[key]
        elif self.of_list and found[2] and int(key) < len(_ORDINALS):
            name = text(f"the {_ORDINALS[int(key)]} item", f"返回值的第 {int(key) + 1} 项")
        else:
            return text(f"result{path}", f"result{path}")
        return text(f"{name['en']}, at {rest}", f"{name['zh']}的 {rest}") if rest else name

    def subject(self, outcome: Outcome) -> Text:
        """Name the place of an outcome, the Chinese ready to be followed by words."""
        if not outcome.path:
            return _WHOLE
        name = self.of(outcome.path)
        # In Chinese, a space stands between code and the words that follow.
        return text(name["en"], name["zh"] + (" " if name["zh"][-1] in "]'" else ""))


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_WHOLE = text("the result", "返回值")


def _is_several(value: Value) -> bool:
    """Whether a value is more than a single number, text or truth value."""
    return isinstance(value, list | tuple | dict) or (
        isinstance(value, np.ndarray) and value.ndim > 0
    )


def _row(name: Text, expected: str, found: str) -> Row:
    return Row(name, text(expected, expected), text(found, found))


def _first_values(outcome: Outcome) -> tuple[str, str]:
    """Write out a few values of both, from the first on that differs."""
    e, f = as_array(outcome.expected), as_array(outcome.found)
    if e is None or f is None or e.shape != f.shape:
        return _elements(outcome)
    start = int(np.ravel_multi_index(outcome.index, e.shape))
    pieces = [np.ravel(each)[start : start + SOME] for each in (e, f)]
    ending = ", …]" if start + SOME < e.size else "]"
    one, other = show_both(pieces[0].tolist(), pieces[1].tolist())
    return one[:-1] + ending, other[:-1] + ending


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


def _kind(outcome: Outcome, names: _Names, tensors: bool, reveal: bool) -> Text:
    wanted = outcome.expected if reveal else _hidden(outcome.expected)
    e, f = summarise(wanted, tensors=tensors), summarise(outcome.found, tensors=tensors)
    place = names.subject(outcome)
    return text(
        f"For {place['en']}, {e['en']} is expected; yours is {f['en']}.",
        f"{place['zh']}应为{e['zh']}，你的是{f['zh']}。",
    )


def _hidden(value: Value) -> Value:
    """Keep the kind of a single value and not the value itself."""
    blank = {bool: False, int: 0, float: 0.0, str: "…"}
    return blank.get(type(value), value)


def _shape(outcome: Outcome, names: _Names, tensors: bool, reveal: bool) -> Text:
    place = names.subject(outcome)
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


def _length(outcome: Outcome, names: _Names, tensors: bool, reveal: bool) -> Text:
    place, e, f = names.subject(outcome), len(outcome.expected), len(outcome.found)
    en, zh = f"has {f}", f"有 {f} 个"
    if isinstance(outcome.found, np.ndarray):
        what = summarise(outcome.found, tensors=tensors)
        en, zh = f"is {what['en']}", f"是{what['zh']}"
    return text(
        f"For {place['en']}, {e} items are expected; yours {en}.",
        f"{place['zh']}应有 {e} 个元素，你的{zh}。",
    )


def _keys(outcome: Outcome, names: _Names, tensors: bool, reveal: bool) -> Text:
    missing = [key for key in outcome.expected if key not in outcome.found]
    extra = [key for key in outcome.found if key not in outcome.expected]
    place = names.subject(outcome)
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


def _members(outcome: Outcome, names: _Names, tensors: bool, reveal: bool) -> Text:
    expected, found = _as_list(outcome.expected), _as_list(outcome.found)
    missing = [item for item in expected if item not in found]
    extra = [item for item in found if item not in expected]
    place = names.subject(outcome)
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


def _nan(outcome: Outcome, names: _Names, tensors: bool, reveal: bool) -> Text:
    place = names.subject(outcome)
    return text(
        f"{_capital(place['en'])} is NaN (not a number). It comes from 0/0, inf − inf or the "
        "logarithm or root of a negative number: look for a division by an empty count or an exp() "
        "that overflows.",
        f"{place['zh']}是 NaN（非数）。它来自 0/0、inf − inf，或对负数取对数、开平方："
        "请检查有没有除以零计数，或 exp() 溢出。",
    )


def _value(outcome: Outcome, names: _Names, tensors: bool, reveal: bool) -> Text:
    if outcome.total <= 1 and not outcome.index:
        return _single_value(outcome, names, reveal)
    e, f = _elements(outcome)
    place, inside_en, inside_zh = names.of(outcome.path), "", ""
    if outcome.part:  # the part is named before, then the place in it
        inside = names.of(outcome.part)
        inside_en, inside_zh = f"In {inside['en']}, ", f"{inside['zh']}中，"
        position = outcome.path.removeprefix(outcome.part)
        place = text(f"at {position}", f"在 {position}")
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
    if inside_en:
        many_en = many_en[:1].lower() + many_en[1:]
    return text(
        f"{inside_en}{many_en} different; the first is {place['en']}{said_en}.{largest_en}",
        f"{inside_zh}{many_zh}不一致；第一处{'' if inside_zh else '是 '}{place['zh']}{said_zh}。{largest_zh}",
    )


def _single_value(outcome: Outcome, names: _Names, reveal: bool) -> Text:
    place = names.subject(outcome)
    if not reveal:
        return text(
            f"{_capital(place['en'])} has another value than expected.",
            f"{place['zh']}与应有的值不同。",
        )
    e, f = show_both(outcome.expected, outcome.found)
    return text(
        f"For {place['en']}, {e} is expected; yours is {f}.",
        f"{place['zh']}应为 {e}，你的是 {f}。",
    )


def _dtype(outcome: Outcome, names: _Names, tensors: bool, reveal: bool) -> Text:
    wanted = getattr(outcome.expected, "dtype", "float32")  # as the reference gives it
    if not isinstance(outcome.found, np.ndarray):
        kind = type(outcome.found).__name__
        return text(
            f"The values are right, but they come as a {kind}. A NumPy array of {wanted} is asked for.",
            f"数值是对的，但返回的是 {kind}。这里要的是 {wanted} 的 NumPy 数组。",
        )
    return text(
        f"The values are right, but the array is {outcome.found.dtype}. "
        f"{wanted} is asked for: finish with .astype(np.{wanted}).",
        f"数值是对的，但数组是 {outcome.found.dtype}。这里要的是 {wanted}：最后加上 .astype(np.{wanted})。",
    )


def _capital(words: str) -> str:
    return words if words.startswith("result") else words[:1].upper() + words[1:]


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
    "dtype": _dtype,
}
