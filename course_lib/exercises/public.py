"""The public part of a chapter's exercises: what ``check()`` needs, as data, without any solution.

The build writes :func:`build_public`'s bytes to ``course_lib/exercises/public/NN_slug.json``. They
hold, for each exercise, a few drawn inputs, the values expected and those that each pitfall gives,
the messages and hints in both languages. No reference code, and not the inputs that grading uses.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

from course_lib import edition
from course_lib.errors import CourseError
from course_lib.exercises.advice import Advice
from course_lib.exercises.codec import decode, encode
from course_lib.exercises.comparators import Comparator
from course_lib.exercises.drawings import Drawing
from course_lib.exercises.specification import (
    Exercise,
    ManualExercise,
    Option,
    Quiz,
    SpecificationError,
)
from course_lib.exercises.values import Value
from course_lib.language import Text

FOLDER = Path(__file__).parent / "public"
MAX_BYTES = 200_000  # for one chapter


@dataclass(frozen=True)
class Draw:
    """One public example: its inputs, the right value, and what each pitfall gives, by name."""

    inputs: dict[str, Value]
    expected: Value
    mistaken: dict[str, Value]


@dataclass(frozen=True)
class PublicExercise:
    """What the student's side knows of an exercise; the fields are those of :class:`Exercise`.

    A manual exercise has a ``rubric`` and no draws.
    """

    id: str
    title: Text
    points: float
    objective: str
    function: str = ""
    comparator: Comparator | None = None
    messages: Mapping[str, Text] = field(default_factory=dict)
    hints: tuple[Text, ...] = ()
    forbidden: tuple[str, ...] = ()
    tensors: bool = True
    probe: str | None = None
    draws: tuple[Draw, ...] = ()
    parts: Mapping[str, Text] = field(default_factory=dict)
    errors: Advice = ()
    drawing: Drawing | None = None
    rubric: tuple[tuple[float, Text], ...] = ()

    @property
    def is_manual(self) -> bool:
        """Whether a person marks it."""
        return self.comparator is None


def build_public(
    spec: ModuleType | SimpleNamespace, chapter: str, *, offering: str | None = None
) -> bytes:
    """Make the public JSON of a chapter from its specification module: same source, same bytes.

    Args:
        spec: Holds ``EXERCISES`` and ``QUIZZES``.
        chapter: Two digits.
        offering: The name of the offering whose numbers these are; ``None``: the course's own.

    Raises:
        SpecificationError: Two items share an id, an id is of another chapter, or the result is
            larger than ``MAX_BYTES``.
    """
    exercises = tuple(getattr(spec, "EXERCISES", ()))
    quizzes = tuple(getattr(spec, "QUIZZES", ()))
    _refuse_ids([*exercises, *quizzes], chapter)
    data: dict[str, Any] = {
        "chapter": chapter,
        "exercises": [_data_of(exercise) for exercise in exercises],
        "quizzes": [_quiz_data(quiz) for quiz in quizzes],
        **({"offering": offering} if offering else {}),
    }
    content = _dump(data)
    if len(content) > MAX_BYTES:
        largest = max(data["exercises"], key=lambda entry: len(_dump(entry)))
        raise SpecificationError(
            f"The public data of chapter {chapter} takes {len(content):,} bytes, "
            f"more than {MAX_BYTES:,}: draw smaller inputs, first of all in {largest['id']} "
            f"({len(_dump(largest)):,} bytes)."
        )
    return content


def load_public(exercise_id: str) -> PublicExercise:
    """Give the public part of an exercise. Raises :class:`CourseError` where there is none."""
    exercises, _ = _chapter_of(exercise_id)
    if exercise_id not in exercises:
        raise _unknown(exercise_id, exercises)
    return exercises[exercise_id]


def load_quiz(quiz_id: str) -> Quiz:
    """Give a quiz. Raises :class:`CourseError` where there is none of that id."""
    _, quizzes = _chapter_of(quiz_id)
    if quiz_id not in quizzes:
        raise _unknown(quiz_id, quizzes)
    return quizzes[quiz_id]


def load_chapter(chapter: str) -> tuple[PublicExercise, ...]:
    """Give all exercises of a chapter, ``()`` where it has no public data."""
    path = _path_of(chapter)
    return tuple(_read(path)[0].values()) if path else ()


def chapters() -> list[str]:
    """Give the chapters that have public data, such as ``["04"]``."""
    return sorted({path.name[:2] for path in FOLDER.glob("[0-9][0-9]_*.json")})


def parse(content: bytes) -> tuple[dict[str, PublicExercise], dict[str, Quiz]]:
    """Read what :func:`build_public` made: exercises and quizzes by id."""
    data = json.loads(content)
    exercises = {entry["id"]: _exercise_from(entry) for entry in data["exercises"]}
    quizzes = {entry["id"]: _quiz_from(entry) for entry in data["quizzes"]}
    return exercises, quizzes


def without_answers(content: bytes) -> bytes:
    """Strip a public JSON to what may stand in a grading kernel: the examples' inputs.

    A notebook that tries its function on ``example("04.3")`` then runs there too.
    """
    data = json.loads(content)
    for entry in data["exercises"]:
        entry |= {"messages": {}, "hints": [], "errors": []} if "draws" in entry else {"rubric": []}
        for draw in entry.get("draws", ()):
            draw.update(expected=None, mistaken=encode({}))
    return _dump(data | {"quizzes": []})


def _dump(data: Any) -> bytes:
    words = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)
    return (words + "\n").encode("utf-8")


def _refuse_ids(items: list[Any], chapter: str) -> None:
    seen: set[str] = set()
    for item in items:
        if not isinstance(item, Exercise | ManualExercise | Quiz):
            raise SpecificationError(
                f"Chapter {chapter}: EXERCISES and QUIZZES hold a {type(item).__name__}; "
                "they take Exercise, ManualExercise and Quiz."
            )
        if item.id[:2] != chapter:
            raise SpecificationError(
                f"Exercise {item.id}: it stands in chapter {chapter}, so its id must begin "
                f"with {chapter}."
            )
        if item.id in seen:
            raise SpecificationError(f"Exercise {item.id}: this id is used twice.")
        seen.add(item.id)


def _data_of(exercise: Exercise | ManualExercise) -> dict[str, Any]:
    data: dict[str, Any] = {
        "id": exercise.id,
        "title": dict(exercise.title),
        "points": exercise.points,
        "objective": exercise.objective,
    }
    if isinstance(exercise, ManualExercise):
        return data | {"rubric": [[points, dict(words)] for points, words in exercise.rubric]}
    return data | {
        "function": exercise.function,
        "comparator": exercise.comparator.to_data(),
        "messages": {pitfall.name: dict(pitfall.message) for pitfall in exercise.pitfalls},
        "hints": [dict(words) for words in exercise.hints],
        "forbidden": list(exercise.forbidden),
        "tensors": exercise.tensors,
        "probe": exercise.probe,
        "parts": {name: dict(words) for name, words in exercise.parts.items()},
        "errors": [[pattern, dict(words)] for pattern, words in exercise.errors],
        **({"drawing": exercise.drawing.to_data()} if exercise.drawing else {}),
        "draws": [_draw_data(exercise, number) for number in range(exercise.draws)],
    }


def _draw_data(exercise: Exercise, number: int) -> dict[str, Any]:
    inputs = exercise.public_draw(number)
    options = dict(exercise.comparator.options)
    values = {"expected": exercise.expected(inputs), "mistaken": exercise.mistaken(inputs)}
    if options.get("rtol", 0) >= 1e-6:  # below that every digit counts
        values = _steady(values, tiny=options["atol"] * 1e-3)
    return {"inputs": encode(inputs), **{name: encode(value) for name, value in values.items()}}


def _steady(value: Any, tiny: float) -> Value:
    """Drop the digits in which two machines' linear algebra may differ, far below the tolerance."""
    if isinstance(value, dict):
        return {key: _steady(part, tiny) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_steady(part, tiny) for part in value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        with np.errstate(over="ignore"):
            # The mean of two float32 numbers lies just between two others: step off the middle.
            rounded = np.where(np.abs(value) < tiny, 0.0, value * (1 + 1e-9)).astype(np.float32)
        return rounded if np.isfinite(rounded).all() else value
    if isinstance(value, float):
        return 0.0 if abs(value) < tiny else float(f"{value:.8g}")
    return value


def _quiz_data(quiz: Quiz) -> dict[str, Any]:
    options = [
        {"words": dict(o.words), "feedback": dict(o.feedback), "right": o.right}
        for o in quiz.options
    ]
    return {"id": quiz.id, "question": dict(quiz.question), "options": options}


def _exercise_from(entry: Mapping[str, Any]) -> PublicExercise:
    common = {name: entry[name] for name in ("id", "title", "points", "objective")}
    if "rubric" in entry:
        rubric = tuple((points, words) for points, words in entry["rubric"])
        return PublicExercise(**common, rubric=rubric)
    return PublicExercise(
        **common,
        function=entry["function"],
        comparator=Comparator.from_data(entry["comparator"]),
        messages=entry["messages"],
        hints=tuple(entry["hints"]),
        forbidden=tuple(entry["forbidden"]),
        tensors=entry["tensors"],
        probe=entry["probe"],
        parts=entry.get("parts", {}),
        errors=tuple((pattern, words) for pattern, words in entry.get("errors", ())),
        drawing=Drawing.from_data(entry.get("drawing")),
        draws=tuple(
            Draw(decode(draw["inputs"]), decode(draw["expected"]), decode(draw["mistaken"]))
            for draw in entry["draws"]
        ),
    )


def _quiz_from(entry: Mapping[str, Any]) -> Quiz:
    options = tuple(Option(o["words"], o["feedback"], o["right"]) for o in entry["options"])
    return Quiz(entry["id"], entry["question"], options)


def _chapter_of(item_id: str) -> tuple[dict[str, PublicExercise], dict[str, Quiz]]:
    meant = _meant(item_id)
    if meant:
        en, zh = f' Did you mean "{meant}"?', f'是不是想写 "{meant}"？'
    if not isinstance(item_id, str) or "." not in item_id:
        raise CourseError(
            f'An exercise is named by its number in quotes, such as "04.3"; this was {item_id!r}.'
            + (en if meant else ""),
            f'练习要用带引号的编号来指明，例如 "04.3"；这里收到的是 {item_id!r}。'
            + (zh if meant else ""),
        )
    path = _path_of(item_id.split(".")[0])
    if path is None:
        raise CourseError(
            f"The course has no exercises for {item_id!r}"
            + (
                f".{en}" if meant else ": is the number right, and is the course's folder complete?"
            ),
            f"课程中找不到 {item_id!r} 的练习数据"
            + (f"。{zh}" if meant else "：编号是否正确？课程文件夹是否完整？"),
        )
    return _read(path)


def _meant(item_id: object) -> str | None:
    """Guess which id ``"4.1"``, ``4.1``, ``"04_1"`` or ``"Exercise 04.1"`` stands for, if there is one."""
    found = re.search(r"(\d{1,2})[ ._-]+(q?\d+)\s*$", str(item_id))
    if not found:
        return None
    meant = f"{int(found[1]):02d}.{found[2]}"
    path = _path_of(meant[:2])
    known = [each for items in _read(path) for each in items] if path else []
    return meant if meant in known and meant != item_id else None


def _path_of(chapter: str) -> Path | None:
    if not re.fullmatch(r"[0-9]+|b[0-9]", chapter):
        return None
    running = edition.current()
    if running is not None and running.offering and running.chapter == chapter:
        return _path_in_offering(chapter, running.offering)
    return next(iter(sorted(FOLDER.glob(f"{chapter}_*.json"))), None)


def _path_in_offering(chapter: str, offering: str) -> Path:
    """Find the numbers that a class has of its own: beside the notebook, or in a kit made for it."""
    for folder in (Path.cwd(), FOLDER):
        for path in sorted(folder.glob(f"{chapter}_*.json")):
            if _offering_in(path, path.stat().st_mtime_ns) == offering:
                return path
    raise CourseError(
        f"This notebook is that of a class with numbers of its own ({offering}): put the file "
        f"{chapter}_….json that came with it into the notebook's folder, then run this cell again.",
        f"这份笔记本属于一个使用专用数据的班级（{offering}）："
        f"请把随它一起发的 {chapter}_….json 放到笔记本所在的文件夹，再运行这个单元格。",
    )


@functools.lru_cache(maxsize=32)
def _offering_in(path: Path, changed: int) -> str | None:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return data.get("offering") if isinstance(data, dict) else None


def _read(path: Path) -> tuple[dict[str, PublicExercise], dict[str, Quiz]]:
    return _parsed(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=32)
def _parsed(path: Path, changed: int) -> tuple[dict[str, PublicExercise], dict[str, Quiz]]:
    return parse(path.read_bytes())


def _unknown(item_id: str, known: Iterable[str]) -> CourseError:
    names = list(known)
    return CourseError(
        f"There is no {item_id!r} in this chapter; it has {', '.join(names) or 'none'}.",
        f"本章没有 {item_id!r}；本章有 {'、'.join(names) or '（无）'}。",
    )
