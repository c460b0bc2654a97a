"""An instructor's course directory: nbgrader's own layout, our settings, and the secret beside it.

::

    nbgrader_config.py     makes `nbgrader autograde` and the formgrader do what `teach grade` does
    course.json            language, framework, where the course's repository is
    policy.json            time zone, late penalties, extensions;  roster.json: who is in the class
    .course/secret         32 random bytes that the hidden inputs are drawn from; readable by you only
    .course/audit.jsonl    who was graded when, in what environment, with what outcome; only grows
    .course/audit.head     how long that is, and its last hash
    .course/results/       executions, so that nothing is run twice
    .course/graded/        what is graded, or why it failed;  answers/: what marks by hand were given for
    .course/collected/     under which name each submission came
    .course/gradebook      the URL of the gradebook, where that is a database
    .course/set-aside/     what lay beside a notebook and must not be copied
    .course/variants/      what this offering has drawn, where it has numbers of its own
    source/ release/ submitted/ autograded/ feedback/ gradebook.db       nbgrader's
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from course_lib.edition import FRAMEWORKS
from course_lib.errors import CourseError
from course_lib.exercises.proofs import Offered, in_offering
from course_lib.exercises.specification import proven
from course_lib.files import write_atomically
from course_lib.language import LANGUAGES
from course_lib.paths import data_dir, repository_root

_SETTINGS = "course.json"
_PRIVATE = ".course"


@dataclass(frozen=True)
class Course:
    """A course directory and what it was made for.

    Attributes:
        folder: The directory, absolute.
        language: The edition's language, ``"en"`` or ``"zh"``.
        framework: ``"pytorch"`` or ``"keras"``.
        repository: The course's checkout, which holds ``solutions/``.
        variant: Whether this offering has constants and examples of its own (:mod:`.variants`).
    """

    folder: Path
    language: str
    framework: str
    repository: Path
    variant: bool = False

    @property
    def private(self) -> Path:
        return self.folder / _PRIVATE

    @property
    def secret(self) -> bytes:
        """The 32 bytes that the hidden inputs are drawn from."""
        try:
            value = (self.private / "secret").read_bytes()
        except FileNotFoundError:
            value = b""
        if len(value) != 32:
            raise CourseError(
                f"{self.private / 'secret'} is missing or damaged: bring it back from a backup, or run"
                "  ./course teach init  on this folder again for a new one (regrade everybody then).",
                f"{self.private / 'secret'} 缺失或已损坏：请从备份恢复，"
                "或对该目录重新运行  ./course teach init  生成新的（之后须为全班重新评分）。",
            )
        return value

    def draws_for(self, exercise: str) -> np.random.Generator:
        """Give the random generator of one exercise's hidden inputs: the same for every student."""
        digest = hashlib.sha256(self.secret + b"\0" + exercise.encode()).digest()
        return np.random.default_rng(int.from_bytes(digest, "big"))

    def submissions(self, assignment: str) -> dict[str, Path]:
        """Give the folders of what was handed in, by student."""
        found = sorted((self.folder / "submitted").glob(f"*/{assignment}"))
        return {path.parent.name: path for path in found if path.is_dir()}

    def notebook_name(self, assignment: str) -> str:
        """Give the name of the one notebook of a released assignment, without its ending."""
        found = sorted((self.folder / "source" / assignment).glob("*.ipynb"))
        if not found:
            raise CourseError(
                f"Chapter {assignment} has not been released in this course: run"
                f"  ./course teach release {assignment}  first.",
                f"本课程尚未发布第 {assignment} 章：请先运行  ./course teach release {assignment}  。",
            )
        return found[0].stem


def find_repository_edition(course: Course, chapter: str) -> Path:
    """Give the solved edition of a chapter in the repository."""
    folder = course.repository / "solutions" / course.language / course.framework
    found = sorted(folder.glob(f"{chapter}_*.ipynb"))
    if not found:
        there = sorted(path.name[:2] for path in folder.glob("[0-9][0-9]_*.ipynb"))
        raise CourseError(
            f"There is no solved edition of chapter {chapter} in {folder}"
            + (f" (there are {', '.join(there)})." if there else ": run  ./course build  first."),
            f"{folder} 中没有第 {chapter} 章的答案版"
            + (f"（现有：{'、'.join(there)}）。" if there else "：请先运行  ./course build  。"),
        )
    return found[0]


def specification(course: Course, name: str) -> Mapping[str, Any]:
    """Load a chapter's exercises by id, from the module beside its source, as this offering has them."""
    known = load_exercises(course.repository / "solutions" / "source" / f"{name}.py")
    if not course.variant:
        return known
    with proven():
        return in_offering(known, read_offered(course, name))


def offering_of(course: Course) -> str:
    """Give the name of an offering: it says which numbers belong together, and nothing else."""
    return hashlib.sha256(course.secret + b"\0offering").hexdigest()[:8]


def offered_path(course: Course, name: str) -> Path:
    """Name the file that keeps what an offering has drawn for a chapter."""
    return course.private / "variants" / f"{name}.json"


def read_offered(course: Course, name: str) -> Offered:
    """Give what this offering has drawn for a chapter; nothing before its release."""
    path = offered_path(course, name)
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, ValueError):
        raise CourseError(
            f"{path} is damaged: bring it back from a backup, since it holds this class's numbers.",
            f"{path} 已损坏：其中是本班专用的数据，请从备份恢复。",
        ) from None


_loaded: dict[tuple[str, int], Mapping[str, Any]] = {}


