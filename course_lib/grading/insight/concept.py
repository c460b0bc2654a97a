"""``teach concept``: the same questions before and after the course, ungraded, and what the class gained.

The questions and which option is right stand in ``solutions/source/concept_test.yaml``; what students get holds
neither: a notebook with the questions, in an order of options drawn from the class's secret, and one cell for
their letters. What they hand in is read as text; nothing of it is run.

The gain is Hake's: of what the class could still gain, the share that it did, g = (after − before) / (1 − before),
over the students who took both (R. R. Hake, "Interactive-engagement versus traditional methods: a six-thousand-
student survey of mechanics test data for introductory physics courses", *American Journal of Physics* 66, 1998).
"""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import json
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import yaml  # type: ignore[import-untyped]

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.grading.collect import read_all
from course_lib.grading.course import Course
from course_lib.grading.judging.reading import parse
from course_lib.language import Text, both, pick

MOMENTS = ("before", "after")
FEWEST = 20  # students who took both; with fewer the interval is wider than any gain
_FILE = "concept_test.yaml"
_NAME = "concept_answers"
_RESAMPLES = 2000


@dataclass(frozen=True)
class Choice:
    """One option: its words, and the misconception of whoever chooses it (``None``: it is right)."""

    words: Text
    misconception: Text | None


@dataclass(frozen=True)
class Question:
    """One question of the test."""

    id: str
    chapter: str
    words: Text
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Gain:
    """What became of one question, or of the whole test (``id`` is ``""``).

    Attributes:
        before: The share that is right, in [0, 1]; ``after``: the same later.
        gain: Hake's normalised gain; ``None`` where everybody had it right before.
        wrong: The most frequent wrong option after the course, and the share that chose it.
    """

    id: str
    before: float
    after: float
    gain: float | None
    low: float | None = None
    high: float | None = None
    wrong: tuple[Choice, float] | None = None


@dataclass(frozen=True)
class Taken:
    """What became of one file: whose answers it holds, how many, and what there is to say."""

    name: str
    student: str
    count: int = 0
    why: str = ""


def read_questions(repository: Path) -> list[Question]:
    """Read the test."""
    path = repository / "solutions" / "source" / _FILE
    if not path.is_file():
        raise CourseError(
            f"{path} is not there: the concept test needs a checkout that has solutions/.",
            f"{path} 不存在：概念测验需要包含 solutions/ 的仓库。",
        )
    questions = []
    for each in yaml.safe_load(path.read_text(encoding="utf-8")):
        choices = tuple(
            Choice({"en": o["en"], "zh": o["zh"]}, o.get("misconception")) for o in each["options"]
        )
        questions.append(Question(each["id"], each["chapter"], each["question"], choices))
    return questions


def order_of(course: Course, moment: str, question: Question) -> list[int]:
    """Give the options' order at one moment: the same for the class, unknown without its secret."""
    seed = hashlib.sha256(course.secret + f"\0concept {moment} {question.id}".encode()).digest()
    return np.random.default_rng(list(seed)).permutation(len(question.choices)).tolist()


def write_sheet(course: Course, moment: str, folder: Path) -> Path:
    """Write the notebook that students fill in, in the course's language."""
    _require_moment(moment)
    lang = course.language
    questions = read_questions(course.repository)
    words = {name: each[lang] for name, each in _WORDS.items()}
    cells = [nbformat.v4.new_markdown_cell(words["head"])]
    for number, question in enumerate(questions, start=1):
        lines = [f"**{number}.** ({question.id}) {question.words[lang]}", ""]
        for letter, place in zip(
            string.ascii_lowercase, order_of(course, moment, question), strict=False
        ):
            lines.append(f"- **{letter}**  {question.choices[place].words[lang]}")
        cells.append(nbformat.v4.new_markdown_cell("\n".join(lines)))
    blank = "\n".join(f'    "{question.id}": "",' for question in questions)
    cells.append(nbformat.v4.new_markdown_cell(words["answers"]))
    cells.append(nbformat.v4.new_code_cell(f"{_NAME} = {{\n{blank}\n}}"))
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = {"concept_test": moment, "language_info": {"name": "python"}}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"concept-{number}"
    target = folder.expanduser() / f"concept_{moment}.ipynb"
    return write_atomically(target, nbformat.writes(notebook) + "\n")


