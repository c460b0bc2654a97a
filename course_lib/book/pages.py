"""A chapter's page: its PyTorch and its Keras edition, cell by cell, side by side where they differ.

What both editions share stands once. A cell that differs, in its code or in what it shows, stands in
tabs; choosing a framework in one tab chooses it in all. Answer cells show the student's stub; below
the check a solution is folded away, which asks for an attempt before it unfolds and then says why.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from course_lib.authoring.glossary import Term
from course_lib.book import words
from course_lib.book.elsewhere import Repository
from course_lib.book.outputs import outputs_to_html
from course_lib.book.terms import TermLinks
from course_lib.exercises.cards import inline
from course_lib.exercises.public import PublicExercise, load_public, load_quiz
from course_lib.exercises.specification import Quiz
from course_lib.language import Text, current, pick

FRAMEWORK_NAMES = {"pytorch": "PyTorch", "keras": "Keras"}
PICTURES = "_static/shown"  # within a language's pages

_LINK_TO_NOTEBOOK = re.compile(r"\]\((?:\./)?([0-9b]\d_\w+)\.ipynb(#[^)]*)?\)")
_QUIZ = re.compile(r'quiz\("([^"]+)"\)')
_MARKERS = re.compile(r"^ *### (BEGIN|END) SOLUTION\n?", re.MULTILINE)
_FENCE = "`" * 6
_COLONS = ":" * 6


@dataclass(frozen=True)
class Edition:
    """One framework's edition of a chapter in one language.

    Attributes:
        solved: Executed, with solutions.
        student: As students get it.
    """

    solved: NotebookNode
    student: NotebookNode


def chapter_page(
    name: str,
    editions: Mapping[str, Edition],
    pictures: Path,
    terms: Sequence[Term] = (),
    anchors: Mapping[str, Sequence[str]] | None = None,
    repository: Repository | None = None,
    whys: Mapping[str, str] | None = None,
) -> str:
    """Write a chapter's page as MyST Markdown, in the language in use.

    Args:
        name: Such as ``"04_feature_extraction"``.
        editions: By framework.
        pictures: The folder for what the cells drew.
        terms: Of the glossary: the first bold use of each leads there.
        anchors: Ids that other pages link to, by the cell that they stand before.
        repository: Where the course stands on GitHub, for links to places that run it.
        whys: By exercise, why its solution is right, as Markdown.
    """
    first = next(iter(editions.values()))
    stubs = {
        framework: {cell.id: cell.source for cell in edition.student.cells}
        for framework, edition in editions.items()
    }
    cells = {
        framework: {cell.id: cell for cell in edition.solved.cells}
        for framework, edition in editions.items()
    }
    blocks = []
    links = TermLinks(terms)
    for cell in first.solved.cells:
        same = {framework: cells[framework][cell.id] for framework in editions}
        shown = {
            framework: _cell_block(each, stubs[framework].get(cell.id, each.source), pictures)
            for framework, each in same.items()
        }
        block = _side_by_side(shown)
        ids = (anchors or {}).get(cell.id, ())
        spans = "".join(f'<span class="signpost" id="{each}"></span>' for each in ids)
        blocks += [raw_html(spans)] if spans else []
        blocks.append(links.link(block) if cell.cell_type == "markdown" else block)
        if _is_check(cell):
            exercise = cell.metadata["course"]["exercise"]
            blocks.append(_folded(exercise, cells, (whys or {}).get(exercise, "")))
    opening, *rest = blocks
    text = "\n\n".join([opening, _launchers(name, repository), *rest])
    return f"{text}\n"


def _cell_block(cell: NotebookNode, stub: str, pictures: Path) -> str:
    """Give one cell of one edition as a piece of a page."""
    if cell.cell_type == "markdown":
        prose = _to_pages(cell.source)
        return _model_answer(cell, stub, prose) if _is_solution(cell) else prose
    if "quiz" in cell.metadata.get("tags", ()):
        return "\n\n".join(
            raw_html(question(load_quiz(each))) for each in _QUIZ.findall(cell.source)
        )
    code = _code(stub)
    if _is_answer(cell):
        return f"{code}\n\n{raw_html(_note(words.ANSWER_HERE))}"
    if _is_check(cell) or cell.source.strip().startswith("progress("):
        return code  # what it shows is about the reader's own answers
    shown = outputs_to_html(cell.outputs, pictures, PICTURES)
    return f"{code}\n\n{raw_html(shown)}" if shown else code


def _side_by_side(shown: Mapping[str, str]) -> str:
    """Give what is the same once, and what differs in tabs."""
    if len(set(shown.values())) == 1:
        return next(iter(shown.values()))
    tabs = "\n\n".join(
        f"{_COLONS}{{tab-item}} {FRAMEWORK_NAMES[framework]}\n:sync: {framework}\n\n{block}\n\n{_COLONS}"
        for framework, block in shown.items()
    )
    return f"{_COLONS}:{{tab-set}}\n:sync-group: framework\n\n{tabs}\n\n{_COLONS}:"


def _folded(exercise_id: str, cells: Mapping[str, Mapping[str, NotebookNode]], why: str) -> str:
    """Give an exercise's hints, and its solution with its reason and what often goes wrong, folded away."""
    exercise = load_public(exercise_id)
    answers = {}
    for framework, by_id in cells.items():
        ours = (cell for cell in by_id.values() if _is_answer(cell))
        of_this = [c.source for c in ours if c.metadata["course"]["exercise"] == exercise_id]
        answers[framework] = _code(_MARKERS.sub("", "\n\n".join(of_this)))
    title = pick(words.SOLUTION).format(id=exercise_id)
    reason = f"{pick(words.WHY)}{_to_pages(why)}" if why else ""
    inside = [_side_by_side(answers), reason, raw_html(_often_wrong(exercise))]
    return f"{raw_html(_hints(exercise))}\n\n{_after_an_attempt(title, inside)}"