def load_exercises(path: Path) -> Mapping[str, Any]:
    """Load ``EXERCISES`` from a module of specifications, by id; once per version of the file.

    Nothing is tried or proved here: the build has done that.
    """
    if not path.is_file():
        raise CourseError(
            f"Grading needs {path}, which is not there: grade from a checkout that has solutions/.",
            f"评分需要 {path}，但该文件不存在：请在包含 solutions/ 的仓库中评分。",
        )
    key = (str(path), path.stat().st_mtime_ns)
    if key not in _loaded:
        spec = importlib.util.spec_from_file_location(f"course_specification_{path.stem}", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        with proven():
            spec.loader.exec_module(module)
        by_id = {exercise.id: exercise for exercise in module.EXERCISES}
        _loaded[key] = MappingProxyType(by_id)
    return _loaded[key]


def create(
    folder: Path,
    *,
    language: str,
    framework: str,
    repository: Path | None = None,
    variant: bool = False,
) -> Course:
    """Make a course directory, or complete one that is there; a secret that exists is kept.

    Args:
        folder: Where; a new or empty folder, or a course directory of the same edition.
        language: The edition's language.
        framework: The edition's framework.
        repository: The checkout with ``solutions/``; this one where not given.
        variant: Draw constants and examples of its own from the secret, chapter by chapter, when they
            are released. A course directory stays what it was made as.

    Raises:
        CourseError: For an unknown edition, or a directory made for another one.
    """
    _require_edition(language, framework)
    folder = folder.expanduser().resolve()
    repository = (repository or repository_root()).resolve()
    course = Course(folder, language, framework, repository, variant)
    settings: dict[str, Any] = {}
    if (folder / _SETTINGS).exists():
        there = open_course(folder)
        settings = json.loads(
            (folder / _SETTINGS).read_text(encoding="utf-8")
        )  # limits and such stay
        course = replace(course, variant=there.variant)
        if variant and not there.variant:
            raise CourseError(
                f"{folder} is a course with the public numbers already: "
                "choose another folder for numbers of its own.",
                f"{folder} 已是使用公开数据的课程目录：要用专用数据，请另选目录。",
            )
        if (there.language, there.framework) != (language, framework):
            raise CourseError(
                f"{folder} is a course in {there.language}/{there.framework} already: "
                "choose another folder for another edition.",
                f"{folder} 已是 {there.language}/{there.framework} 版的课程目录，请为另一版另选目录。",
            )
    elif folder.exists() and any(folder.iterdir()):
        raise CourseError(
            f"{folder} is not empty: choose a new folder for the course.",
            f"{folder} 不是空目录：请为课程另选一个新目录。",
        )
    for name in ("source", "release", "submitted", "autograded", "feedback", _PRIVATE):
        (folder / name).mkdir(parents=True, exist_ok=True)
    course.private.chmod(0o700)
    _make_secret(course.private / "secret")
    settings |= {
        "language": language,
        "framework": framework,
        "repository": str(course.repository),
    }
    settings |= {"variant": True} if course.variant else {}
    write_atomically(folder / _SETTINGS, json.dumps(settings, indent=2, ensure_ascii=False) + "\n")
    if not (folder / "nbgrader_config.py").exists():  # the instructor may have added to it
        write_atomically(folder / "nbgrader_config.py", _configuration(course))
    return course


def open_course(folder: Path) -> Course:
    """Read a course directory's settings."""
    try:
        settings = json.loads((folder / _SETTINGS).read_text(encoding="utf-8"))
        language, framework = settings["language"], settings["framework"]
        repository = Path(settings["repository"])
        variant = settings.get("variant") is True
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CourseError(
            f"{folder} is not a course directory: make one with"
            "  ./course teach init DIR --lang en --framework pytorch",
            f"{folder} 不是课程目录：请用"
            "  ./course teach init 目录 --lang zh --framework pytorch  创建。",
        ) from None
    if not (repository / "solutions").is_dir():
        repository = repository_root()  # the checkout has moved
    return Course(folder.resolve(), language, framework, repository, variant)


def find_course(folder: Path | None) -> Course:
    """Open the course directory that is meant: the one named, the one we stand in, the last used."""
    if folder is not None:
        return open_course(folder.expanduser())
    named = os.environ.get("COURSE_TEACH_DIR")
    here = Path.cwd()
    for place in [Path(named)] if named else [here, *here.parents]:
        if (place / _SETTINGS).is_file():
            return open_course(place)
    last = _last_file()
    if last.is_file() and Path(last.read_text(encoding="utf-8").strip()).is_dir():
        return open_course(Path(last.read_text(encoding="utf-8").strip()))
    return open_course(Path(named) if named else here)


def remember(course: Course) -> None:
    """Note which course directory was used last, so that commands need not be told."""
    write_atomically(_last_file(), f"{course.folder}\n")


def _last_file() -> Path:
    return data_dir().parent / "last_course"


def _make_secret(path: Path) -> None:
    if path.exists():
        return
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(secrets.token_bytes(32))


def _require_edition(language: str, framework: str) -> None:
    if language not in LANGUAGES or framework not in FRAMEWORKS:
        raise CourseError(
            f"There is no edition {language}/{framework}: choose --lang en or zh, "
            "and --framework pytorch or keras.",
            f"没有 {language}/{framework} 这一版：--lang 请选 en 或 zh，"
            "--framework 请选 pytorch 或 keras。",
        )


def _configuration(course: Course) -> str:
    """Write nbgrader's configuration: three of our steps among nbgrader's own."""
    return f'''"""nbgrader's configuration of this course; written by `./course teach init`.

Everything is nbgrader's own but three steps: screening, execution in a sandbox with verdicts from
outside, and feedback in the course's language. Add your own settings below the last line.
"""

from course_lib.grading.plugin import configure

c = get_config()  # noqa: F821
configure(c, language={course.language!r})
c.CourseDirectory.course_id = {course.folder.name!r}
'''
