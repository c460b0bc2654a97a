"""``teach collect``: what students handed in, out of a folder or a zip as learning platforms export them.

One folder or one file per student, in any nesting; names in any script. Nothing is unpacked: notebooks
are read one by one, with limits, and written under names of our own, so a path inside an archive can
lead nowhere. Whatever is not taken is named, with the reason.
"""

from __future__ import annotations

import json
import os
import re
import stat
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from course_lib.errors import CourseError
from course_lib.exercises.values import shorten, text
from course_lib.files import write_atomically
from course_lib.grading import audit
from course_lib.grading.course import Course, offering_of
from course_lib.grading.judging.reading import LARGEST, edition_of, parse
from course_lib.grading.marks import forget_failure, note_failure
from course_lib.grading.people import arrival, roster
from course_lib.grading.people.arrival import Arrival
from course_lib.grading.people.policy import read_policy
from course_lib.language import both

_MOST_FILES = 20_000
_LARGEST_METADATA = 5 << 20
_IGNORED = ("__MACOSX", ".ipynb_checkpoints")
# How platforms name what they export: Moodle's folders, Canvas's and Blackboard's files.
_PLATFORMS = (
    re.compile(r"^(?P<who>.+?)_\d+_assignsubmission_\w+$"),
    re.compile(r"^(?P<who>[^_]+)(?:_LATE)?(?P<number>_\d+)_\d+_.+$"),
    re.compile(r"^.+_(?P<who>[^_]+)_attempt_\d{4}-.+$"),
)


@dataclass(frozen=True)
class Collected:
    """What became of one file.

    Attributes:
        name: Its name in the folder or archive.
        student: The student it was taken for, ``""`` where that could not be said.
        state: ``"new"``, ``"changed"``, ``"unchanged"`` or ``"refused"``.
        why: For what was refused, and for notes: one sentence.
        arrived: When it was handed in, where that is known.
    """

    name: str
    student: str
    state: str
    why: str = ""
    arrived: datetime | None = None


@dataclass(frozen=True)
class _File:
    parts: tuple[str, ...]
    read: Callable[[], bytes]
    arrived: Arrival | None = None  # of a zip's entry: what the zip says
    who: str = ""  # whose it is, where the platform says so beside the files

    @property
    def name(self) -> str:
        return "/".join(self.parts)


def collect(
    course: Course,
    path: Path,
    *,
    chapter: str | None = None,
    received: datetime | None = None,
    times: str = "auto",
    say: Callable[[str], None] = lambda sentence: None,
) -> list[Collected]:
    """Take in submissions; doing it again changes nothing, a newer version replaces an older one.

    Args:
        course: The course directory.
        path: A folder, a zip, or a single notebook.
        chapter: The assignment; ``None``: as each notebook says.
        received: When all of it was handed in; ``None``: see ``times``.
        times: ``"auto"``: what :mod:`course_lib.grading.people.arrival` believes; ``"zip"``: the zip's times,
            whatever they look like; ``"none"``: no time is known, and nobody is late.
        say: Called with a sentence about the whole: where the times come from.

    Raises:
        CourseError: There is nothing at ``path``, or it is no folder, zip or notebook.
    """
    released = _released(course)
    zone = read_policy(course.folder).zone
    found, stamps, others = _find(path, zone)
    found, said = _with_times(found, stamps, zone, received, times)
    if said:
        say(said)
    taken: dict[tuple[str, str], str] = {}
    why = both("not a notebook", "不是笔记本")
    outcomes = [Collected(each.name, "", "refused", why) for each in others]
    known = roster.load(course)
    matcher = roster.Matcher(known)
    for name, file in _by_student(found, set(released.values())):
        student, why = _identify(name, file, set(released.values()), matcher if known else None)
        if student:
            outcome = _take(course, released, chapter, student, file, taken)
            outcomes.append(outcome if outcome.why else replace(outcome, why=why))
        else:
            outcomes.append(Collected(file.name, "", "refused", why))
    only = chapter or (next(iter(released)) if len(released) == 1 else None)
    if only in released:
        _note_refused(course, only, _refused(outcomes, others, matcher if known else None))
    return outcomes


