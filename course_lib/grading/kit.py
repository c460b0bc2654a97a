"""``teach kit``: what students get, in one zip: the course without its ``solutions/``.

The launcher, ``course``, knows a kit by that and refuses there what only the full course can do.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from course_lib import __version__
from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.grading.course import Course

TOP = "deep-transfer-learning"
_FILES = ("course", "pyproject.toml", "requirements.lock", "LICENSE", "CHANGELOG.md")
# A kit has its own: the repository's speak of what is not in it.
_READMES = ("README.md", "README.zh.md")
_TEMPLATES = "course_lib/grading/templates/kit"
_FOLDERS = ("course_lib", "notebooks", "binder")
_LEFT_OUT = {"__pycache__", ".ipynb_checkpoints", ".DS_Store"}
# A fixed time in every entry: the same course gives the same bytes.
_TIME = (2026, 1, 1, 0, 0, 0)


def make_kit(
    repository: Path,
    target: Path,
    *,
    language: str | None = None,
    framework: str | None = None,
    course: Course | None = None,
) -> tuple[Path, int]:
    """Write the students' zip.

    Args:
        repository: The checkout.
        target: The zip, or a folder to put it in.
        language: Only this language's notebooks; ``None`` for both.
        framework: Only this framework's notebooks; ``None`` for both.
        course: A class with numbers of its own (``teach init --variant``): its edition alone, with the
            chapters that it has released as it has them.

    Returns:
        The zip and the number of files in it.
    """
    target = target.expanduser()
    if target.is_dir() or not target.suffix:
        target = target / f"{TOP}-{__version__}.zip"
    if course is not None and course.variant:
        language, framework = course.language, course.framework
    files = sorted((dict(_files(repository, language, framework)) | _own_numbers(course)).items())
    if not any(name.startswith("notebooks/") and name.endswith(".ipynb") for name, _ in files):
        raise CourseError(
            "There are no notebooks for this edition: run  ./course build  first.",
            "没有这一版的笔记本：请先运行  ./course build  。",
        )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files:
            entry = zipfile.ZipInfo(f"{TOP}/{name}", _TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o755 if name == "course" else 0o644) << 16
            archive.writestr(entry, path.read_bytes())
    write_atomically(target, content.getvalue())
    return target, len(files)


def _own_numbers(course: Course | None) -> dict[str, Path]:
    """Give what a class with numbers of its own has instead of the course's: by its place in the kit."""
    if course is None or not course.variant:
        return {}
    own: dict[str, Path] = {}
    for notebook in sorted((course.folder / "release").glob("*/*.ipynb")):
        own[f"notebooks/{course.language}/{course.framework}/{notebook.name}"] = notebook
        numbers = notebook.with_suffix(".json")
        own[f"course_lib/exercises/public/{numbers.name}"] = numbers
    return own


def _files(
    repository: Path, language: str | None, framework: str | None
) -> Iterator[tuple[str, Path]]:
    for name in _FILES:
        if (repository / name).is_file():
            yield name, repository / name
    for name in _READMES:
        yield name, repository / _TEMPLATES / name
    for folder in _FOLDERS:
        for path in (repository / folder).rglob("*"):
            inside = path.relative_to(repository)
            if path.is_symlink() or not path.is_file() or set(inside.parts) & _LEFT_OUT:
                continue
            if path.suffix == ".pyc" or not _wanted(inside, language, framework):
                continue
            yield inside.as_posix(), path


def _wanted(inside: Path, language: str | None, framework: str | None) -> bool:
    if inside.parts == ("notebooks", "README.md"):  # the index of all editions
        return False
    if inside.parts[0] != "notebooks" or len(inside.parts) < 4:
        return True
    return language in (None, inside.parts[1]) and framework in (None, inside.parts[2])
