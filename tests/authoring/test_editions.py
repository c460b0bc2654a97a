"""One source, eight notebooks: what is in each of them, and that the same source gives the same bytes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbgrader.nbgraderformat import MetadataValidator

from course_lib.authoring import SourceError, build
from course_lib.authoring.editions import CODE_STUB, TEXT_STUB
from course_lib.authoring.localise import join_chinese_lines, localise_code
from course_lib.paths import repository_root

from .conftest import SOURCE

EDITIONS = [(lang, half) for lang in ("en", "zh") for half in ("pytorch", "keras")]


def read(root: Path, side: str, language: str, framework: str) -> NotebookNode:
    path = root / side / language / framework / "90_small_course.ipynb"
    return nbformat.read(path, as_version=4)


def test_why_a_solution_is_right_stands_in_no_edition(built_course: Path) -> None:
    words = "a row keeps its direction only"
    assert words in (built_course / SOURCE).read_text(encoding="utf-8")
    for path in built_course.rglob("*.ipynb"):
        assert words not in path.read_text(encoding="utf-8")


def cell_of(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(cell for cell in notebook.cells if cell.id == name)


@pytest.mark.parametrize(("language", "framework"), EDITIONS)
def test_every_edition_is_a_valid_notebook_for_nbgrader(
    built_course: Path, language: str, framework: str
) -> None:
    for side in ("notebooks", "solutions"):
        notebook = read(built_course, side, language, framework)
        nbformat.validate(notebook)
        MetadataValidator().validate_nb(notebook)
        assert notebook.metadata.course.language == language
        assert notebook.metadata.course.framework == framework
        assert notebook.cells[0].source.startswith("# 90 ")
        start = f'start("90", language="{language}", framework="{framework}")'
        assert start in cell_of(notebook, "setup").source


@pytest.mark.parametrize(("language", "framework"), EDITIONS)
def test_students_get_stubs_in_their_language_and_no_solution(
    built_course: Path, language: str, framework: str
) -> None:
    student = read(built_course, "notebooks", language, framework)
    text = nbformat.writes(student)
    assert "SOLUTION" not in text
    assert "keepdims" not in text and "dominated" not in text and "数值大的特征决定" not in text
    answer = cell_of(student, "answer-1").source
    assert all(line in answer for line in CODE_STUB[language].split("\n"))
    with pytest.raises(NotImplementedError):
        exec(f"{answer}\nunit_length(None)")
    assert cell_of(student, "explain").source.endswith(TEXT_STUB[language])


def test_solved_editions_keep_markers_and_solution(built_course: Path) -> None:
    solved = cell_of(read(built_course, "solutions", "zh", "keras"), "answer-1").source
    assert "### BEGIN SOLUTION" in solved and "keepdims" in solved


def test_nbgrader_metadata_grades_checks_and_locks_what_students_must_not_change(
    built_course: Path,
) -> None:
    student = read(built_course, "notebooks", "en", "pytorch")
    check, answer = cell_of(student, "check-1"), cell_of(student, "answer-1")
    manual, setup = cell_of(student, "explain"), cell_of(student, "setup")
    assert check.metadata.nbgrader.grade and check.metadata.nbgrader.points == 2
    assert not check.metadata.editable and not check.metadata.deletable
    assert answer.metadata.nbgrader.solution and not answer.metadata.nbgrader.grade
    assert "editable" not in answer.metadata and not answer.metadata.deletable
    assert manual.metadata.nbgrader.grade and manual.metadata.nbgrader.solution
    assert setup.metadata.nbgrader.locked and not setup.metadata.editable
    for cell in (check, answer, manual, setup):
        assert len(cell.metadata.nbgrader.checksum) == 32
        assert cell.metadata.nbgrader.schema_version == 3


def test_nbgrader_itself_makes_the_student_edition_from_the_solved_one(
    built_course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    from course_lib.authoring.editions import nbgrader_stubs

    # nbgrader calls alembic by its bare name.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    source = tmp_path / "source" / "90"
    source.mkdir(parents=True)
    solved = built_course / "solutions/zh/keras/90_small_course.ipynb"
    (source / solved.name).write_bytes(solved.read_bytes())
    config = nbgrader_stubs("zh")
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.assignment_id = "90"
    GenerateAssignment(coursedir=CourseDirectory(config=config), config=config).start()
    released = nbformat.read(tmp_path / "release" / "90" / solved.name, as_version=4)
    ours = read(built_course, "notebooks", "zh", "keras")
    ours.cells.remove(cell_of(ours, "elsewhere"))  # a class has its own places
    assert [cell.source for cell in released.cells] == [cell.source for cell in ours.cells]
    assert [cell.metadata for cell in released.cells] == [cell.metadata for cell in ours.cells]


def test_each_edition_has_its_own_language_and_framework(built_course: Path) -> None:
    english = read(built_course, "notebooks", "en", "pytorch")
    chinese = read(built_course, "notebooks", "zh", "keras")
    assert [cell.id for cell in english.cells] == [cell.id for cell in chinese.cells]
    assert "# Twenty images" in cell_of(english, "features").source
    assert "# 二十幅图像" in cell_of(chinese, "features").source
    assert "zh:" not in cell_of(chinese, "features").source
    assert "import torch" in cell_of(english, "tensor").source
    assert "import keras" in cell_of(chinese, "tensor").source
    assert "为什么" in cell_of(chinese, "why").source and "Why" in cell_of(english, "why").source


def test_expected_output_is_stored_in_the_solved_edition_only(built_course: Path) -> None:
    solved = cell_of(read(built_course, "solutions", "en", "keras"), "features")
    assert solved.outputs[0].text == "(20, 3)\n"
    assert solved.execution_count is not None  # without one, nbval would not compare
    assert "nbval-check-output" in solved.metadata.tags
    student = cell_of(read(built_course, "notebooks", "en", "keras"), "features")
    assert student.outputs == [] and student.execution_count is None


def test_alternative_text_reaches_the_book_in_the_editions_language(built_course: Path) -> None:
    figure = cell_of(read(built_course, "notebooks", "zh", "pytorch"), "lengths")
    assert figure.metadata.mystnb.image.alt == "二十个特征向量长度的直方图。"


def test_building_twice_writes_nothing_the_second_time(course: Path) -> None:
    assert build(course) == []
    (course / "notebooks/en/keras/90_small_course.ipynb").unlink()
    assert build(course) == [Path("notebooks/en/keras/90_small_course.ipynb")]


def test_the_same_source_gives_the_same_bytes_in_another_process(course: Path) -> None:
    made = sorted([*course.glob("notebooks/**/*.*"), *course.glob("solutions/??/**/*.ipynb")])
    before = {path: path.read_bytes() for path in made}
    assert len(before) == 9
    for path in made:
        path.unlink()
    code = "import sys; from pathlib import Path; from course_lib.authoring import build; build(Path(sys.argv[1]))"
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "COURSE_LANGUAGE": "zh"}
    command = [sys.executable, "-c", code, str(course)]
    subprocess.run(command, check=True, env=environment, cwd=repository_root())
    assert {path: path.read_bytes() for path in made} == before


def test_index_lists_each_edition_in_both_languages(built_course: Path) -> None:
    index = (built_course / "notebooks/README.md").read_text(encoding="utf-8")
    assert "A small chapter" in index and "小小的一章" in index
    for language, framework in EDITIONS:
        assert f"({language}/{framework}/90_small_course.ipynb)" in index


def test_a_cell_that_names_no_exercise_stops_the_build(course: Path, edit) -> None:
    edit('check: "90.1"', 'check: "90.7"')
    with pytest.raises(SourceError, match=r"90_small_course.md:\d+: .*no exercise 90.7"):
        build(course)


def test_a_specification_that_cannot_be_imported_is_named_with_its_line(course: Path, edit) -> None:
    edit("import numpy as np\n", "import numpy as np\n1 / 0\n", SOURCE.with_suffix(".py"))
    with pytest.raises(SourceError, match=r"small_course.py:4: .*ZeroDivisionError"):
        build(course)


def test_a_solution_without_end_stops_the_build(course: Path, edit) -> None:
    edit("    ### END SOLUTION\n", "")
    with pytest.raises(SourceError, match="end solution"):
        build(course)


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("数值大的特征\n会压过其他特征，\n参见练习", "数值大的特征会压过其他特征，参见练习"),
        ("用 PyTorch\n训练", "用 PyTorch\n训练"),
        ("## 标题\n正文", "## 标题\n正文"),
        ("第一段\n\n第二段", "第一段\n\n第二段"),
        ("- 甲\n- 乙", "- 甲\n- 乙"),
        ("```\n甲\n乙\n```", "```\n甲\n乙\n```"),
        ("| 甲 |\n| 乙 |", "| 甲 |\n| 乙 |"),
        ("甲  \n乙", "甲  \n乙"),
    ],
)
def test_line_breaks_between_chinese_characters_are_joined(text: str, joined: str) -> None:
    assert join_chinese_lines(text) == joined


def test_language_lines_keep_their_indentation() -> None:
    code = "def f():\n    # en: Add one.\n    # zh: 加一。\n    return 1  # en route"
    assert localise_code(code, "zh") == "def f():\n    # 加一。\n    return 1  # en route"