def read_all(
    course: Course, path: Path, names: set[str]
) -> Iterator[tuple[str, str, bytes | CourseError]]:
    """Give each notebook below a path for another use than an assignment: (file, student, content).

    Args:
        course: The course directory; its class list says whose a file is.
        path: A folder, a zip, or a single notebook.
        names: What the notebooks are called, so that this counts for nobody's name.
    """
    found, _, _ = _find(path, read_policy(course.folder).zone)
    known = roster.load(course)
    matcher = roster.Matcher(known) if known else None
    for name, file in _by_student(found, names):
        student, why = _identify(name, file, names, matcher)
        if not student:
            yield file.name, "", CourseError(why)
            continue
        try:
            yield file.name, student, file.read()
        except CourseError as problem:
            yield file.name, student, problem
        except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError):
            yield (
                file.name,
                student,
                CourseError(
                    "it can't be read (damaged or encrypted)", "无法读取（已损坏或已加密）"
                ),
            )


def _refused(
    outcomes: list[Collected], others: list[_File], matcher: roster.Matcher | None
) -> dict[str, Collected]:
    """Give, by student, what was not taken: of those of whom nothing was, and of the class where it is known."""
    taken = {each.student for each in outcomes if each.state != "refused"}
    found = {each.student: each for each in outcomes if each.student and each.state == "refused"}
    why = both("not a notebook", "不是笔记本")
    if matcher is not None:
        for name, file in _by_student(others, set()):
            student, _ = _identify(name, file, set(), matcher)
            if matcher.knows(student):
                found.setdefault(student, Collected(file.name, student, "refused", why))
    return {student: each for student, each in found.items() if student not in taken}


def _note_refused(course: Course, chapter: str, refused: dict[str, Collected]) -> None:
    """Let ``teach status`` say why nothing of a student's is there, instead of that nothing came."""
    for student, each in refused.items():
        entry = {"student": student, "assignment": chapter, "file": each.name, "why": each.why}
        audit.record(course, {"event": "refused", **entry})
        if not (course.folder / "submitted" / student / chapter).is_dir():
            shown = printable(each.name)
            said = text(
                f"What was handed in was not taken ({shown}): {each.why}",
                f"提交的文件未被收取（{shown}）：{each.why}",
            )
            note_failure(course, chapter, student, said)


def _identify(
    name: str, file: _File, notebook_names: set[str], matcher: roster.Matcher | None
) -> tuple[str, str]:
    """Say whose a file is (``""``: nobody's that could be said), and what there is to say about that."""
    student = student_name(name, notebook_names)
    if matcher is None or not student:
        why = both("whose it is can't be told from its name", "从文件名看不出是谁的作业")
        return student, "" if student else why
    # In a folder of its own, the file's name may still hold the number.
    stem = student_name(PurePosixPath(file.parts[-1]).stem, notebook_names)
    found = sorted(matcher.find(student, name, stem))
    if len(found) == 1:
        return found[0], ""
    if found:
        who = ", ".join(found)
        return "", both(
            f"it may be any of {who} on the class list: put the student's number into its name",
            f"名单上有多人与之相符（{who}）：请在文件名中加上学号",
        )
    return student, both(f"{student} is not on the class list", f"名单上没有 {student}")


