"""``./course demo``: a class in a minute, in the terminal: released, handed in, graded, returned."""

from __future__ import annotations

import shutil
import time
from importlib.util import find_spec
from pathlib import Path

import nbformat
from rich import box
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from course_lib.exercises.values import text
from course_lib.grading import feedback
from course_lib.grading.course import Course, create
from course_lib.grading.give_back import give_back
from course_lib.grading.grade import Graded, grade
from course_lib.grading.gradebook import make as make_gradebook
from course_lib.grading.gradebook import shown, url_of
from course_lib.grading.people.standing import read_grades
from course_lib.grading.release import release
from course_lib.grading.submissions import Submission, make_submissions
from course_lib.grading.walls import sandbox
from course_lib.language import Text, both, current, pick
from course_lib.paths import cache_dir, repository_root

_WHAT: dict[str, Text] = {
    "all_right": text("every answer right", "全部正确"),
    "other_ways": text("right, but written differently", "正确，但写法不同"),
    "pitfalls": text("every answer a known mistake", "每题都犯一个常见错误"),
    "untouched": text("handed in untouched", "原样交回"),
    "mixed": text("some of everything", "有对有错有空白"),
}


def demo(*, chapter: str = "04", folder: Path | None = None, jobs: int = 2) -> dict[str, Graded]:
    """Run a class of five through the whole of grading and show what an instructor sees.

    Args:
        chapter: Which chapter is handed in.
        folder: Where the course directory is made anew; ``None``: in the cache.
        jobs: Kernels at a time.

    Returns:
        Each student's outcome.
    """
    started = time.monotonic()
    screen = Console()
    language = current()
    framework = "pytorch" if find_spec("torch") else "keras"
    sandboxed = sandbox.available()
    course = _new_course(folder or cache_dir() / "demo", language, framework)
    _say(
        screen,
        1,
        both(
            f"Release chapter {chapter} ({language}/{framework})",
            f"发布第 {chapter} 章（{language}/{framework}）",
        ),
    )
    make_gradebook(course)
    release(course, chapter)
    _say(screen, 2, both("Five students hand in", "五名学生交作业"))
    handed_in = make_submissions(chapter, language, framework, repository=course.repository)
    _hand_in(course, chapter, handed_in)
    _say(screen, 3, _grading_line(sandboxed))
    graded: dict[str, Graded] = {}
    for outcome in grade(course, chapter, jobs=jobs, sandboxed=sandboxed):
        graded[outcome.student] = outcome
        mark = "✗" if outcome.state == "failed" else "✓"
        screen.print(f"   {mark} {pick(_WHAT[outcome.student])}", markup=False)
    _say(screen, 4, both("Feedback pages", "生成反馈页面"))
    pages = {each.student: each.page for each in give_back(course, chapter)}
    screen.print(_marks(course, chapter, handed_in))
    shown = feedback.as_text(feedback.read_page(course, chapter, "mixed"))
    title = both("What the student “some of everything” reads", "“有对有错有空白”的学生看到的反馈")
    screen.print(Panel(shown, title=title, title_align="left", expand=False))
    _say_where(screen, course, pages.get("mixed"), time.monotonic() - started)
    return graded


def _new_course(folder: Path, language: str, framework: str) -> Course:
    if (folder / "course.json").is_file():
        shutil.rmtree(folder)  # an earlier demo's, and nothing else
    return create(folder, language=language, framework=framework, repository=repository_root())


def _hand_in(course: Course, chapter: str, handed_in: dict[str, Submission]) -> None:
    name = course.notebook_name(chapter)
    for student, submission in handed_in.items():
        target = course.folder / "submitted" / student / chapter / f"{name}.ipynb"
        target.parent.mkdir(parents=True)
        nbformat.write(submission.notebook, target)


def _grading_line(sandboxed: bool) -> str:
    if sandboxed:
        return both(
            "Grade: each runs in a sandbox and is judged from outside, on inputs nobody has seen",
            "评分：每份作业在沙箱中运行，由外部用没人见过的输入来判分",
        )
    return both(
        "Grade --unsandboxed: this machine has no sandbox, and these five submissions are our own",
        "评分（--unsandboxed）：这台机器没有沙箱，而这五份作业是课程自带的",
    )


def _marks(course: Course, chapter: str, handed_in: dict[str, Submission]) -> Table:
    """Show what stands in the gradebook, beside what each submission deserves."""
    rows = {row.student: row for row in read_grades(course, chapter)}
    title = both(f"Marks, by exercise of chapter {chapter}", f"第 {chapter} 章各题得分")
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    exercises = list(next(iter(handed_in.values())).marks)
    table.add_column(both("Student", "学生"), no_wrap=True)
    for exercise in exercises:
        table.add_column(exercise.removeprefix(chapter), justify="right", no_wrap=True)
    table.add_column(both("Points", "得分"), justify="right", no_wrap=True)
    for student, submission in handed_in.items():
        row = rows[student]
        points = "–" if row.score is None else f"{row.score:g} / {row.most:g}"
        waiting = "*" if row.state == "to be marked" else " "
        marks = {name: row.exercises.get(name, 0.0) for name in exercises}
        shown = [f"{mark:g}" if mark else "·" for mark in marks.values()]
        table.add_row(pick(_WHAT[student]), *shown, points + waiting)
        if marks != dict(submission.marks):
            table.add_row(both("  which is not what it deserves!", "  与应得分数不符！"))
    if any(row.state == "to be marked" for row in rows.values()):
        table.caption = both("* an essay is still to be marked by hand", "* 另有简答题待人工评阅")
        table.caption_justify = "left"
    return table


def _say(screen: Console, number: int, what: str) -> None:
    screen.print(f"{number}. {what} …", markup=False)


def _say_where(screen: Console, course: Course, page: Path | None, seconds: float) -> None:
    lines = [
        both(f"Everything is in {course.folder}", f"全部文件在 {course.folder}"),
        both("  feedback page:  ", "  反馈页面：") + str(page),
        both("  gradebook:      ", "  成绩册：") + shown(url_of(course)),
        both(f"Done in {seconds:.0f} s.", f"用时 {seconds:.0f} 秒。"),
    ]
    for line in lines:
        screen.print(line, markup=False, soft_wrap=True)
