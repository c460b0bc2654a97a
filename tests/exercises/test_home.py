"""The student's first page: chapters, progress, what is next."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_lib import edition, language
from course_lib.exercises import journal, public
from course_lib.exercises.home import home


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Two chapters and a bridge, and a student who has done nothing yet."""
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "home"))
    before = language.current()
    for name in ("01_why_transfer", "04_feature_extraction", "b1_convolution"):
        (tmp_path / f"{name}.ipynb").touch()
    yield tmp_path
    edition.set_current(None)
    language.use(before)


def solve(*exercises: str) -> None:
    for each in exercises:
        journal.record("check", each, state="correct")


def test_only_what_is_there_is_shown_and_nothing_is_done_yet(folder: Path) -> None:
    page = home(language="en", framework="pytorch", folder=folder)
    assert [row.name for row in page.rows] == [
        "01_why_transfer",
        "04_feature_extraction",
        "b1_convolution",
    ]
    possible = sum(
        each.points
        for name in ("01", "04")
        for each in public.load_chapter(name)
        if not each.is_manual
    )
    assert page.heading.startswith(f"0 of {possible:g} points")
    assert page.following and page.following.following == "01.1"


def test_points_and_the_next_step_follow_what_was_checked(folder: Path) -> None:
    home(language="en", framework="keras", folder=folder)
    solve("01.1", "04.1", "04.2")
    page = home(language="en", framework="keras", folder=folder)
    assert [row.right for row in page.rows] == [1, 2, 0]
    assert page.following and page.following.following == "01.2"
    other = home(language="en", framework="pytorch", folder=folder)
    assert [row.right for row in other.rows] == [0, 0, 0], "each framework has its own progress"


def test_a_wrong_answer_is_not_done(folder: Path) -> None:
    home(language="en", framework="pytorch", folder=folder)
    journal.record("check", "01.1", state="incorrect")
    assert home(language="en", framework="pytorch", folder=folder).rows[0].right == 0


def test_who_has_done_everything_is_told(folder: Path) -> None:
    home(language="zh", framework="pytorch", folder=folder)
    solve(*(each.id for name in ("01", "04") for each in public.load_chapter(name)))
    page = home(language="zh", framework="pytorch", folder=folder)
    assert page.following is None
    assert "都已做对" in repr(page)


def test_the_page_links_the_notebooks_and_says_it_in_the_students_language(folder: Path) -> None:
    page = home(language="zh", framework="pytorch", folder=folder)._repr_html_()
    assert '<a href="01_why_transfer.ipynb">' in page and "分钟" in page
    assert "▱" in page and "0/" in page