def take(course: Course, moment: str, path: Path) -> list[Taken]:
    """Take in answers: notebooks in a folder or zip, or a table (``student,C01,C02,…``, a letter each).

    Later answers of the same student replace earlier ones. Kept in ``.course/concept``, and nowhere else.
    """
    _require_moment(moment)
    questions = {each.id: each for each in read_questions(course.repository)}
    kept = _load(course, moment)
    outcomes = []
    for name, student, letters, why in _answers_in(course, moment, path):
        chosen = {}
        if not why:
            chosen = _choices_of(course, moment, questions, letters)
            why = "" if chosen else both("no answers in it", "其中没有作答")
        if chosen:
            kept[student] = chosen
        outcomes.append(Taken(name, student if chosen else "", len(chosen), why))
    write_atomically(_path(course, moment), json.dumps(kept, ensure_ascii=False, indent=1) + "\n")
    _path(course, moment).chmod(0o600)
    return outcomes


def gains(course: Course, *, fewest: int = FEWEST) -> tuple[int, list[Gain]]:
    """Compare before and after: how many took both, and the gain of the class and of each question.

    An unanswered question counts as not known. The interval of the class's gain is a bootstrap over students
    (percentiles at 95 %, B. Efron, 1979).

    Raises:
        CourseError: Fewer than ``fewest`` students took both.
    """
    questions = read_questions(course.repository)
    before, after = (_load(course, moment) for moment in MOMENTS)
    students = sorted(before.keys() & after.keys())
    if len(students) < fewest:
        raise CourseError(
            f"Too few: {len(students)} students took the test before and after, and it takes {fewest}.",
            f"人数太少：课前、课后都作答的只有 {len(students)} 人，至少需要 {fewest} 人。",
        )
    right = np.array(
        [[[_is_right(q, side[s]) for q in questions] for s in students] for side in (before, after)]
    )
    whole = right.mean(axis=2)  # 2 × students
    rng = np.random.default_rng(0)
    drawn = whole[:, rng.integers(len(students), size=(_RESAMPLES, len(students)))].mean(axis=2)
    spread = [each for pair in drawn.T if (each := hake(*pair)) is not None]
    low, high = np.percentile(spread, [2.5, 97.5]) if spread else (None, None)
    total = Gain("", *_both(whole.mean(axis=1)), _number(low), _number(high))
    rest = [
        Gain(q.id, *_both(right[:, :, place].mean(axis=1)), wrong=_favourite(q, after, students))
        for place, q in enumerate(questions)
    ]
    return len(students), [total, *rest]


def hake(before: float, after: float) -> float | None:
    """Give the normalised gain of two shares in [0, 1]; ``None`` where nothing was left to gain."""
    return None if before >= 1.0 else float((after - before) / (1.0 - before))


def _both(shares: np.ndarray) -> tuple[float, float, float | None]:
    before, after = map(float, shares)
    return before, after, hake(before, after)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _is_right(question: Question, chosen: Mapping[str, int]) -> bool:
    place = chosen.get(question.id)
    return place is not None and question.choices[place].misconception is None


def _favourite(
    question: Question, answers: Mapping[str, Mapping[str, int]], students: Sequence[str]
) -> tuple[Choice, float] | None:
    count = Counter(
        place
        for student in students
        if (place := answers[student].get(question.id)) is not None
        and question.choices[place].misconception is not None
    )
    if not count:
        return None
    place, times = min(count.items(), key=lambda item: (-item[1], item[0]))
    return question.choices[place], times / len(students)


# Reading what was handed in.


def _answers_in(
    course: Course, moment: str, path: Path
) -> list[tuple[str, str, dict[str, str], str]]:
    """Give (file, student, letters by question, what is wrong) for everything that was handed in."""
    if path.suffix.lower() == ".csv":
        return _rows_of(path.expanduser())
    found = []
    for name, student, content in read_all(course, path, {f"concept_{each}" for each in MOMENTS}):
        letters: dict[str, str] = {}
        try:
            if isinstance(content, CourseError):
                raise content
            letters, why = _read_sheet(content, moment), ""
        except CourseError as problem:
            why = str(problem)
        found.append((name, student, letters, why))
    return found


def _read_sheet(content: bytes, moment: str) -> dict[str, str]:
    notebook = parse(content)
    said = notebook.metadata.get("concept_test")
    if said != moment:
        raise CourseError(
            f"it is not the sheet of this moment ({moment})", f"不是这一次（{moment}）的答题笔记本"
        )
    for cell in notebook.cells:
        if cell.cell_type == "code" and f"{_NAME} =" in cell.source and len(cell.source) < 10_000:
            try:
                value = ast.literal_eval(cell.source.partition("=")[2].strip())
            except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
                break
            if isinstance(value, dict):
                return {str(key): str(letter) for key, letter in value.items()}
            break
    raise CourseError("its answers can't be read", "其中的作答无法读取")


def _rows_of(path: Path) -> list[tuple[str, str, dict[str, str], str]]:
    try:
        rows = list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"))))
    except (OSError, UnicodeDecodeError, csv.Error):
        rows = []
    if not rows or "student" not in rows[0]:
        raise CourseError(
            f"{path} can't be used: a CSV in UTF-8 with the columns student, C01, C02, … is needed.",
            f"{path} 无法使用：需要 UTF-8 编码、列名为 student, C01, C02, … 的 CSV。",
        )
    for row in rows:
        row["student"] = (row["student"] or "").strip()
    count = Counter(row["student"] for row in rows if row["student"])
    twice = next((student for student, times in count.items() if times > 1), None)
    if twice is not None:
        raise CourseError(f"{path} has {twice} twice.", f"{path} 中 {twice} 出现了两次。")
    return [
        (path.name, row["student"], {k: v or "" for k, v in row.items() if k}, "")
        for row in rows
        if row["student"]
    ]


def _choices_of(
    course: Course, moment: str, questions: Mapping[str, Question], letters: Mapping[str, str]
) -> dict[str, int]:
    chosen = {}
    for name, question in questions.items():
        letter = letters.get(name, "").strip().lower()
        place = string.ascii_lowercase.find(letter) if len(letter) == 1 else -1
        if 0 <= place < len(question.choices):
            chosen[name] = order_of(course, moment, question)[place]
    return chosen


def _path(course: Course, moment: str) -> Path:
    return course.private / "concept" / f"{moment}.json"


def _load(course: Course, moment: str) -> dict[str, dict[str, int]]:
    path = _path(course, moment)
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise CourseError(
            f"{path} is damaged: bring it back from a backup.", f"{path} 已损坏：请从备份恢复。"
        ) from None


def _require_moment(moment: str) -> None:
    if moment not in MOMENTS:
        raise CourseError("Say before or after.", "请写 before（课前）或 after（课后）。")


def describe(choice: Choice) -> str:
    """Give the misconception that an option stands for."""
    return pick(choice.misconception) if choice.misconception else ""


_WORDS: Mapping[str, Text] = {
    "head": {
        "en": "# What do you think?\n\nQuestions about ideas, before and after the course. Nothing here is graded, "
        "and nobody's answers are shown to others: the teacher sees what the class has learned. Answer without "
        "looking anything up, about a minute for each question. If you do not know, leave it empty.",
        "zh": "# 你怎么看？\n\n一组概念题，课前、课后各答一次。不计分，"
        "也不会把你的作答给别人看；老师只想知道全班学到了什么。"
        "请不要查资料，每题大约一分钟；不知道就空着。",
    },
    "answers": {
        "en": 'Write your letters here, such as `"C01": "b"`, save, and hand the notebook in.',
        "zh": '把所选字母写在下面，例如 `"C01": "b"`，保存后提交本笔记本。',
    },
}
