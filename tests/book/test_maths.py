"""Formulas as MathML: what the converter lacks is put in other words, what is left over is an error."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from course_lib.book.maths import keep_punctuation, to_mathml
from course_lib.errors import CourseError

IN = "{http://www.w3.org/1998/Math/MathML}"


def elements(tex: str, *, block: bool = False) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(to_mathml(tex, block=block)).iter())


@pytest.mark.parametrize(
    "tex",
    [
        r"\arg\min_k \lVert h - m_k \rVert^2",
        r"\Bigl\lVert \tfrac1N \sum_i \varphi(x_i) \Bigr\rVert^2",
        r"\texttt{learning\_rate} \leftarrow \eta",
        r"\begin{aligned} a &= b \\ &= c \end{aligned}",
        r"\operatorname{softmax}(z)_k = \frac{e^{z_k}}{\sum_j e^{z_j}}",
        r"\mathrm{KL}\Bigl(p \,\Big\|\, q\Bigr)",
    ],
)
def test_no_command_is_left_over(tex: str) -> None:
    assert "\\" not in to_mathml(tex)


def test_an_unknown_command_names_its_formula() -> None:
    with pytest.raises(CourseError, match="snowman"):
        to_mathml(r"x + \snowman")


def test_minimum_over_k_stands_below_in_a_line_of_its_own_only() -> None:
    assert [e for e in elements(r"\min_k x", block=True) if e.tag == f"{IN}munder"]
    assert not [e for e in elements(r"\min_k x") if e.tag == f"{IN}munder"]


def test_bars_of_a_norm_do_not_stretch_and_a_pair_that_was_asked_to_does() -> None:
    norm = [e for e in elements(r"\lVert h \rVert^2") if e.text == "\u2016"]
    assert [e.get("stretchy") for e in norm] == ["false", "false"]
    pair = [e for e in elements(r"\left\lVert \frac{a}{b} \right\rVert") if e.text == "\u2016"]
    assert [e.get("stretchy") for e in pair] == ["true", "true"]


def spaced(tex: str) -> str:
    """Give what a formula's row shows, with a blank for each of its thin spaces."""
    (row,) = ElementTree.fromstring(to_mathml(tex))
    return "".join(" " if each.tag == f"{IN}mspace" else "".join(each.itertext()) for each in row)


def test_functions_have_the_spaces_that_tex_gives_them() -> None:
    assert spaced(r"\log p") == "log p"
    assert spaced(r"2\log p") == "2 log p"
    assert spaced(r"\log(x)") == "log(x)"
    assert spaced(r"-\log_2 p") == "−log2 p"
    assert spaced(r"\log\log x") == "log log x"
    assert spaced(r"\operatorname{clip}(x)") == "clip(x)"


def test_letters_of_a_name_are_one_name() -> None:
    names = [e.text for e in elements(r"\mathrm{softmax}(z) + \mathrm{d}x") if e.tag == f"{IN}mi"]
    assert names == ["softmax", "z", "d", "x"]


def test_infinity_is_a_quantity() -> None:
    assert [e.tag for e in elements(r"-\infty") if e.text == "∞"] == [f"{IN}mi"]


def test_a_code_name_keeps_its_underscore() -> None:
    assert "learning_rate" in to_mathml(r"\texttt{learning\_rate}")


def test_a_comma_stays_on_the_line_of_its_formula() -> None:
    from docutils import nodes
    from docutils.utils import new_document

    page = new_document("page")
    formula, text = nodes.math("", "x"), nodes.Text("），然后。")
    page += nodes.paragraph("", "", nodes.Text("（"), formula, text)
    keep_punctuation(None, page, "page")
    assert formula["closing"] == "），"
    assert page.astext() == "（x然后。"


def test_less_than_is_escaped() -> None:
    assert "&lt;" in to_mathml("a < b")
