"""The demo grades for real and shows what stands in the gradebook."""

from __future__ import annotations

import pytest

from course_lib import language
from course_lib.grading import demo
from course_lib.grading.walls import sandbox
from tests.conftest import require


@pytest.fixture(autouse=True)
def _tiny(monkeypatch, tiny_repository):
    monkeypatch.setattr(demo, "repository_root", lambda: tiny_repository)
    monkeypatch.setenv("COLUMNS", "100")


def test_a_class_from_release_to_feedback(tmp_path, capsys):
    require(sandbox.available(), "this machine has no bubblewrap sandbox")
    language.use("zh")
    graded = demo.demo(chapter="90", folder=tmp_path / "demo")
    scores = {"all_right": 5, "other_ways": 5, "pitfalls": 0, "untouched": 0, "mixed": 2}
    assert {name: each.score for name, each in graded.items()} == scores
    shown = capsys.readouterr().out
    assert "沙箱" in shown and "行从 0 开始数。" in shown and "5 / 7*" in shown
    assert "与应得分数不符" not in shown
    assert (tmp_path / "demo/feedback/mixed/90/90_tiny.html").is_file()


def test_without_a_sandbox_it_says_that_it_does_without(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sandbox, "_found_mode", lambda: None)
    monkeypatch.setattr(demo, "_WHAT", {"untouched": demo._WHAT["untouched"]})
    made = demo.make_submissions
    monkeypatch.setattr(
        demo, "make_submissions", lambda *a, **k: {"untouched": made(*a, **k)["untouched"]}
    )
    monkeypatch.setattr(demo.feedback, "read_page", lambda *_: {"rows": (), **_EMPTY})
    graded = demo.demo(chapter="90", folder=tmp_path / "demo")
    assert graded["untouched"].score == 0
    assert "--unsandboxed" in capsys.readouterr().out


_EMPTY = {"title": "", "student": "", "total": "", "pending": ""}
