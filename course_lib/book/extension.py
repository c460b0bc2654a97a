"""What Sphinx must know besides its own: formulas, Chinese search, the theme's words, the other language."""

from __future__ import annotations

import gettext
from collections.abc import Mapping
from typing import Any

from course_lib.book import words
from course_lib.book.maths import add_renderer, keep_punctuation
from course_lib.book.searching import add_search
from course_lib.language import LANGUAGES


class _Spoken(gettext.NullTranslations):
    """The theme's words in Chinese; whatever is not among them is left to Sphinx's own catalogue."""

    def __init__(self, catalogue: Mapping[str, str], before: gettext.NullTranslations) -> None:
        super().__init__()
        self._catalogue = catalogue
        self.add_fallback(before)

    def gettext(self, message: str) -> str:
        return self._catalogue.get(message) or super().gettext(message)


def setup(app: Any) -> dict[str, Any]:
    """Be a Sphinx extension."""
    app.add_config_value("book_made_by", "", "env")  # every page again when the book's code changed
    add_renderer(app)
    add_search()
    app.connect("builder-inited", _colour, priority=400)  # before the theme looks
    app.connect("builder-inited", _speak)
    app.connect("doctree-resolved", keep_punctuation)
    app.connect("html-page-context", _name_the_other_language)
    app.connect("html-page-context", _give_captions_a_level, priority=900)  # after the theme
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def _colour(app: Any) -> None:
    app.config.pygments_dark_style = "a11y-high-contrast-dark"  # which only the theme knows of


def _speak(app: Any) -> None:
    templates = getattr(app.builder, "templates", None)
    if app.config.language.startswith("zh") and templates is not None:
        spoken = _Spoken(words.THEME_IN_CHINESE, app.translator)
        templates.environment.install_gettext_translations(spoken)


def _name_the_other_language(
    app: Any, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    here = app.config.language[:2]
    (other,) = (each for each in LANGUAGES if each != here)
    up = "../" * (page.count("/") + 1)
    context["other_language"] = {
        "code": "zh-CN" if other == "zh" else "en",
        "name": words.TOGGLE_LANGUAGE[here],
        "label": words.TOGGLE_LANGUAGE_LABEL[here],
        "address": f"{up}{other}/{page}.html",
    }


def _give_captions_a_level(
    app: Any, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    """Say how deep the headings of the navigation are: Sphinx calls them headings and says no level."""
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )
