"""A bridge: a page of its own kind, built and checked like a chapter, without exercises."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from course_lib.authoring import build, check

SOURCE = """---
course:
  chapter: "b7"
  slug: sums
  title: {en: "Bridge B7: sums", zh: "一页补课 B7：求和"}
  minutes: 10
  core: false
  prerequisites: {en: "Counting.", zh: "会数数。"}
  objectives:
    - {id: O1, en: "Add.", zh: "会加法。"}
---

```{code-cell}
---
id: setup
tags: [setup]
---
from course_lib import start
from course_lib.exercises import quiz

start("b7", language="en", framework="pytorch")
```

```{code-cell}
---
id: question
tags: [quiz]
---
quiz("b7.q1")
```
"""
QUESTION = """from course_lib.exercises.specification import Option, Quiz, text

EXERCISES = ()
QUIZZES = (
    Quiz(
        "b7.q1",
        text("1 + 1?", "1 加 1？"),
        (
            Option(text("2", "2"), text("Yes.", "对。"), right=True),
            Option(text("3", "3"), text("Count again.", "再数一遍。")),
        ),
    ),
)
"""


@pytest.fixture
def with_bridge(course: Path) -> Path:
    sources = course / "solutions" / "source"
    (sources / "b7_sums.md").write_text(SOURCE, encoding="utf-8")
    (sources / "b7_sums.py").write_text(QUESTION, encoding="utf-8")
    build(course)
    return course


def test_it_is_built_into_every_edition_and_the_index(with_bridge: Path) -> None:
    for language, title, kind in (
        ("en", "# Bridge B7: sums", "**Bridge, one page**"),
        ("zh", "# 一页补课 B7：求和", "**一页补课**"),
    ):
        for framework in ("pytorch", "keras"):
            path = with_bridge / "notebooks" / language / framework / "b7_sums.ipynb"
            opening = nbformat.read(path, as_version=4).cells[0].source
            assert opening.startswith(title) and kind in opening
    index = (with_bridge / "notebooks" / "README.md").read_text(encoding="utf-8")
    assert "| B7 | Bridge B7: sums |" in index
    assert index.index("90_small_course") < index.index("b7_sums")
    assert (with_bridge / "course_lib/exercises/public/b7_sums.json").exists()


def test_it_needs_no_exercise_for_its_objective(with_bridge: Path) -> None:
    assert check(with_bridge, chapters=["b7"], proofs=False) == []


def test_a_chapter_may_link_to_it(with_bridge: Path) -> None:
    source = with_bridge / "solutions/source/90_small_course.md"
    text = source.read_text(encoding="utf-8")
    source.write_text(
        text + '\n+++ {"id": "see", "lang": "both"}\n\n[B7](b7_sums.ipynb) [B8](b8_none.ipynb)\n',
        encoding="utf-8",
    )
    said = [p.message for p in check(with_bridge, chapters=["90"], proofs=False)]
    assert any("b8_none.ipynb: there is no such chapter" in message for message in said)
    assert not any("b7_sums" in message for message in said)
