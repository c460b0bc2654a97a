"""What to do about an error in one's own function: the sentence that stands before the traceback."""

from __future__ import annotations

import re
import sys
import traceback
from pathlib import Path

from course_lib.exercises.values import shorten, text
from course_lib.language import Text

MAX_LINES = 8  # of a traceback


Advice = tuple[tuple[str, Text], ...]
"""Patterns for "TypeError: its message", each with what to say: a fixed sentence, never filled in."""


def advise(error: BaseException, first: Advice = ()) -> Text:
    """Say what to look at first, by the kind of error and, where it is telling, its message.

    ``first`` is an exercise's own advice; it goes before the general one.
    """
    return find_advice(error, (*first, *_ADVICE)) or text(
        "Go to the line where it stopped and look at the values it works with, for example with print().",
        "请看出错的那一行，检查它用到的值，例如用 print() 打印出来。",
    )


def find_advice(error: BaseException, among: Advice) -> Text | None:
    """Give the first advice whose pattern an error fits."""
    said = f"{type(error).__name__}: {error}"
    fits = (
        advice for pattern, advice in among if re.search(pattern, said, re.IGNORECASE | re.DOTALL)
    )
    return next(fits, None)


def own_lines(error: BaseException) -> list[str]:
    """Shorten a traceback to the student's own lines, ending in the error itself."""
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if not is_library(frame.filename)]
    lines = []
    for frame in mine[-MAX_LINES // 2 :]:
        lines.append(f"{frame.name}, line {frame.lineno}:")
        if frame.line:
            lines.append(f"    {shorten(frame.line, 100)}")
    said = " ".join(str(error).split())
    return [
        *lines,
        shorten(f"{type(error).__name__}: {said}" if said else type(error).__name__, 300),
    ]


def is_untouched_stub(error: BaseException) -> bool:
    """Say whether a NotImplementedError is the stub's own ``raise`` and not one of a library."""
    if not isinstance(error, NotImplementedError):
        return False
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or is_library(frames[-1].filename):
        return False
    # A library's compiled code raises on the student's line too; that line has no "raise".
    return "raise" in (frames[-1].line or "raise")


def is_library(filename: str) -> bool:
    """Whether a frame's file is Python's, a package's or the course's, and none of the student's."""
    if filename.startswith("<frozen"):
        return True
    path = Path(filename)
    homes = {sys.prefix, sys.base_prefix, str(Path(__file__).resolve().parent.parent)}
    return "site-packages" in path.parts or any(path.is_relative_to(home) for home in homes)


_ADVICE: Advice = (
    (
        r"^(NameError|UnboundLocalError)",
        text(
            "A name is not known there. Check its spelling; if it belongs to an earlier cell "
            "(an import, perhaps), run the notebook from the top.",
            "出错的那一行用到了一个没有定义的名字。请检查拼写；如果它来自前面的单元格（例如某个 import），"
            "请从头依次运行笔记本。",
        ),
    ),
    (
        r"must be Tensor, not (numpy\.)?ndarray",
        text(
            "A PyTorch layer or function was given a NumPy array. It wants a tensor: torch.as_tensor(…).",
            "PyTorch 的层或函数收到了 NumPy 数组，而它要的是张量：torch.as_tensor(…)。",
        ),
    ),
    (
        r"cannot cast ufunc .* to dtype\('u?int",
        text(
            "An array of whole numbers (uint8, say) can't hold fractions, so it can't be divided in place. "
            "Make it float32 first: .astype(np.float32).",
            "整数数组（例如 uint8）存不下小数，所以不能就地做除法。请先转成 float32：.astype(np.float32)。",
        ),
    ),
    (
        r"boolean index did not match|boolean dimension is|mask .* does not match the shape",
        text(
            "A mask must have one entry for each element that it chooses from. Print the shapes of both: "
            "over which axis did you reduce?",
            "布尔掩码必须和被挑选的数组一样长，一一对应。请打印二者的形状：你是对哪个轴求的平均或求的和？",
        ),
    ),
    (
        r"same device|device mismatch|cuda.*cpu|cpu.*cuda",
        text(
            "Some tensors are on the GPU and some on the CPU. Bring them together with "
            ".to(x.device), where x is one of the function's inputs.",
            "有的张量在 GPU 上，有的在 CPU 上。请用 .to(x.device) 把它们放到同一设备，x 是函数的一个输入。",
        ),
    ),
    (
        r"requires grad.*numpy|numpy.*requires grad",
        text(
            "A tensor that still records gradients can't become an array. Stay with tensors, or "
            "call .detach() first.",
            "仍在记录梯度的张量不能直接变成数组。请继续用张量计算，或者先调用 .detach()。",
        ),
    ),
    (
        r"shapes? .*(cannot|mismatch|incompatible|must match|not aligned)|mismatch in its core"
        r"|could not be broadcast|size of tensor a|incompatible shapes|matrix size-incompatible"
        r"|dimensions? .*(must match|mismatch)|inconsistent tensor size|size mismatch|contracting dimensions",
        text(
            "Two shapes don't fit together. Print the .shape of both operands just before the "
            "line where it stopped, and write beside each axis what it counts.",
            "两个形状对不上。请在出错的那一行之前打印两个操作数的 .shape，并写下每个轴各表示什么。",
        ),
    ),
    (
        r"scalar type|same dtype|dtype.*(mismatch|expected|match)|expected .*(float|double|long|int)",
        text(
            "Two tensors hold different kinds of numbers (float32 with float64, or whole numbers "
            "with fractions). Print the .dtype of both and convert one of them.",
            "两个张量的数值类型不同（例如 float32 与 float64，或整数与小数）。"
            "请打印二者的 .dtype，再转换其中一个。",
        ),
    ),
    (
        r"NoneType",
        text(
            "Something is None there. Usually a function was called that changes its argument and "
            "returns nothing, or a return is missing.",
            "出错的那一行里有一个值是 None。常见原因：调用了“就地修改、没有返回值”的函数，或者漏写了 return。",
        ),
    ),
    (
        r"^LinAlgError|singular",
        text(
            "A matrix has no inverse. Print its shape and its rank: with fewer examples than "
            "features this is to be expected, and the exercise has a remedy for it.",
            "有一个矩阵不可逆。请打印它的形状和秩：样本数少于特征数时必然如此，题目里给出了补救办法。",
        ),
    ),
    (
        r"^IndexError|out of (range|bounds)",
        text(
            "An index lies beyond the end. Indices begin at 0, so the last one is the length minus 1.",
            "下标越界了。下标从 0 开始，最后一个是长度减 1。",
        ),
    ),
    (
        r"^KeyError",
        text(
            "The dictionary has no such key. Print its keys with list(d).",
            "字典里没有这个键。请用 list(d) 打印它的全部键。",
        ),
    ),
    (
        r"^AttributeError",
        text(
            "The object has no such attribute. Print its type(): tensors, arrays and layers share "
            "many names, but not all.",
            "这个对象没有该属性。请用 type() 看看它是什么：张量、数组和层的许多名字相同，但并非全部相同。",
        ),
    ),
    (
        r"^RecursionError",
        text(
            "The function calls itself without end.",
            "函数在无休止地调用自己。",
        ),
    ),
    (
        r"MemoryError|out of memory",
        text(
            "There is not enough memory. Look for two arrays that broadcast into a huge one.",
            "内存不够了。请检查是不是有两个数组意外广播成了一个巨大的数组。",
        ),
    ),
    (
        r"^ZeroDivisionError",
        text(
            "Something is divided by 0. Ask which count can be empty.",
            "出现了除以 0。想一想哪个计数可能为零。",
        ),
    ),
)