def _with_times(
    notebooks: list[_File],
    stamps: dict[tuple[str, ...], _File],
    zone: tzinfo,
    received: datetime | None,
    times: str,
) -> tuple[list[_File], str]:
    """Decide when each notebook was handed in; give them with their times, and a sentence about these.

    A source counts only where every notebook has it: what one student alone may have put there decides
    nothing.
    """
    if received is not None or times == "none" or not notebooks:
        told = Arrival(received, "told") if received is not None else None
        return [replace(file, arrived=told) for file in notebooks], ""
    by_stamp = [_stamp_of(file, stamps) for file in notebooks]
    by_name = [_named_time(file, zone) for file in notebooks]
    if all(by_stamp):
        found = [arrival.of_timestamp(_quietly(stamp)) for stamp in by_stamp if stamp]
        said = both("Times of handing in: timestamp.txt.", "提交时间取自 timestamp.txt。")
    elif all(file.arrived is not None and file.arrived.source == "platform" for file in notebooks):
        found = [file.arrived for file in notebooks]
        said = both("Times of handing in: as the platform says.", "提交时间取自平台导出的记录。")
    elif all(by_name):
        found = by_name
        said = both("Times of handing in: in the files' names.", "提交时间取自文件名。")
    else:
        found = [file.arrived for file in notebooks]
        said = both("Times of handing in: the zip's.", "提交时间取自 zip 中的文件时间。")
        if times != "zip" and arrival.are_of_one_making([each for each in found if each]):
            found = [None for _ in notebooks]
            said = both(
                "The zip's times all lie within minutes, so they are those of its making: when the work was "
                "handed in is not known, and nobody counts as late. (--times zip believes them all the "
                "same; --received TIME says when.)",
                "zip 中的时间都集中在几分钟之内，应是打包的时间：实际提交时间未知，不计迟交。"
                "（若确为提交时间，请加 --times zip；也可用 --received 时间 指定。）",
            )
    if not any(found):
        said = said if "--times" in said else ""
    return [replace(file, arrived=time) for file, time in zip(notebooks, found, strict=True)], said


def _stamp_of(file: _File, stamps: dict[tuple[str, ...], _File]) -> _File | None:
    """Find the time stamp beside a notebook, or in the nearest folder above it."""
    folders = (file.parts[:depth] for depth in range(len(file.parts) - 1, 0, -1))
    return next((stamps[folder] for folder in folders if folder in stamps), None)


def _named_time(file: _File, zone: tzinfo) -> Arrival | None:
    """Find the time that a platform put into a name: the outermost one, which it gave."""
    return next(filter(None, (arrival.of_name(part, zone) for part in file.parts)), None)


def _quietly(file: _File) -> bytes:
    with suppress(Exception):  # whatever it is, it is no time
        return file.read()
    return b""


def _released(course: Course) -> dict[str, str]:
    """Give the released assignments and their notebooks' names."""
    names = sorted(each.name for each in (course.folder / "release").glob("*") if each.is_dir())
    if not names:
        raise CourseError(
            "Nothing has been released in this course: run  ./course teach release 04  first.",
            "本课程还没有发布任何章节：请先运行  ./course teach release 04  。",
        )
    return {name: course.notebook_name(name) for name in names}


def _take(
    course: Course,
    released: dict[str, str],
    chapter: str | None,
    student: str,
    file: _File,
    taken: dict[tuple[str, str], str],
) -> Collected:
    """Read one notebook, see whose and what it is, and write it where nbgrader looks for it."""
    if not student:
        why = both("whose it is can't be told from its name", "从文件名看不出是谁的作业")
        return Collected(file.name, "", "refused", why)
    try:
        content = file.read()
        said = edition_of(parse(content))
    except CourseError as problem:
        return Collected(file.name, student, "refused", str(problem))
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError):
        why = both("it can't be read (damaged or encrypted)", "无法读取（已损坏或已加密）")
        return Collected(file.name, student, "refused", why)
    name = chapter or said.get("chapter") or (next(iter(released)) if len(released) == 1 else None)
    obstacle = _problem(course, released, name, said)
    if obstacle:
        return Collected(file.name, student, "refused", obstacle)
    assert name is not None
    if (student, name) in taken:
        other = printable(taken[student, name])
        why = both(f"{student} has handed in {other} already", f"{student} 已提交 {other}")
        return Collected(file.name, student, "refused", why)
    taken[student, name] = file.name
    target = course.folder / "submitted" / student / name / f"{released[name]}.ipynb"
    before = target.read_bytes() if target.is_file() else None
    time = file.arrived.time if file.arrived is not None else None
    stamp = target.with_name("timestamp.txt")
    # The time goes first: killed in between, the next run finds another notebook and writes both.
    if file.arrived is not None and not (before == content and stamp.is_file()):
        write_atomically(stamp, file.arrived.line)
    elif file.arrived is None and before != content:
        stamp.unlink(missing_ok=True)
    _note_origin(course, name, student, file)
    if before == content:
        return Collected(file.name, student, "unchanged", arrived=time)
    write_atomically(target, content)
    forget_failure(course, name, student)
    state = "new" if before is None else "changed"
    entry = {
        "event": "collected",
        "student": student,
        "assignment": name,
        "submission": audit.hash_of(content),
        "handed_in": time.isoformat() if time is not None else None,
        "time_from": file.arrived.source if file.arrived is not None else None,
    }
    audit.record(course, entry)
    return Collected(file.name, student, state, arrived=time)


