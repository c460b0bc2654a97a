"""Formulas on the pages that instructors and students read: MathML, harmless, and no script from elsewhere."""

from __future__ import annotations

import re
import time

import pytest

from course_lib.grading import feedback
from course_lib.grading.formulas import LONGEST, set_formulas


def shown(markdown: str) -> str:
    return feedback.harmless_markdown({"cell": {}}, markdown)


@pytest.mark.parametrize(
    "written",
    [r"$\lambda \lVert w \rVert^2$", r"$a < b$", "$$\n\\sum_{i=1}^{n} x_i\n$$",
     "\\begin{align*}a &= b \\\\ c &= d\\end{align*}"],
)  # fmt: skip
def test_a_formula_is_mathml(written: str) -> None:
    page = shown(f"Before {written} after")
    assert page.count("<math") == 1 and "Before" in page and "after" in page
    assert "\\" not in page and "$" not in page


def test_a_displayed_formula_is_told_from_one_in_a_line() -> None:
    page = shown("$x$ and\n\n$$y$$")
    assert re.findall(r'display="(\w+)"', page) == ["inline", "block"]


@pytest.mark.parametrize(
    "stays", ["`$x$`", "```\n$x$\n```", "It costs 5 $.", r"$\nosuchcommand{x}$"]
)
def test_what_is_no_formula_or_is_not_understood_stays_as_written(stays: str) -> None:
    page = shown(stays)
    assert "<math" not in page and "$" in page


@pytest.mark.parametrize(
    "hostile",
    [
        r"$\text{<script>alert(1)</script>}$",
        r"$\href{javascript:alert(1)}{x}$",
        r'$\style{background:url(http://x.y)}{z}$ $\class{a" onclick="alert(1)}{z}$',
        r'<img src="data:image/png;base64,AA" alt="a > $\text{ onerror=alert(1) }$">',
        r"$\color{red" + '"' + r" onclick=alert(1)}{x}$",
        "$<img src=x onerror=alert(1)>$",
    ],
)
def test_a_formula_can_do_nothing(hostile: str) -> None:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(shown(hostile), "html.parser")
    assert not soup.find_all(["script", "style", "iframe"])
    for tag in soup.find_all(True):
        assert not [name for name in tag.attrs if name.startswith("on") or name == "style"], tag
        assert not str(tag.get("href", "")).startswith("javascript"), tag


def test_one_formula_keeps_nobody_waiting() -> None:
    begun = time.process_time()
    for hostile in ("$" + "{" * 5000 + "$", "$" + "{" * 900 + "x" + "}" * 90 + "$", "$x" * 5000,
                    "$" + "^{a_" * 240 + "$", "\\begin{a}" * 900):  # fmt: skip
        set_formulas(hostile)
    assert time.process_time() - begun < 20
    assert "<math" not in set_formulas(f"${'x' * (LONGEST + 1)}$")
