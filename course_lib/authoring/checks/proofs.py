"""Each exercise's proof, run once for each state of the course: it imports both frameworks."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator

from course_lib.authoring.checks import Chapter
from course_lib.authoring.checks.exercises import line_of
from course_lib.authoring.keys import digest_of, digest_of_course
from course_lib.authoring.localise import localise_code
from course_lib.authoring.problems import Problem
from course_lib.edition import FRAMEWORKS
from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.paths import cache_dir

_DEFINES = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef


def proven(chapter: Chapter) -> Iterator[Problem]:
    """Right answers pass, the solved edition's too; every pitfall and the untouched stub fail."""
    try:
        sentences = _prove_once(chapter)
    except CourseError as error:  # they took too long: not kept, so the next check tries again
        yield Problem(chapter.specification_path, 1, f"not proven: {error}")
        return
    for sentence in sentences:
        # A sentence begins with the exercise's id.
        line = line_of(chapter, sentence.split(" ", 1)[0].rstrip(":"))
        yield Problem(chapter.specification_path, line, f"not proven: {sentence}")


def answers_of(chapter: Chapter, framework: str) -> dict[str, str]:
    """Give the answer cells by exercise; under ``"setup"`` the imports and functions around them.

    Constants are still named in them, not written out.
    """
    answers: dict[str, str] = {}
    setup: list[str] = []
    for cell in chapter.source.code:
        if cell.framework not in (framework, None):
            continue
        code = localise_code(cell.source, "en")
        if cell.exercise:
            answers[cell.exercise] = code
        elif "demo" not in cell.tags:
            setup += [ast.unparse(node) for node in _parse(code) if isinstance(node, _DEFINES)]
    return {"setup": "\n".join(setup), **answers}


def _prove_once(chapter: Chapter) -> list[str]:
    """Run the proofs, or give what they said when nothing was different."""
    from course_lib.exercises.proofs import prove

    specification = chapter.specification
    if specification is None:
        return []
    answers = {framework: answers_of(chapter, framework) for framework in FRAMEWORKS}
    text = (chapter.root / chapter.specification_path).read_text(encoding="utf-8")
    key = digest_of(digest_of_course(chapter.root), text, answers)
    kept = cache_dir() / "proofs" / f"{key}.json"
    if not kept.exists():
        said = prove(specification, chapter=chapter.source.chapter, answers=answers)
        write_atomically(kept, json.dumps(said, ensure_ascii=False))
    return list(json.loads(kept.read_text(encoding="utf-8")))


def _parse(code: str) -> list[ast.stmt]:
    try:
        return ast.parse(code).body
    except SyntaxError:  # reported as such
        return []
