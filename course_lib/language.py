"""Which language the course speaks, and how a sentence is written in both.

Every word that a student reads stands in the code twice, side by side::

    both("Accuracy", "准确率")

The language is the one chosen with :func:`use` (the first cell of a notebook does it), else the
environment variable ``COURSE_LANGUAGE``, else the system's language if it is Chinese, else English.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from course_lib import bilingual
from course_lib.errors import CourseError

LANGUAGES = ("en", "zh")

# A sentence in both languages: {"en": …, "zh": …}.
Text = Mapping[str, str]

_chosen: str | None = None


def use(language: str) -> None:
    """Speak this language from now on: ``"en"`` or ``"zh"``."""
    global _chosen
    if language not in LANGUAGES:
        raise CourseError(
            f"The course has no language {language!r}: choose 'en' or 'zh'.",
            f"课程没有 {language!r} 这种语言，请选 'en' 或 'zh'。",
        )
    _chosen = language


def current() -> str:
    """Give the language in use, ``"en"`` or ``"zh"`` (``"both"``: see :mod:`course_lib.bilingual`)."""
    if turn := bilingual.turn():
        return turn
    if _chosen is not None:
        return _chosen
    asked = os.environ.get("COURSE_LANGUAGE", "").lower()[:2]
    return asked if asked in LANGUAGES else system_language()


def both(en: str, zh: str) -> str:
    """Give whichever of the two sentences is in the current language."""
    language = current()
    if language == "both":
        return bilingual.pack(en, zh)
    return zh if language == "zh" else en


def pick(text: Text) -> str:
    """Give the current language's sentence of a :data:`Text`."""
    return both(text["en"], text["zh"])


def system_language() -> str:
    """Give ``"zh"`` where the system is set to Chinese, ``"en"`` everywhere else."""
    for variable in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    if sys.platform == "win32":
        import ctypes

        # The lower ten bits name the language; 4 is Chinese, whatever the region.
        return "zh" if ctypes.windll.kernel32.GetUserDefaultUILanguage() & 0x3FF == 4 else "en"
    return "en"
