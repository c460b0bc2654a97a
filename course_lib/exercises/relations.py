"""Recognise how a wrong array is related to the right one: transposed, half, sign flipped …

What :func:`recognise` says is a fact about the numbers ("yours are 12 times the expected ones"),
and a guess at the reason only where the number itself suggests it (12 is a size of an input).

**The rule for hidden inputs** (``hidden=True``, feedback on graded answers): a sentence may name a
*pattern*, one of the fixed sentences below, and never quotes a number, a size or a name that was
computed from the expected values or the inputs. A factor would give the answer away to a student
whose function returns 1. A pattern tells one bit about the student's own values, as the verdict
does. So with ``hidden`` every sentence is one of a finite set, whatever the numbers are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from course_lib.exercises.comparators import Comparator
from course_lib.exercises.values import Value, number, text
from course_lib.language import Text

Same = Callable[[np.ndarray, np.ndarray], bool]


def recognise(
    expected: np.ndarray,
    found: np.ndarray,
    comparator: Comparator,
    inputs: Mapping[str, Value],
    *,
    hidden: bool = False,
) -> Text | None:
    """Give one sentence on how ``found`` is related to ``expected``, or ``None``.

    Args:
        expected: The right values.
        found: The student's.
        comparator: When two values count as the same.
        inputs: What the function was called with, by name.
        hidden: The inputs are secret: name the pattern and quote nothing computed from them.
    """

    of_values = comparator.of_values()

    def same(a: np.ndarray, b: np.ndarray) -> bool:
        return a.shape == b.shape and of_values.compare(a, b).same

    if not expected.size or not found.size:
        return None
    with np.errstate(all="ignore"):
        if expected.dtype.kind in "bU" or found.dtype.kind in "bU":
            return next(_of_kinds(expected, found, same, hidden), None)
        if expected.shape != found.shape:
            return next(_of_shapes(expected, found, same, hidden), None)
        if not np.isfinite(found).all() or not np.isfinite(expected).all():
            return None
        return next(_of_numbers(expected, found, same, inputs, hidden), None)


def _of_kinds(expected: np.ndarray, found: np.ndarray, same: Same, hidden: bool) -> Iterator[Text]:
    # A single truth value is either right or the opposite: that says nothing.
    several = expected.size > 1
    if expected.dtype.kind == found.dtype.kind == "b" and several and same(expected, ~found):
        yield text(
            "Every truth value is the opposite of the expected one: is the condition the wrong way round?",
            "每个布尔值都与应有的相反：条件是不是写反了？",
        )
    if expected.dtype.kind == "b" and found.dtype.kind in "iuf" and same(expected, found != 0):
        yield text(
            "The values are right, but given as numbers: truth values (True / False) are asked for.",
            "数值是对的，但给的是数字；这里要的是布尔值（True / False）。",
        )
    if expected.dtype.kind in "iuf" and found.dtype.kind == "b":
        yield text(
            "Truth values (True / False) came back where numbers are asked for.",
            "这里要的是数，返回的却是布尔值（True / False）。",
        )
    if expected.shape != found.shape:
        yield from _of_shapes(expected, found, same, hidden)


def _of_shapes(expected: np.ndarray, found: np.ndarray, same: Same, hidden: bool) -> Iterator[Text]:
    if expected.ndim > 1 and same(expected.T, found):
        yield text(
            "The values are right, but rows and columns are exchanged (transposed).",
            "数值是对的，但行和列互换了（转置）。",
        )
    order = _reordered_axes(expected, found, same)
    if order:
        yield text(
            f"The values are right, but the axes stand in another order: yours is the expected "
            f"result with .transpose{order}.",
            f"数值是对的，但轴的次序不同：你的结果等于应有的结果做了 .transpose{order}。",
        )
    if expected.squeeze().shape == found.squeeze().shape:
        if same(expected.squeeze(), found.squeeze()):
            yield text(
                "The values are right; only an axis of length 1 is too many or missing "
                "(look at keepdims, [:, None] and .squeeze()).",
                "数值是对的，只是多了或少了一个长度为 1 的轴（看看 keepdims、[:, None] 和 .squeeze()）。",
            )
    elif expected.size == found.size and same(expected.ravel(), found.ravel()):
        yield text(
            "The values are right and in order, but arranged in another shape.",
            "数值和顺序都对，但排成了另一种形状。",
        )
    n = len(expected) if expected.ndim else 0
    if expected.ndim == 1 and n > 1 and found.shape == (n, n):
        shape = "(n, n)" if hidden else f"{found.shape}"
        yield text(
            f"A result of shape {shape} arises when (n,) meets (n, 1): the two broadcast "
            "against each other.",
            f"当 (n,) 与 (n, 1) 相遇时会互相广播，于是得到形状 {shape}。",
        )
    one_row_each = found.ndim == 2 and expected.ndim == 1 and n == len(found)
    if one_row_each and same(expected, found.argmax(axis=1)):
        yield text(
            "Each row's largest entry stands at the expected place: the step from scores (or "
            "one-hot rows) to labels is missing.",
            "每一行的最大值都在应有的位置上：还差从得分（或独热编码）到标签的那一步。",
        )
    if expected.ndim == 0 and found.ndim >= 1:
        if same(expected, np.asarray(found.mean())):
            yield text(
                "The average of your values is the expected number: one number is asked for.",
                "你的各个值的平均数正好等于应有的结果：这里只要一个数。",
            )
        if same(expected, np.asarray(found.sum())):
            yield text(
                "The sum of your values is the expected number: one number is asked for.",
                "你的各个值之和正好等于应有的结果：这里只要一个数。",
            )


def _reordered_axes(expected: np.ndarray, found: np.ndarray, same: Same) -> tuple[int, ...] | None:
    """Give the order of axes that turns one into the other: channels first for channels last."""
    if not 3 <= expected.ndim == found.ndim <= 4:
        return None
    orders = itertools.permutations(range(expected.ndim))
    return next((order for order in orders if same(expected.transpose(order), found)), None)


def _of_numbers(
    expected: np.ndarray,
    found: np.ndarray,
    same: Same,
    inputs: Mapping[str, Value],
    hidden: bool,
) -> Iterator[Text]:
    e, f = expected.astype(np.float64), found.astype(np.float64)
    close_to = _loosened(expected, same)
    if expected.dtype.kind in "iu" and found.dtype.kind == "f" and np.array_equal(e, f):
        yield text(
            "The values are right, but they are fractions (float): whole numbers (int) are asked for.",
            "数值是对的，但类型是小数（float）；这里要的是整数（int）。",
        )
    if close_to(e, -f):
        yield text("Every value has the wrong sign.", "每个值的正负号都反了。")
    if e.size == 1 and close_to(e, e.round()):  # a class, a place, a count: half of it says nothing
        return
    yield from _of_factors(e, f, close_to, inputs, hidden)
    offset = float(np.mean(f - e))
    if e.size > 1 and np.isfinite(offset) and np.ptp(f - e) <= 1e-5 * abs(offset):
        yield _OFF_BY_A_CONSTANT if hidden else _off_by(offset)
    if e.ndim == 2 and e.shape[0] == e.shape[1] > 1 and close_to(e.T, f):
        yield text(
            "Your result is the transpose of the expected one.", "你的结果是应有结果的转置。"
        )
    if e.ndim and e.shape[-1] > 1 and e.dtype.kind == "f":
        yield from _of_scores(e, f, close_to)
    if e.min() >= 0 and close_to(e, np.square(f)):
        yield text(
            "The squares of your values are the expected ones: a square root too many, or a square missing.",
            "你的值平方之后正好是应有的值：多开了一次平方根，或者少了一次平方。",
        )
    if f.min() >= 0 and close_to(e, np.sqrt(f)):
        yield text(
            "The square roots of your values are the expected ones: the root is missing.",
            "你的值开平方之后正好是应有的值：少了开平方这一步。",
        )
    if len(np.unique(e)) > 2 and e.ndim and close_to(e[::-1], f):
        yield text("The values are right, but in reverse order.", "数值是对的，但顺序反了。")
    # Labels that happen to be as many of each are no order.
    all_different = len(np.unique(e)) == e.size > 1
    if all_different and close_to(np.sort(e.ravel()), np.sort(f.ravel())):
        yield text("The values are right, but in another order.", "数值是对的，但顺序不对。")
    if e.size > 1 and np.ptp(f) == 0 < np.ptp(e):
        yield text("All your values are equal to each other.", "你的所有值都相同。")


def _of_factors(
    e: np.ndarray, f: np.ndarray, close_to: Same, inputs: Mapping[str, Value], hidden: bool
) -> Iterator[Text]:
    """One factor between all values; for a single number only a factor that means something."""
    scale = float(np.sum(e * e))
    k = float(np.sum(e * f)) / scale if scale > 0 else 0.0
    if not 0 < k < np.inf or abs(k - 1) < 1e-2 or not close_to(e, f / k):
        return
    sizes = _sizes(inputs)
    for name, axis, size in sizes:
        if size > 2 and abs(k - size) < 1e-3 * size:
            yield (
                _A_LENGTH_TOO_LARGE
                if hidden
                else text(
                    f"Your values are {size} times the expected ones, and {name} has length {size} "
                    f"along axis {axis}: was something summed that should be averaged?",
                    f"你的值是应有值的 {size} 倍，而 {name} 在第 {axis} 轴上的长度正是 {size}："
                    "是不是该求平均的地方只求了和？",
                )
            )
        if size > 2 and abs(k * size - 1) < 1e-3:
            yield (
                _A_LENGTH_TOO_SMALL
                if hidden
                else text(
                    f"The expected values are {size} times yours, and {name} has length {size} along "
                    f"axis {axis}: was something averaged that should be summed?",
                    f"应有值是你的值的 {size} 倍，而 {name} 在第 {axis} 轴上的长度正是 {size}："
                    "是不是该求和的地方求了平均？",
                )
            )
    for factor, en, zh in _FACTORS:
        if abs(k - factor) < 1e-3 * factor:
            yield text(f"Your values are {en} the expected ones.", f"你的值是应有值的{zh}。")
    if e.size > 1:
        yield (
            _ONE_FACTOR
            if hidden
            else text(
                f"Your values are {number(k)} times the expected ones, all of them: "
                "one constant factor is wrong.",
                f"你的每个值都是应有值的 {number(k)} 倍：有一个常数因子不对。",
            )
        )


def _of_scores(e: np.ndarray, f: np.ndarray, close_to: Same) -> Iterator[Text]:
    if close_to(e, _softmax(f)):
        yield text(
            "The softmax of your values is the expected result: these are logits, and "
            "probabilities are asked for.",
            "对你的值做 softmax 正好得到应有的结果：你给的是 logits，这里要的是概率。",
        )
    if close_to(_softmax(e), f):
        yield text(
            "Your values are the softmax of the expected ones: these are probabilities, and "
            "logits are asked for.",
            "你的值正好是应有结果的 softmax：你给的是概率，这里要的是 logits。",
        )
    if f.min() > 0 and close_to(e, np.log(f)):
        yield text(
            "The logarithm of your values is the expected result: the log is missing.",
            "对你的值取对数正好得到应有的结果：少了取对数这一步。",
        )
    if e.min() > 0 and close_to(e, np.exp(f)):
        yield text(
            "The exponential of your values is the expected result: a logarithm too many.",
            "对你的值取指数正好得到应有的结果：多取了一次对数。",
        )


_FACTORS = (
    (2.0, "twice", " 2 倍"),
    (0.5, "half of", "一半"),
    (100.0, "100 times (per cent instead of a fraction?)", " 100 倍（是不是写成了百分数？）"),
    (0.01, "a hundredth of", "百分之一"),
    (255.0, "255 times (pixels not scaled to 0 … 1?)", " 255 倍（像素是不是没有缩放到 0～1？）"),
    (1 / 255, "1/255 of (pixels scaled twice?)", " 1/255（像素是不是缩放了两次？）"),
)


# What is said on hidden inputs in place of a sentence with a number in it.
_A_LENGTH_TOO_LARGE = text(
    "Your values are too large by a factor that is the length of one of the inputs: was something "
    "summed that should be averaged?",
    "你的值偏大，倍数正好是某个输入的长度：是不是该求平均的地方只求了和？",
)
_A_LENGTH_TOO_SMALL = text(
    "Your values are too small by a factor that is the length of one of the inputs: was something "
    "averaged that should be summed?",
    "你的值偏小，倍数正好是某个输入的长度：是不是该求和的地方求了平均？",
)
_ONE_FACTOR = text(
    "All your values differ from the expected ones by the same factor: one constant factor is wrong.",
    "你的所有值与应有的值相差同一个倍数：有一个常数因子不对。",
)
_OFF_BY_A_CONSTANT = text(
    "Each value differs from the expected one by the same amount: one constant term is wrong.",
    "每个值与应有的值都相差同一个数：有一个常数项不对。",
)


def _loosened(expected: np.ndarray, same: Same) -> Same:
    """Compare as the exercise does, but fractions as fractions even where whole numbers stand."""

    def close_to(a: np.ndarray, b: np.ndarray) -> bool:
        if expected.dtype.kind == "f" and a.dtype.kind == "f":
            return same(a, b)
        return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-6, atol=1e-9))

    return close_to


def _off_by(difference: float) -> Text:
    more_en, more_zh = ("more", "大") if difference > 0 else ("less", "小")
    size = f"{abs(difference):.6g}"
    return text(
        f"Each value is {size} {more_en} than expected.", f"每个值都比应有的{more_zh} {size}。"
    )


def _sizes(inputs: Mapping[str, Value]) -> list[tuple[str, int, int]]:
    return [
        (name, axis, size)
        for name, value in inputs.items()
        if isinstance(value, np.ndarray)
        for axis, size in enumerate(value.shape)
    ]


def _softmax(scores: np.ndarray) -> np.ndarray:
    shifted = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)
