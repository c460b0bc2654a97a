"""Feedback pages: nbgrader's ``generate_feedback`` with a page of ours, in the course's language.

The page says for every exercise what it earned and why. It holds no hidden input and no expected
value: the verdicts that it shows were written without them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import bleach  # type: ignore[import-untyped]
import nbformat
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.filters import markdown2html
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import GetGrades, NbGraderPreprocessor
from nbgrader.server_extensions import formgrader
from traitlets import List

from course_lib.errors import CourseError
from course_lib.exercises.cards import inline, plainly
from course_lib.exercises.values import text
from course_lib.grading.course import Course, open_course, specification
from course_lib.grading.formulas import set_formulas
from course_lib.grading.gradebook import url_of
from course_lib.grading.judging import verdicts
from course_lib.grading.nbgrader_side import folder_of
from course_lib.grading.people import roster
from course_lib.grading.people.lateness import CountLateness
from course_lib.grading.people.policy import read_policy
from course_lib.grading.people.times import show_time
from course_lib.language import Text

TEMPLATES = Path(__file__).with_name("templates")
_NBGRADERS = Path(formgrader.__file__).with_name("templates")


class Explain(NbGraderPreprocessor):
    """Gathers what the feedback page says: a line for each graded cell."""

    # nbgrader sets this for every step of its feedback.
    display_data_priority = List(["text/plain"]).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Put the page's content into the resources, beside the grades that ``GetGrades`` put there."""
        course = open_course(folder_of(self))
        resources["course_feedback"] = make_page(course, nb, resources["nbgrader"])
        return nb, resources


def configure(config: Any) -> None:
    """Put our page into nbgrader's configuration; the formgrader's button uses it too."""
    from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor

    # Lateness takes off a part of the points: points given by hand since the grading count, too.
    config.GenerateFeedback.preprocessors = [
        CountLateness,
        GetGrades,
        Explain,
        CSSHTMLHeaderPreprocessor,
    ]
    # Ours first: it holds another "feedback". The formgrader finds its own pages in nbgrader's.
    config.HTMLExporter.extra_template_basedirs = [str(TEMPLATES), str(_NBGRADERS)]
    # The formgrader is a page of the server that runs the instructor's notebooks: a script in an answer
    # could do there whatever the instructor may.
    config.HTMLExporter.filters = {"markdown2html": f"{__name__}.harmless_markdown"}


@pass_context
def harmless_markdown(context: Mapping[str, Any], markdown: str) -> str:
    """Turn prose into HTML that can do nothing, pictures in it included: nbconvert's filter, made safe."""
    if len(markdown) > _LONGEST_PROSE:
        return _as_it_stands(markdown)
    made = _exporter().markdown2html(context, _without_links(markdown))
    harmless = bleach.clean(
        str(made), tags=_TAGS, attributes=_may_have, protocols=_PROTOCOLS, strip=True
    )
    return set_formulas(str(harmless))


@lru_cache(maxsize=1)
def _exporter() -> HTMLExporter:
    return HTMLExporter()


def make_page(course: Course, nb: NotebookNode, known: Mapping[str, Any]) -> dict[str, Any]:
    """Give the page's content as plain data, in the course's language."""
    language = course.language
    exercises: Mapping[str, Any] = {}
    with suppress(CourseError):
        exercises = specification(course, known["notebook"])
    by_hand = _by_hand(known)
    comments = {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.get("comment") or ""
        for cell in nb.cells
        if cell.metadata.get("nbgrader")
    }
    rows = [
        _row(cell, exercises, by_hand, comments, language)
        for cell in nb.cells
        if (cell.metadata.get("nbgrader") or {}).get("grade")
    ]
    late = known.get("late_penalty") or 0
    words = {name: _pick(word, language) for name, word in _WORDS.items()}
    return {
        "lang": {"en": "en", "zh": "zh-CN"}[language],
        "title": words["title"].format(name=_title_of(nb, known["notebook"])),
        "student": words["student"].format(name=_who(course, known["student"])),
        "handed_in": _handed_in(course, known, words),
        "total": words["total"].format(
            score=_number(known["score"]), most=_number(known["max_score"])
        ),
        "late": words["late"].format(points=_number(late)) if late else "",
        "pending": words["pending"] if any(row["kind"] == "open" for row in rows) else "",
        "words": {
            "columns": [_pick(word, language) for word in _COLUMNS],
            "comment": words["comment"],
            "note": words["note"],
        },
        "rows": rows,
        "prose": list(_prose(nb)),
        "longest_code": _LONGEST_PROSE,
        "by_name": {row["name"]: row for row in rows},
    }


