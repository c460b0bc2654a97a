"""Texts in both languages at once: whatever is done to them, each language comes out as if alone."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

from course_lib import bilingual, figures
from course_lib.bilingual import in_each_language, is_packed, one_of
from course_lib.exercises.cards import Card, Table
from course_lib.language import both, current

LANGUAGES = ("en", "zh")


@pytest.fixture
def speak(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Give a function that sets the language: ``"en"``, ``"zh"`` or ``"both"``."""
    monkeypatch.setattr("course_lib.language._chosen", None)
    return lambda language: monkeypatch.setenv("COURSE_LANGUAGE", language)


def names() -> list[str]:
    inner = both("loss", "损失")
    return [both("one", "一"), both(f"{inner} (new)", f"{inner}（新）"), "same", inner + "!"]


WAYS = {
    "joined": lambda: both(", ", "、").join(names()),
    "in an f-string": lambda: f"{names()[0]}: {names()[1]}",
    "set to a width": lambda: f"{names()[0]:>9}|{names()[1]:<20}|",
    "from a template": lambda: both("{} of {}", "{1} 的 {0}").format(names()[0], 3),
    "by percent": lambda: both("%d steps", "%d 步") % 3,
    "in front": lambda: "about " + names()[0],
    "twice": lambda: names()[0] * 2,
    "as a key, printed": lambda: str(dict.fromkeys(names(), 1)),
    "as JSON": lambda: json.dumps(names(), ensure_ascii=False),
    "in a card": lambda: repr(Card("good", names()[1], table=Table(names()[:2], [names()[:2]]))),
    "in a card's HTML": lambda: Card("bad", "a", [names()[1] + " *x* `y`"])._repr_html_(),
    "laid out by its length": lambda: in_each_language(lambda word: word + "-" * len(word))(
        names()[0]
    ),
    "the language itself": lambda: in_each_language(current)(),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_each_language_comes_out_as_if_alone(way, speak) -> None:  # type: ignore[no-untyped-def]
    alone = {}
    for language in LANGUAGES:
        speak(language)
        alone[language] = way()
    assert alone["en"] != alone["zh"]
    speak("both")
    packed = way()
    assert {language: one_of(packed, language) for language in LANGUAGES} == alone


def test_a_picture_is_drawn_in_each_language_as_if_alone(  # type: ignore[no-untyped-def]
    speak, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Text, "get_text", Text.get_text)  # put back afterwards
    with plt.rc_context():
        figures.use_style()

        def picture() -> str:
            figure, axis = plt.subplots()
            axis.plot([1, 3, 2], label=both("a long name in the legend", "图例"))
            axis.set_yticks([1, 2, 3], [both("low", "低"), both("in between", "中等"), "3"])
            axis.set(xlabel=both("step", "步"), title=both("Loss", "损失"))
            axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2))
            shown = figures.as_html(figure, both("It falls.", "它在下降。"))
            plt.close(figure)
            return shown

        alone = {}
        for language in LANGUAGES:
            speak(language)
            alone[language] = picture()
        speak("both")
        figures.use_style()
        packed = picture()
    assert plt.get_fignums() == []
    assert alone["en"] != alone["zh"]
    assert {language: one_of(packed, language) for language in LANGUAGES} == alone


def test_what_is_not_a_text_is_looked_into(speak) -> None:  # type: ignore[no-untyped-def]
    @dataclass(frozen=True)
    class Row:
        name: str
        value: float

    speak("both")
    word = both("one", "一")
    assert one_of([{word: (word, 1, Row(word, 0.5))}], "zh") == [{"一": ("一", 1, Row("一", 0.5))}]
    assert one_of(word, None) == one_of(word, "both") == word


def test_a_text_that_was_cut_is_noticed(speak) -> None:  # type: ignore[no-untyped-def]
    speak("both")
    word = both("one", "一")
    assert not is_packed(one_of(word, "en"))
    for cut in (word[:3], word.split("o")[1], one_of(json.dumps([word]), "en")):
        assert is_packed(cut)


def test_who_reads_one_language_has_plain_texts(speak) -> None:  # type: ignore[no-untyped-def]
    speak("zh")
    assert bilingual.turn() is None
    assert type(both("one", "一")) is str
