"""Reading a source: what is in it, and what is said of one that is malformed."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_lib.authoring.problems import SourceError
from course_lib.authoring.sources import Code, Prose, parse_source, read_source

from .conftest import FIXTURE, SOURCE

TEXT = (FIXTURE / SOURCE).read_text(encoding="utf-8")
PATH = Path("solutions/source/90_small_course.md")


def test_front_matter_is_read() -> None:
    source = read_source(FIXTURE / SOURCE, FIXTURE)
    assert (source.chapter, source.slug, source.minutes) == ("90", "small_course", 5)
    assert source.title == {"en": "A small chapter", "zh": "小小的一章"}
    assert [goal.id for goal in source.objectives] == ["O1", "O2"]
    assert source.path == SOURCE


def test_lines_are_those_of_the_file() -> None:
    lines = TEXT.split("\n")
    for cell in parse_source(TEXT, PATH).cells:
        if isinstance(cell, Prose):
            assert lines[cell.line - 1].startswith("+++") and cell.id in lines[cell.line - 1]
            assert lines[cell.text_line - 1] == cell.text.split("\n")[0]
        else:
            assert lines[cell.line - 1] == "```{code-cell}"
            assert lines[cell.source_line - 1] == cell.source.split("\n")[0]


def test_cells_keep_what_the_author_said_of_them() -> None:
    cells = {
        (cell.id, getattr(cell, "framework", None)): cell for cell in parse_source(TEXT, PATH).cells
    }
    figure = cells["lengths", None]
    assert isinstance(figure, Code)
    assert figure.tags == ("figure",) and figure.alt is not None and "直方图" in figure.alt["zh"]
    answer = cells["answer-1", None]
    assert isinstance(answer, Code) and answer.exercise == "90.1"
    assert {"pytorch", "keras"} == {half for name, half in cells if name == "tensor"}


def test_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / PATH
    path.parent.mkdir(parents=True)
    path.write_bytes(TEXT.replace("\n", "\r\n").encode())
    assert read_source(path, tmp_path).cells == parse_source(TEXT, PATH).cells


MALFORMED = [
    ("---\ncourse:", "course:", 1, "must begin with a front matter"),
    ("  minutes: 5\n", "", 1, "lacks  minutes"),
    ("  minutes: 5\n", "  minutes: soon\n", 1, "minutes must be a whole number"),
    ("slug: small_course", "slug: other", 1, "do not fit the name"),
    ("zh: 小小的一章}", "zh: ''}", 1, "title must have the two parts"),
    ("  minutes: 5", "  minutes: [5", 7, "cannot be read as YAML"),
    ('+++ {"id": "formula", "lang": "both"}', '+++ {"id": "formula", lang}', 42, "not JSON"),
    ('+++ {"id": "formula", "lang": "both"}', "+++ [1]", 42, "not a JSON object"),
    ('+++ {"id": "formula", "lang": "both"}', '+++ {"lang": "both"}', 42, "this text has no id"),
    ('"id": "formula", "lang": "both"', '"id": "formula", "lang": "fr"', 42, 'must be "en"'),
    ('"id": "formula"', '"id": "formula", "partnr": "x"', 42, "unknown option partnr"),
    ('"id": "formula"', '"id": "a formula"', 42, "must be letters, digits"),
    ("id: features\n", "", 46, "this code cell has no id"),
    ("id: features\n", "id: features\ntags: [figures]\n", 46, "tags must be a list out of"),
    ("id: features\n", "id: [features\n", 49, "cannot be read as YAML"),
    ("id: features\n", "id: features\ntags: [demo\n", 50, "options of cell 'features' cannot be"),
    ("  (20, 3)\n---\n", "  (20, 3)\n", 47, "options of cell 'features' have no closing"),
    ("---\nid: features\n", "id: features\n", 47, "begins with its options"),
    ('exercise: "90.1"', "exercise: 90.1", 116, 'must look like "04.3", in quotes'),
    ("framework: keras", "framework: jax", 68, "framework must be pytorch or keras"),
    ("  zh: 二十个特征向量长度的直方图。\n", "", 78, "alt must have the two parts"),
    ('quiz("90.q1")\n```', 'quiz("90.q1")', 144, "this fence is never closed"),
]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"), MALFORMED, ids=[m[3] for m in MALFORMED]
)
def test_malformed_sources_are_named_with_their_line(
    old: str, new: str, line: int, message: str
) -> None:
    assert old in TEXT
    with pytest.raises(SourceError) as caught:
        parse_source(TEXT.replace(old, new, 1), PATH)
    (problem,) = caught.value.problems
    assert message in problem.message
    assert problem.line == line
    assert str(problem).startswith(f"solutions/source/90_small_course.md:{line}: ")