def _note_origin(course: Course, chapter: str, student: str, file: _File) -> None:
    """Note under which name a submission came: feedback goes back to the platform under the same."""
    path = course.private / "collected" / chapter / f"{student}.json"
    # In ASCII: a name may hold bytes that are no characters.
    words = json.dumps({"name": file.name, "collected": datetime.now(UTC).isoformat()})
    write_atomically(path, words)


def origin(course: Course, chapter: str, student: str) -> tuple[str, ...]:
    """Give the name under which a submission came, part by part; ``()`` where that is not known."""
    path = course.private / "collected" / chapter / f"{student}.json"
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        return tuple(json.loads(path.read_text(encoding="utf-8"))["name"].split("/"))
    return ()


def _problem(
    course: Course, released: dict[str, str], name: str | None, said: dict[str, Any]
) -> str:
    if name is None:
        return both(
            "it does not say which chapter it is: add --chapter", "看不出是哪一章：请加 --chapter"
        )
    if name not in released:
        return both(f"chapter {name} has not been released here", f"本课程没有发布第 {name} 章")
    if said.get("chapter") not in (None, name):
        return both(
            f"it is chapter {said['chapter']}, not {name}",
            f"这是第 {said['chapter']} 章，不是第 {name} 章",
        )
    if said.get("framework") not in (None, course.framework):
        return both(
            f"it is the {said['framework']} edition; this course uses {course.framework}",
            f"这是 {said['framework']} 版，而本课程用的是 {course.framework}",
        )
    if said and said.get("offering") != (offering_of(course) if course.variant else None):
        return both(
            "it is the notebook of another class: "
            + ("this one" if course.variant else "that one")
            + " works with numbers of its own",
            "这是另一个班的笔记本：" + ("本班" if course.variant else "那个班") + "使用专用的数据",
        )
    return ""


def _find(
    path: Path, zone: tzinfo
) -> tuple[list[_File], dict[tuple[str, ...], _File], list[_File]]:
    """List the notebooks below a path, nbgrader's time stamps by folder, and what is neither."""
    path = path.expanduser()
    if path.is_dir():
        files = list(_in_folder(path))
    elif zipfile.is_zipfile(path):
        files = list(_in_zip(zipfile.ZipFile(path), (), zone))
    elif path.suffix == ".ipynb" and path.is_file():
        files = [_File((path.name,), partial(_read_file, path))]
    else:
        raise CourseError(
            f"{path} is not there, or neither a folder nor a zip: give the folder or the zip that "
            "your learning platform exported.",
            f"{path} 不存在，或既不是文件夹也不是 zip：请给出学习平台导出的文件夹或 zip。",
        )
    notebooks, stamps, others = [], {}, []
    for file in gradescope_names(files):
        hidden = any(part in _IGNORED or part.startswith("._") for part in file.parts)
        if hidden or not file.parts:
            continue
        if file.parts[-1].lower().endswith(".ipynb"):
            notebooks.append(file)
        elif file.parts[-1] == "timestamp.txt" and len(file.parts) > 1:
            stamps[file.parts[:-1]] = file
        else:
            others.append(file)
    return notebooks, stamps, others


