r"""Formulas as MathML: browsers set it without a script, screen readers read it, printers print it.

``latex2mathml`` turns TeX into MathML. What it does not know would stand as raw TeX on the page, so a
command that is left over is an error and names the formula.
"""

from __future__ import annotations

import html
import re
from typing import Any
from xml.etree import ElementTree

from course_lib.errors import CourseError

ElementTree.register_namespace("", "http://www.w3.org/1998/Math/MathML")

# What the converter lacks, in words that it has.
_IN_OTHER_WORDS = (
    (re.compile(r"\\arg(?![a-zA-Z])\s*"), r"\\operatorname{arg}"),
    (re.compile(r"\\[bB]igg?l\s*\\lVert(?![a-zA-Z])"), r"\\left\\lVert"),
    (re.compile(r"\\[bB]igg?r\s*\\rVert(?![a-zA-Z])"), r"\\right\\rVert"),
    (re.compile(r"\\(begin|end)\{aligned\}"), r"\\\1{align*}"),
    (re.compile(r"\\texttt\{([^{}]*)\}"), lambda found: _as_text(found[1])),
)
_IN = "{http://www.w3.org/1998/Math/MathML}"
_CLOSING = re.compile(r"[,.;:!?)\]，。；：！？、）》”’\-]+")
_BARS = ("|", "\u2016")
_LIMITS = ("min", "max", "sup", "inf")
_FUNCTIONS = ("log", "ln", "exp", "sin", "cos", "tan", "tanh", "det", "dim", "sgn")
_THIN = "0.1667em"  # TeX's thin space
_TALL_BARS = re.compile(r">\\(?:\||[lr]?Vert)<")  # of \Big\|, which the converter leaves as it is
_LEFT_OVER = re.compile(r"\\(?:[a-zA-Z]+|\S)")


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
    made = _TALL_BARS.sub(f">{_BARS[1]}<", made)
    left = _LEFT_OVER.search(made)
    if left or "<mi>&</mi>" in made:  # a command, or columns of an environment
        raise _not_understood(tex, left[0] if left else "&")
    return _mended(made, block=block)


def _mended(made: str, *, block: bool) -> str:
    """Put right what browsers would set otherwise than TeX does."""
    root = ElementTree.fromstring(made)
    for element in list(root.iter()):
        _join_letters(element)
    for element in root.iter():
        inner = element[0] if len(element) else None
        if block and element.tag == f"{_IN}msub" and inner is not None and inner.text in _LIMITS:
            element.tag = f"{_IN}munder"  # min over k stands below, as it does in TeX
        if element.tag != f"{_IN}mo":
            continue
        if element.text in (*_LIMITS, "arg"):
            element.attrib.update(lspace="0.1em", rspace="0.1em")
        # A bar of a norm, unless it is one of the pair of \left … \right: alone it would stretch.
        if element.text in _BARS and element.get("fence") is None:
            element.attrib.update(stretchy="false", lspace="0", rspace="0")
        elif _is_name(element.text) and element.text not in (*_LIMITS, "arg"):
            element.tag = f"{_IN}mi"  # \operatorname: the spaces of a sign would be too wide
        elif element.text == "\u221e":
            element.tag = f"{_IN}mi"  # infinity is a quantity and no operation
    for element in list(root.iter()):
        _space_functions(element)
    return ElementTree.tostring(root, encoding="unicode")


def _join_letters(row: ElementTree.Element) -> None:
    """Make one name of the upright letters of \\mathrm, which would be read out one by one."""
    letters = [each.text or "" for each in row if each.get("mathvariant") == "normal"]
    if len(letters) == len(row) > 1 and all(len(each) == 1 and each.isalpha() for each in letters):
        row.clear()
        row.tag, row.text = f"{_IN}mi", "".join(letters)


def _space_functions(row: ElementTree.Element) -> None:
    """Put TeX's thin spaces around names such as log: “log p”, but “log(p)”."""
    if row.tag not in (f"{_IN}{tag}" for tag in ("math", "mrow", "mtd", "mstyle")):
        return
    children = list(row)
    for place, child in reversed(list(enumerate(children))):
        if not _is_function(child):
            continue
        after = children[place + 1] if place + 1 < len(children) else None
        if after is not None and (after.tag != f"{_IN}mo" or _is_name(after.text)):
            row.insert(place + 1, ElementTree.Element(f"{_IN}mspace", {"width": _THIN}))
        before = children[place - 1] if place else None
        if before is not None and before.tag != f"{_IN}mo" and not _is_function(before):
            row.insert(place, ElementTree.Element(f"{_IN}mspace", {"width": _THIN}))


def _is_function(element: ElementTree.Element) -> bool:
    base = element[0] if element.tag[len(_IN) :] in ("msub", "msup", "msubsup") else element
    named = base.text in _FUNCTIONS or (base.text not in _LIMITS and _is_name(base.text))
    return base.tag == f"{_IN}mi" and named


def _is_name(text: str | None) -> bool:
    return bool(text) and len(str(text)) > 1 and str(text).isascii() and str(text).isalpha()


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


def keep_punctuation(app: Any, doctree: Any, page: str) -> None:
    """Let what closes a formula, a comma or a bracket, stay on its line: browsers would break before it."""
    from docutils import nodes

    for formula in list(doctree.findall(nodes.math)):
        parent: Any = formula.parent
        place = parent.index(formula) + 1
        following = parent[place] if place < len(parent) else ""
        if found := isinstance(following, nodes.Text) and _CLOSING.match(following):
            formula["closing"] = found[0]
            parent[place] = nodes.Text(following[found.end() :])


def _visit_inline(self: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    closing = html.escape(node.get("closing", ""))
    formula = to_mathml(node.astext())
    self.body.append(f'<span class="together">{formula}{closing}</span>' if closing else formula)
    raise SkipNode


def _visit_block(self: Any, node: Any) -> None:
    from docutils.nodes import SkipNode

    # A formula wider than a telephone scrolls by itself; whoever uses the keyboard can get at it.
    self.body.append(
        f'<div class="formula" tabindex="0">{to_mathml(node.astext(), block=True)}</div>'
    )
    raise SkipNode