def _model_answer(cell: NotebookNode, stub: str, prose: str) -> str:
    """Give what is to be answered in words, with the model answer folded away."""
    title = pick(words.MODEL_ANSWER).format(id=cell.metadata["course"]["exercise"])
    return f"{stub}\n\n{_after_an_attempt(title, [_MARKERS.sub('', prose)])}"


def _after_an_attempt(title: str, inside: Sequence[str]) -> str:
    """Fold blocks away twice: the first fold asks for the reader's own attempt, the second one shows them.

    Needs no script: two ``<details>``, which mouse and keyboard unfold alike.
    """
    asked = (
        f'<details class="solution"><summary>{title}</summary><p>{pick(words.HAVE_YOU_TRIED)}</p>'
        f'<label class="attempt">{pick(words.ATTEMPT)}<textarea rows="2"></textarea></label>'
        f'<details class="tried"><summary>{pick(words.TRIED)}</summary>'
    )
    shown = [block for block in inside if block]
    return "\n\n".join([raw_html(asked), *shown, raw_html("</details></details>")])


def _hints(exercise: PublicExercise) -> str:
    """Nest each hint in the one before: one at a time."""
    inside = ""
    for number, hint in reversed(list(enumerate(exercise.hints, start=1))):
        title = pick(words.NEXT_HINT).format(number=number)
        inside = f'<details class="hint"><summary>{title}</summary><p>{inline(pick(hint))}</p>{inside}</details>'
    return inside


def _often_wrong(exercise: PublicExercise) -> str:
    messages = dict.fromkeys(pick(message) for message in exercise.messages.values())
    items = "".join(f"<li>{inline(message)}</li>" for message in messages)
    return f"<p><strong>{pick(words.OFTEN_WRONG)}</strong></p><ul>{items}</ul>" if items else ""


def question(quiz: Quiz) -> str:
    """Write a quiz as buttons; the feedback is not readable at a glance in the page's source."""
    options = []
    for letter, option in zip("abcdefgh", quiz.options, strict=False):
        verdict = pick(words.YES if option.right else words.NO)
        said = {
            "right": option.right,
            "words": verdict + inline(pick(option.feedback)),
        }
        hidden = base64.b64encode(json.dumps(said).encode()).decode()
        options.append(
            f'<li><button type="button" data-said="{hidden}">{letter}</button> '
            f"<span>{inline(pick(option.words))}</span></li>"
        )
    label = html.escape(pick(words.QUESTION_ON).format(what=pick(words.CHOOSE)))
    return (
        f'<div class="quiz" role="group" aria-label="{label}"><p>{inline(pick(quiz.question))}</p>'
        f'<ol>{"".join(options)}</ol><p class="said" role="status" aria-live="polite"></p>'
        f"<noscript>{pick(words.WITHOUT_SCRIPT)}</noscript></div>"
    )


def _launchers(name: str, repository: Repository | None) -> str:
    """Say how this chapter is opened to work on it, and let it be downloaded."""
    rows = {
        framework: raw_html(
            f'<p class="launch"><strong>{pick(words.OPEN)}</strong> · '
            + pick(words.IN_LAB).format(framework=framework, name=name)
            + f' · <a download href="_static/notebooks/{framework}/{name}.ipynb">{pick(words.DOWNLOAD)}</a>'
            + _elsewhere(repository.links(name, current(), framework) if repository else {})
            + "</p>"
        )
        for framework in FRAMEWORK_NAMES
    }
    return _side_by_side(rows)


def _elsewhere(links: Mapping[str, str]) -> str:
    shown = [f'<a href="{html.escape(where)}">{name}</a>' for name, where in links.items()]
    return "".join(f" · {each}" for each in shown)


def _to_pages(prose: str) -> str:
    """Let links to notebooks lead to the book's pages."""
    return _LINK_TO_NOTEBOOK.sub(r"](\1.md\2)", prose)


def raw_html(text: str) -> str:
    """Give HTML that goes into the page as it is."""
    return f"{_FENCE}{{raw}} html\n{text}\n{_FENCE}" if text else ""


def _code(source: str) -> str:
    return f"{_FENCE}{{code-block}} python\n{source.strip()}\n{_FENCE}"


def _note(text: Text) -> str:
    return f'<p class="note">{html.escape(pick(text))}</p>'


def _is_answer(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and _is_solution(cell)


def _is_solution(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def _is_check(cell: NotebookNode) -> bool:
    told = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(told.get("grade"))