def gradescope_names(files: list[_File]) -> list[_File]:
    """Say whose each file is, and when it came, where Gradescope's ``submission_metadata.yml`` stands beside.

    "Download Submissions" gives folders ``submission_1234`` and one such file, which names for each folder the
    submitters (``:name``, ``:sid``, ``:email``) and the time (``:created_at``). Only the outermost is believed:
    another one would be a student's.
    """
    found = [file for file in files if file.parts[-1:] == ("submission_metadata.yml",)]
    if not found:
        return files
    described = min(found, key=lambda file: len(file.parts))
    depth = len(described.parts) - 1
    said = _read_metadata(described)
    named = []
    for file in files:
        about = said.get(file.parts[depth]) if len(file.parts) > depth + 1 else None
        if about is not None:
            file = replace(file, who=about[0], arrived=about[1] or file.arrived)
        if file is not described:
            named.append(file)
    return named


def _read_metadata(file: _File) -> dict[str, tuple[str, Arrival | None]]:
    import yaml  # type: ignore[import-untyped]

    content = _quietly(file)
    said: dict[str, tuple[str, Arrival | None]] = {}
    with suppress(yaml.YAMLError, UnicodeDecodeError, RecursionError):
        # Aliases could make a small file a large one; Gradescope's has none.
        data = (
            {} if re.search(rb"[&*]\w+", content) else yaml.safe_load(content[:_LARGEST_METADATA])
        )
        for folder, about in data.items() if isinstance(data, dict) else ():
            about = about if isinstance(about, dict) else {}
            people = about.get(":submitters")
            first = people[0] if isinstance(people, list) and people else {}
            first = first if isinstance(first, dict) else {}
            who = str(first.get(":sid") or first.get(":name") or "")
            time = about.get(":created_at")
            arrived = None
            if isinstance(time, datetime):
                time = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
                arrived = Arrival(time.astimezone(UTC), "platform")
            if who:
                said[str(folder)] = (who, arrived)
    return said


def _in_folder(folder: Path) -> Iterator[_File]:
    """List a folder's files; links are not followed."""
    count = 0
    for here, _, names in os.walk(folder, followlinks=False):
        for name in sorted(names):
            path = Path(here, name)
            count += 1
            parts = path.relative_to(folder).parts
            if path.is_symlink() or not path.is_file():
                yield _File(parts, _refuse_link)
                continue
            if count > _MOST_FILES:
                yield _File(parts, _refuse_more)
                continue
            if name.lower().endswith(".zip") and zipfile.is_zipfile(path):
                # A student's own: its times are those of the student's clock.
                yield from _in_zip(zipfile.ZipFile(path), (*parts[:-1], path.stem), None)
            else:
                yield _File(parts, partial(_read_file, path))


def _in_zip(
    archive: zipfile.ZipFile,
    prefix: tuple[str, ...],
    zone: tzinfo | None,
    arrived: Arrival | None = None,
) -> Iterator[_File]:
    """List an archive's files; a zip inside it (one per student) is opened too, but only once."""
    for info in archive.infolist()[:_MOST_FILES]:
        is_link = stat.S_ISLNK(info.external_attr >> 16)
        path = PurePosixPath(_name_in(info).replace("\\", "/"))
        parts = tuple(part for part in path.parts if part not in ("/", "..", "."))
        if info.is_dir() or not parts:
            continue
        if is_link:
            yield _File((*prefix, *parts), _refuse_link)
            continue

        def read(info: zipfile.ZipInfo = info) -> bytes:
            return _read_entry(archive, info)

        time = arrival.of_entry(info, zone) if zone is not None else arrived
        if parts[-1].lower().endswith(".zip") and not prefix:
            yield from _in_inner_zip(read, (*parts[:-1], parts[-1][:-4]), time)
        else:
            # In a student's own zip, only the files' names say anything.
            yield _File((*prefix, *(parts[-1:] if prefix else parts)), read, time)
    if len(archive.infolist()) > _MOST_FILES:
        yield _File((*prefix, "….ipynb"), _refuse_more)


