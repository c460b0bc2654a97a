"""The index from symptom to cause: what you see, what it may be, and the test that tells the causes apart.

``./course build`` writes the data from ``solutions/source/symptoms.yaml``; ``./course check`` guards its places.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

from course_lib.language import Text, both, pick


@dataclass(frozen=True)
class Cause:
    """One thing that a symptom may come from.

    Attributes:
        words: The cause.
        test: The test that tells it from the others.
        places: Where the course treats it: ``"17.3"`` or ``"17/softmax-run"``.
    """

    words: Text
    test: Text
    places: tuple[str, ...]


@dataclass(frozen=True)
class Symptom:
    """What one sees, with its possible causes, the commonest first."""

    words: Text
    causes: tuple[Cause, ...]


def symptoms_of(rows: list[dict[str, object]]) -> list[Symptom]:
    """Make symptoms of the table's rows."""
    return [Symptom(_words(row), tuple(map(_cause, row["causes"]))) for row in rows]  # type: ignore[call-overload]


def read_symptoms() -> list[Symptom]:
    """Read the index."""
    text = files("course_lib.clinic").joinpath("symptoms.json").read_text(encoding="utf-8")
    return symptoms_of(json.loads(text))


def symptom_table(symptoms: list[Symptom], *, link: Callable[[str], str] | None = None) -> str:
    """Write the index as an HTML list, in the current language.

    Args:
        symptoms: What :func:`read_symptoms` gives.
        link: Gives a place of the course as HTML; unless given, its chapter or exercise is named.
    """
    return (
        f'<dl class="symptoms">{"".join(_shown(each, link or name_of) for each in symptoms)}</dl>'
    )


def name_of(place: str) -> str:
    """Name a place in words: ``"17.3"`` is an exercise, ``"17/curves"`` stands in a chapter."""
    if "/" in place:
        chapter = place.split("/")[0]
        return both(f"chapter {chapter}", f"第 {chapter} 章")
    return both(f"exercise {place}", f"练习 {place}")


def _shown(symptom: Symptom, link: Callable[[str], str]) -> str:
    causes = "".join(
        f"<li><strong>{html.escape(pick(cause.words))}</strong><br>"
        f"{both('Test', '怎样分辨')}{both(': ', '：')}{html.escape(pick(cause.test))}<br>"
        f'<span class="shown">{" · ".join(dict.fromkeys(map(link, cause.places)))}</span></li>'
        for cause in symptom.causes
    )
    return f"<dt>{html.escape(pick(symptom.words))}</dt><dd><ul>{causes}</ul></dd>"


def _cause(row: dict[str, object]) -> Cause:
    places = tuple(map(str, row["shown"]))  # type: ignore[call-overload]
    test = {"en": str(row["test_en"]), "zh": str(row["test_zh"])}
    return Cause(_words(row), test, places)


def _words(row: dict[str, object]) -> Text:
    return {"en": str(row["en"]), "zh": str(row["zh"])}
