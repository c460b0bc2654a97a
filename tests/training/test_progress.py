"""A bar where somebody is looking, silence elsewhere."""

from __future__ import annotations

import sys

import pytest

from course_lib.training.progress import progress_bar


def use_bar() -> None:
    with progress_bar(3, "fit") as bar:
        for _ in range(3):
            bar.update()


@pytest.mark.parametrize("variable", ["COURSE_STRICT", "COURSE_GRADING", "CI"])
def test_it_is_silent_where_a_machine_is_looking(
    variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("COURSE_STRICT", "COURSE_GRADING", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv(variable, "1")
    use_bar()
    assert capsys.readouterr() == ("", "")


def test_in_a_terminal_it_writes_to_stdout_and_never_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("COURSE_STRICT", "COURSE_GRADING", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    use_bar()
    out, err = capsys.readouterr()
    assert "fit" in out and err == ""