def _refuse_link() -> bytes:
    raise CourseError("it is a link or a device, not a file", "它是链接或设备，不是文件")


def _refuse_more() -> bytes:
    raise CourseError(
        f"there are more than {_MOST_FILES} files: collect them in parts",
        f"文件超过 {_MOST_FILES} 个：请分批收取",
    )


def _in_inner_zip(
    read: Callable[[], bytes], prefix: tuple[str, ...], arrived: Arrival | None
) -> Iterator[_File]:
    import io

    try:
        inner = zipfile.ZipFile(io.BytesIO(read()))
    except (CourseError, zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError):
        yield _File((*prefix[:-1], prefix[-1] + ".zip"), lambda: b"")
        return
    yield from _in_zip(inner, prefix, None, arrived)


def _name_in(info: zipfile.ZipInfo) -> str:
    """Give an entry's name. Without the UTF-8 flag it is in whatever the packer's system used."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _read_file(path: Path) -> bytes:
    with open(path, "rb") as file:
        return _limited(file.read(LARGEST + 1))


def _read_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    # Read, not believed: an archive may say 1 kB and hold a gigabyte.
    with archive.open(info) as file:
        return _limited(file.read(LARGEST + 1))


def _limited(content: bytes) -> bytes:
    if len(content) > LARGEST:
        size = LARGEST >> 20
        raise CourseError(f"it is larger than {size} MB", f"它超过了 {size} MB")
    return content


def _by_student(files: list[_File], notebook_names: set[str]) -> Iterator[tuple[str, _File]]:
    """Say whose each file is: by its outermost folder, or by its name where there are no folders."""
    parts = [file.parts for file in files]
    depth = 0
    while parts and all(len(p) > depth + 2 for p in parts) and len({p[depth] for p in parts}) == 1:
        depth += 1  # a folder around everything
    one_folder = len({p[depth] for p in parts if len(p) > depth + 1}) == 1
    names = [PurePosixPath(p[-1]).stem for p in parts]
    if (
        len(parts) > 1
        and one_folder
        and all(len(p) == depth + 2 for p in parts)
        and not set(names) & notebook_names
    ):
        depth += 1  # a folder full of files, one for each student
    # Of a student's several files, the one that still has its name comes first.
    ordered = sorted(
        files, key=lambda f: (PurePosixPath(f.parts[-1]).stem not in notebook_names, f.parts)
    )
    for file in ordered:
        inner = file.parts[depth:]
        who = inner[0] if len(inner) > 1 else PurePosixPath(inner[0]).stem
        who = file.who or who
        yield student_name(who, notebook_names), file


def printable(name: str) -> str:
    """Give a file's name as a terminal may see it: a name can hold what moves the cursor, or a new line."""
    shown = (sign if sign.isprintable() else "�" for sign in name)
    return shorten("".join(shown), 120)


def student_name(name: str, notebook_names: set[str]) -> str:
    """Make a student's name for nbgrader out of a folder's or file's name; ``""`` if nothing is left.

    The name becomes a folder: characters that file systems or nbgrader's patterns give a meaning
    to are replaced, everything else (汉字, accents, spaces) stays.
    """
    # Bytes that are no characters become "_", as a folder's name must be text for everybody.
    name = re.sub(r"[\ud800-\udfff]", "_", unicodedata.normalize("NFC", name)).strip()
    for pattern in _PLATFORMS:
        found = pattern.match(name)
        if found:
            name = found["who"] + (found.groupdict().get("number") or "")
            break
    for notebook in notebook_names:
        name = name.replace(notebook, "")
    name = "".join(sign if sign.isprintable() or sign.isspace() else "_" for sign in name)
    name = re.sub(r'[\x00-\x1f\x7f\u2028\u2029/\\:*?"<>|\[\]{}!,]+', "_", name)
    name = re.sub(r"\s+", " ", name).strip(" ._-")
    while len(name.encode()) > 150:
        name = name[:-1]
    return name
