"""Formulas in what instructors and students read about a submission: set by the browser, without a script.

nbconvert's pages fetch MathJax from a server elsewhere; where there is none to be reached, formulas stand
as TeX. Here they become MathML, as in the book. What a student wrote goes in, so of what comes out only
MathML's own elements and a few attributes stay.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from bs4 import BeautifulSoup, NavigableString

from course_lib.errors import CourseError

LONGEST = 1000  # characters of a formula that is set; a longer one stays as it was written

_FORMULA = re.compile(
    r"\$\$(?P<display>[^$]+)\$\$|\$(?P<inline>[^$]+)\$"
    r"|(?P<environment>\\begin\{(?P<name>[a-z]+\*?)\}.+?\\end\{(?P=name)\})",
    re.DOTALL,
)
_AS_THEY_STAND = {"code", "pre"}
_IN = "{http://www.w3.org/1998/Math/MathML}"
_ELEMENTS = {
    *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "ms", "mstyle", "mpadded", "mphantom"),
    *("mfrac", "msqrt", "mroot", "msub", "msup", "msubsup", "munder", "mover", "munderover"),
    *("mmultiscripts", "mprescripts", "mtable", "mtr", "mtd", "menclose"),
}
_ATTRIBUTES = {
    *(
        "display",
        "stretchy",
        "fence",
        "form",
        "accent",
        "lspace",
        "rspace",
        "movablelimits",
        "width",
    ),
    *(
        "mathvariant",
        "linethickness",
        "columnalign",
        "minsize",
        "maxsize",
        "separator",
        "displaystyle",
    ),
}


def set_formulas(page: str) -> str:
    """Put MathML in place of the formulas in a piece of HTML; what can't be set stays TeX.

    Args:
        page: HTML that is harmless already.
    """
    if "$" not in page and "\\" not in page:
        return page
    soup = BeautifulSoup(page, "html.parser")
    for words in list(soup.find_all(string=_FORMULA)):
        if isinstance(words, NavigableString) and not words.find_parents(_AS_THEY_STAND):
            pieces = list(_pieces(str(words)))
            words.replace_with(*pieces)
    return soup.decode(formatter="minimal")


def _pieces(words: str) -> list[NavigableString | BeautifulSoup]:
    """Cut a text at its formulas, each as a piece of HTML of its own."""
    pieces: list[NavigableString | BeautifulSoup] = []
    end = 0
    for found in _FORMULA.finditer(words):
        made = _harmless_mathml(found)
        if made is not None:
            pieces += [
                NavigableString(words[end : found.start()]),
                BeautifulSoup(made, "html.parser"),
            ]
            end = found.end()
    return [*pieces, NavigableString(words[end:])]


def _harmless_mathml(found: re.Match[str]) -> str | None:
    from course_lib.book.maths import to_mathml  # the book is much; most answers have no formula

    inline = found["inline"]
    tex = inline or found["display"] or found["environment"] or ""
    if len(tex) > LONGEST:
        return None
    try:
        root = ElementTree.fromstring(to_mathml(tex, block=inline is None))
    except (CourseError, ElementTree.ParseError, RecursionError, ImportError):
        return None
    for element in root.iter():
        if element.tag.removeprefix(_IN) not in _ELEMENTS:
            return None
        for name in set(element.attrib) - _ATTRIBUTES:
            del element.attrib[name]
    return ElementTree.tostring(root, encoding="unicode")
