r"""Formulas as MathML: browsers set it without a script, screen readers read it, printers print it.

``latex2mathml`` turns TeX into MathML. What it does not know would stand as raw TeX on the page, so a
command that is left over is an error and names the formula.
"""

from __future__ import annotations

import re
from typing import Any

from course_lib.errors import CourseError

# What the converter lacks, in words that it has.
_IN_OTHER_WORDS = (
    (re.compile(r"\\arg(?![a-zA-Z])\s*"), r"\\operatorname{arg}\\,"),
    (re.compile(r"\\[bB]igg?l\s*\\lVert(?![a-zA-Z])"), r"\\left\\lVert"),
    (re.compile(r"\\[bB]igg?r\s*\\rVert(?![a-zA-Z])"), r"\\right\\rVert"),
    (re.compile(r"\\texttt\{([^{}]*)\}"), lambda found: _as_text(found[1])),
)
_LEFT_OVER = re.compile(r"\\[a-zA-Z]+")


def to_mathml(tex: str, *, block: bool = False) -> str:
    """Give a formula as a ``<math>`` element that keeps its TeX for whoever copies it.

    Raises:
        CourseError: When a command of it is not understood.
    """
    from latex2mathml.converter import convert

    plain = tex.strip()
    for pattern, instead in _IN_OTHER_WORDS:
        plain = pattern.sub(instead, plain)
    try:
        made = convert(plain, display="block" if block else "inline")
    except Exception as error:  # the converter lets many kinds through
        raise _not_understood(tex, repr(error)) from error
    left = _LEFT_OVER.search(made)
    if left:
        raise _not_understood(tex, left[0])
    return made


def _as_text(code: str) -> str:
    return r"\text{" + code.replace(r"\_", "_") + "}"


def _not_understood(tex: str, what: str) -> CourseError:
    return CourseError(
        f"The book cannot set the formula {tex!r} ({what}): write it in other words, or teach "
        "course_lib/book/maths.py the command.",
        f"书中无法排出公式 {tex!r}（{what}）：请换一种写法，或在 course_lib/book/maths.py 里加上这个命令。",
    )


def add_renderer(app: Any) -> None:
    """Let Sphinx set formulas as MathML."""
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))


def _visit_inline(self: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    self.body.append(to_mathml(node.astext()))
    raise SkipNode


def _visit_block(self: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    # A formula wider than a telephone scrolls by itself; whoever uses the keyboard can get at it.
    self.body.append(
        f'<div class="formula" tabindex="0">{to_mathml(node.astext(), block=True)}</div>'
    )
    raise SkipNode