def read_page(course: Course, chapter: str, student: str) -> dict[str, Any]:
    """Give the page's content for one graded student, without making the page."""
    name = course.notebook_name(chapter)
    path = course.folder / "autograded" / student / chapter / f"{name}.ipynb"
    known = {
        "student": student,
        "assignment": chapter,
        "notebook": name,
        "db_url": url_of(course),
    }
    notebook, resources = GetGrades().preprocess(
        nbformat.read(path, as_version=4), {"nbgrader": known}
    )
    return make_page(course, notebook, resources["nbgrader"])


def as_text(page: Mapping[str, Any]) -> str:
    """Write a page's summary as plain text, for the terminal."""
    lines = [page["title"], page["student"], f"{page['total']} {page['pending']}".strip(), ""]
    for row in page["rows"]:
        lines.append(
            f"{row['sign']} {row['number']} {row['title']}  ({row['points']})  {row['state']}"
        )
        lines += [f"    {plainly(why)}" for why in row["why"]]
    return "\n".join(lines)


def _row(
    cell: NotebookNode,
    exercises: Mapping[str, Any],
    by_hand: tuple[set[str], set[str]],
    comments: Mapping[str, str],
    language: str,
) -> dict[str, Any]:
    name = cell.metadata.nbgrader.grade_id
    number = cell.metadata.get("course", {}).get("exercise") or name.replace("-", ".")
    exercise = exercises.get(number)
    score, most = cell.metadata.nbgrader.get("score") or 0.0, cell.metadata.nbgrader.points
    kind, state, why = _outcome(cell, name in by_hand[0], name in by_hand[1], score, most, language)
    rubric = getattr(exercise, "rubric", ())
    answer = comments.get(f"{name}-answer", "")
    return {
        "name": name,
        "number": number,
        "title": _pick(exercise.title, language) if exercise is not None else "",
        "points": f"{_number(score)} / {_number(most)}",
        "kind": kind,
        "sign": {"right": "✓", "wrong": "✗", "part": "≈", "open": "…"}[kind],
        "state": state,
        "why": why,
        "why_html": [inline(line) for line in why],
        "rubric": [(_number(points), _pick(words, language)) for points, words in rubric],
        "comment": comments.get(name) or answer,
    }


def _outcome(
    cell: NotebookNode, waiting: bool, marked: bool, score: float, most: float, language: str
) -> tuple[str, str, list[str]]:
    """Give (kind, a few words, why) of one graded cell."""
    words = {name: _pick(word, language) for name, word in _STATES.items()}
    if waiting:
        return "open", words["waiting"], []
    if marked:
        return ("right" if score >= most else "part" if score else "wrong"), words["marked"], []
    if cell.metadata.nbgrader.get("solution"):
        return "wrong", verdicts.title("NotAttempted", language), []
    error = next((each for each in cell.outputs if each.output_type == "error"), None)
    if error is None:
        shown = [each.data.get("text/plain", "") for each in cell.outputs if "data" in each]
        return "right", words["right"], [shown[0].removeprefix("✓ ")] if shown else []
    state = verdicts.title(error.ename, language) or words["wrong"]
    return "wrong", state, [error.evalue] if error.evalue else []


def _who(course: Course, student: str) -> str:
    """Give number and name, as the class list has them."""
    listed = roster.load(course).get(student)
    return f"{student} {listed.shown}".strip() if listed is not None else student


