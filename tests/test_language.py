"""Which language the course speaks."""

from __future__ import annotations

import pytest

from course_lib import language
from course_lib.errors import CourseError


def test_the_chosen_language_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    language.use("zh")
    assert language.current() == "zh"
    assert language.both("Accuracy", "准确率") == "准确率"
    assert language.pick({"en": "loss", "zh": "损失"}) == "损失"


def test_an_unknown_language_is_refused_in_one_sentence() -> None:
    with pytest.raises(CourseError, match="'fr'"):
        language.use("fr")
    assert language.current() == "en"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("COURSE_LANGUAGE", "zh", "zh"),
        ("COURSE_LANGUAGE", "zh_CN.UTF-8", "zh"),
        ("LANG", "zh_CN.UTF-8", "zh"),
        ("LANG", "zh_TW", "zh"),
        ("LANG", "de_DE.UTF-8", "en"),
        ("LC_ALL", "C", "en"),
    ],
)
def test_the_system_decides_otherwise(
    variable: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("COURSE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    assert language.current() == expected


def test_an_error_speaks_the_current_language_and_shows_no_traceback() -> None:
    error = CourseError("Too few labels.", "标签太少。")
    assert str(error) == "Too few labels."
    language.use("zh")
    assert str(error) == "标签太少。"
    assert error._render_traceback_() == ["CourseError: 标签太少。"]
    assert str(CourseError("Only English.")) == "Only English."


def test_a_notebook_shows_an_error_as_its_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    cell = "from course_lib.errors import CourseError\nraise CourseError('Too few labels.')"
    result = shell.run_cell(cell)
    assert not result.success  # the cell has failed …
    said = capsys.readouterr().out
    assert said.strip() == "CourseError: Too few labels."  # … and says why, once
