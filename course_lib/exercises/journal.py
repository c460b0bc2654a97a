"""What a student has done: one line of JSON for each event, appended to a local file.

The file survives a kill at any moment and two kernels writing at once: a line is written whole,
under a lock, and flushed to the disk; a line torn by a power cut is skipped when reading.
It never leaves the student's machine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from course_lib import edition, files, paths
from course_lib.errors import CourseError
from course_lib.exercises import public
from course_lib.exercises.cards import MARKS, Card, Table
from course_lib.exercises.settings import framework_in_use
from course_lib.language import both, pick

_STATES = ("not_attempted", "incorrect", "correct")  # from worst to best


@dataclass(frozen=True)
class Standing:
    """Where a student stands in one exercise: the best state so far, tries, and hints seen."""

    state: str = "not_attempted"
    tries: int = 0
    hints: int = 0


def record(event: str, exercise_id: str, **details: Any) -> bool:
    """Append an event: ``"check"`` with its ``state``, or ``"hint"`` with its ``number``.

    Returns False where the file can't be written (a full disk, a read-only home): an exercise goes
    on without it.
    """
    entry = {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "event": event,
        "exercise": exercise_id,
        "framework": framework_in_use(),
        **details,
    }
    line = (json.dumps(entry, ensure_ascii=False) + "\n").encode()
    path = paths.progress_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.locked(path.with_suffix(".lock"), timeout=10), open(path, "ab+") as file:
            if _ends_torn(file):
                line = b"\n" + line
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
    except (OSError, CourseError):
        return False
    return True


def read() -> list[dict[str, Any]]:
    """Give all events, oldest first; lines that can't be read are left out."""
    try:
        content = paths.progress_file().read_bytes()
    except OSError:
        return []
    return [event for line in content.split(b"\n") if (event := _parse(line))]


def standing(exercise_id: str) -> Standing:
    """Give the standing in one exercise of the framework in use."""
    return standings().get(exercise_id, Standing())


def progress(chapter: str | None = None) -> Card:
    """Show the exercises of a chapter (default: the running one, else all): state, hints, points."""
    running = edition.current()
    if chapter is None and running is not None:
        chapter = running.chapter
    exercises = [
        exercise
        for name in ([chapter] if chapter else public.chapters())
        for exercise in public.load_chapter(name)
    ]
    if not exercises:
        return Card(
            "info",
            both("There are no exercises here yet.", "这里还没有练习。"),
        )
    done = standings()
    rows = [_row(exercise, done.get(exercise.id, Standing())) for exercise in exercises]
    automatic = [exercise for exercise in exercises if not exercise.is_manual]
    earned = _total(e for e in automatic if done.get(e.id, Standing()).state == "correct")
    possible, manual = _total(automatic), _total(e for e in exercises if e.is_manual)
    heading = both(
        f"Your progress: {earned:g} of {possible:g} points in the checked exercises",
        f"你的进度：自动检查的练习共 {possible:g} 分，已得 {earned:g} 分",
    )
    footer = [
        both(
            "This is a record on your own machine; the grade is given on other inputs.",
            "这只是你本机上的记录；正式评分会使用另外的输入。",
        )
    ]
    if manual:
        footer.insert(
            0,
            both(
                f"A further {manual:g} points are marked by hand.",
                f"另有 {manual:g} 分由教师批改。",
            ),
        )
    header = [
        both("exercise", "练习"),
        both("state", "状态"),
        both("tries", "检查次数"),
        both("hints", "已看提示"),
        both("points", "分值"),
    ]
    return Card("info", heading, table=Table(header, rows), footer=footer)


def _row(exercise: public.PublicExercise, standing: Standing) -> list[str]:
    name = f"{exercise.id} {pick(exercise.title)}"
    if exercise.is_manual:
        state = both("marked by hand", "教师批改")
        return [name, f"{MARKS['info']} {state}", "–", "–", f"{exercise.points:g}"]
    return [
        name,
        state_words(standing.state),
        str(standing.tries),
        f"{standing.hints}/{len(exercise.hints)}",
        f"{exercise.points:g}",
    ]


def state_words(state: str) -> str:
    """Give a state's mark and word in the current language."""
    return {
        "correct": f"{MARKS['good']} " + both("correct", "正确"),
        "incorrect": f"{MARKS['bad']} " + both("not right yet", "还不对"),
        "not_attempted": f"{MARKS['open']} " + both("not attempted", "未作答"),
    }[state]


def standings() -> dict[str, Standing]:
    """Give the standing in every exercise that was tried, for the framework in use."""
    framework = framework_in_use()
    found: dict[str, Standing] = {}
    for event in read():
        if event.get("framework") != framework:
            continue
        name = event["exercise"]
        before = found.get(name, Standing())
        if event["event"] == "check" and event.get("state") in _STATES:
            state = max(before.state, event["state"], key=_STATES.index)
            tried = event["state"] != "not_attempted"  # running the whole notebook is no try
            found[name] = Standing(state, before.tries + tried, before.hints)
        elif event["event"] == "hint" and isinstance(event.get("number"), int):
            found[name] = Standing(before.state, before.tries, max(before.hints, event["number"]))
    return found


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    good = isinstance(event, dict) and all(
        isinstance(event.get(key), str) for key in ("event", "exercise")
    )
    return event if good else None


def _ends_torn(file: Any) -> bool:
    """Whether the last line lacks its end: its writer was killed, or the machine went down."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def _total(exercises: Iterable[public.PublicExercise]) -> float:
    return sum(exercise.points for exercise in exercises)