def _handed_in(course: Course, known: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """Say when it was handed in and by when it had to be, where that is known."""
    zone = read_policy(course.folder).zone
    with Gradebook(known["db_url"]) as gradebook:
        submission = gradebook.find_submission(known["assignment"], known["student"])
        said = []
        if submission.timestamp is not None:
            said.append(words["handed_in"].format(time=show_time(submission.timestamp, zone)))
        if submission.assignment.duedate is not None:
            said.append(words["due"].format(time=show_time(submission.duedate, zone)))
    return " · ".join(said)


def _by_hand(known: Mapping[str, Any]) -> tuple[set[str], set[str]]:
    """List the cells that a person has still to mark, and those that a person has marked."""
    with Gradebook(known["db_url"]) as gradebook:
        grades = gradebook.find_submission_notebook(
            known["notebook"], known["assignment"], known["student"]
        ).grades
        waiting = {grade.name for grade in grades if grade.needs_manual_grade}
        return waiting, {grade.name for grade in grades if grade.manual_score is not None}


def _prose(nb: NotebookNode) -> Iterator[str]:
    """Give each cell's prose as HTML. What is longer than anybody writes stays text: one student's
    brackets, a hundred thousand of them, would keep the whole class waiting."""
    left = 5 * _LONGEST_PROSE
    for cell in nb.cells:
        if cell.cell_type != "markdown":
            yield ""
            continue
        left -= len(cell.source)
        long = len(cell.source) > _LONGEST_PROSE or left < 0
        yield _as_it_stands(cell.source) if long else _clean(cell.source)


def _as_it_stands(words: str) -> str:
    return f"<pre>{html.escape(words)}</pre>"


def _clean(markdown: str) -> str:
    """Turn prose into HTML that can do nothing: a student's answer is read by instructors too."""
    made = str(markdown2html(_without_links(markdown)))
    return set_formulas(bleach.clean(made, tags=_TAGS, attributes=_ATTRIBUTES, strip=True))


def _without_links(markdown: str) -> str:
    """Take out what formulas make links of, with whatever stands in them."""
    return re.sub(r"\\(href|url)\b", r"\\text", markdown)


def _may_have(tag: str, name: str, value: str) -> bool:
    """Say which attributes may stay; a picture is in the notebook, or it is not shown."""
    if (tag, name) == ("img", "src"):
        return value.startswith("data:image/")
    if (tag, name) == ("a", "href"):
        return not value.strip().lower().startswith("data:")
    return name in _ATTRIBUTES["*"] or name in _ATTRIBUTES.get(tag, ())


_LONGEST_PROSE = 20_000  # characters of one cell
_PROTOCOLS = {"http", "https", "mailto", "data"}
_TAGS = {
    *("a", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "li", "ol", "p", "pre", "span"),
    *("strong", "sub", "summary", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES = {"*": ["class"], "a": ["href"], "img": ["alt"], "td": ["align"], "th": ["align"]}


def _title_of(nb: NotebookNode, fallback: str) -> str:
    """Take the chapter's heading as the page's title."""
    for cell in nb.cells:
        found = re.search(r"^#\s+(.+)$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown" and found:
            return found.group(1).strip()
    return fallback


def _number(value: float) -> str:
    return f"{float(value):g}"


def _pick(word: Text, language: str) -> str:
    return word[language]


_WORDS: dict[str, Text] = {
    "title": text("Feedback: {name}", "评分反馈：{name}"),
    "student": text("Student: {name}", "学生：{name}"),
    "handed_in": text("Handed in: {time}", "提交：{time}"),
    "due": text("Due: {time}", "截止：{time}"),
    "total": text("{score} of {most} points", "得分 {score} / {most}"),
    "late": text("{points} taken off for lateness", "迟交扣 {points} 分"),
    "pending": text("some answers are still to be marked by hand", "部分作答尚待人工评阅"),
    "comment": text("Comment:", "评语："),
    "note": text(
        "Answers were graded on inputs that are not shown here. The notebook below is yours, as it ran.",
        "评分所用的输入不在此列出。下面是你的笔记本及其运行结果。",
    ),
}
_COLUMNS = (
    text("Exercise", "题目"),
    text("Points", "得分"),
    text("Result", "结果"),
    text("Why", "说明"),
)
_STATES: dict[str, Text] = {
    "right": text("Correct", "正确"),
    "wrong": text("Not passed", "未通过"),
    "waiting": text("To be marked", "待评阅"),
    "marked": text("Marked by hand", "人工评阅"),
}
