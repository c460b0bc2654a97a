"""``./course build``: write everything that is made from the sources."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from nbformat import NotebookNode

from course_lib.authoring import index, symptoms
from course_lib.authoring.checks import Chapter
from course_lib.authoring.checks.exercises import known_constants, known_exercises
from course_lib.authoring.checks.pairs import unique_ids
from course_lib.authoring.editions import make_solved, make_student, to_bytes
from course_lib.authoring.elsewhere import repository_named, with_start_cell
from course_lib.authoring.problems import Problem, SourceError
from course_lib.authoring.rounding import same
from course_lib.authoring.sources import Source, read_source, source_paths
from course_lib.authoring.specification import load_specification
from course_lib.edition import FRAMEWORKS
from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.language import LANGUAGES


def build(root: Path, *, chapters: list[str] | None = None) -> list[Path]:
    """Make the editions, the exercises' public data and the index; write what changed.

    Args:
        root: The repository.
        chapters: Such as ``["04"]``; ``None`` builds all.

    Returns:
        The files that were written, relative to ``root``; empty when all were up to date.

    Raises:
        SourceError: When a source is malformed, with file and line.
    """
    sources = [read_source(path, root) for path in source_paths(root)]
    made: dict[Path, bytes] = {}
    for source in sources:
        if chapters is None or source.chapter in chapters:
            chapter = Chapter(root, source, load_specification(root, source))
            made |= make_chapter(chapter)
    made[index.PATH] = index.make_index(sources).encode()
    made[index.CHAPTERS] = index.make_chapter_list(sources).encode()
    made[symptoms.BUILT] = symptoms.make_symptoms(root).encode()
    return [path for path, content in made.items() if _write(root / path, content)]


def make_chapter(chapter: Chapter) -> dict[Path, bytes]:
    """Make a chapter's eight notebooks and its public data, by their paths in the repository."""
    source = chapter.source
    if problems := [*unique_ids(chapter), *known_exercises(chapter), *known_constants(chapter)]:
        raise SourceError(problems)
    repository = repository_named(chapter.root)
    made: dict[Path, bytes] = {}
    for language in LANGUAGES:
        for framework in FRAMEWORKS:
            solved = make_solved(source, language, framework, chapter.exercises)
            student = with_start_cell(_make_student(source, solved), repository)
            made[notebook_path("notebooks", language, framework, source.name)] = to_bytes(student)
            made[notebook_path("solutions", language, framework, source.name)] = to_bytes(solved)
    if chapter.specification is not None:
        made[public_path(source)] = _make_public(source, chapter.specification)
    return made


def notebook_path(side: str, language: str, framework: str, name: str) -> Path:
    """Name an edition's file; ``side`` is ``"notebooks"`` or ``"solutions"``."""
    return Path(side, language, framework, f"{name}.ipynb")


def public_path(source: Source) -> Path:
    """Name the file with the public part of a chapter's exercises."""
    return Path("course_lib/exercises/public", f"{source.name}.json")


def _make_public(source: Source, specification: ModuleType) -> bytes:
    from course_lib.exercises.public import build_public

    try:
        return build_public(specification, source.chapter)
    except CourseError as error:
        raise SourceError([Problem(source.path.with_suffix(".py"), 0, str(error))]) from error


def _make_student(source: Source, solved: NotebookNode) -> NotebookNode:
    try:
        return make_student(solved)
    except Exception as error:  # nbgrader's preprocessors raise RuntimeError and ValidationError
        message = f"nbgrader cannot make the student edition: {error}"
        raise SourceError([Problem(source.path, 0, message)]) from error


def _write(path: Path, content: bytes) -> bool:
    if path.exists() and same(path, path.read_bytes(), content):
        return False
    write_atomically(path, content)
    return True
