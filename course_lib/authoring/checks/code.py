"""The code of a chapter: plain Python, one language, no framework where none is announced."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from course_lib.authoring.checks import Chapter
from course_lib.authoring.localise import LANGUAGE_LINE, localise_code
from course_lib.authoring.problems import Problem
from course_lib.authoring.sources import Code
from course_lib.edition import FRAMEWORKS
from course_lib.language import LANGUAGES

_MAGIC = re.compile(r"^\s*[%!?]|^[^#]*\?\s*$")
_FRAMEWORK_MODULES = {"torch", "torchvision", "tensorflow", "keras", "jax"}
_MACHINE_PATH = re.compile(
    r"(?<![\w.~/])/(?:home|Users|root|work|mnt|opt)/[\w.-]|\b[A-Za-z]:\\{1,2}[A-Za-z]"
)

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def plain_python(chapter: Chapter) -> Iterator[Problem]:
    """No magics, no shell escapes: nbval passes a cell whose line magic fails."""
    for cell in chapter.source.code:
        try:
            tree = ast.parse(cell.source)
        except SyntaxError as error:
            yield chapter.problem(*_syntax_problem(cell, error))
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id == "get_ipython":
                message = f"cell {cell.id!r}: get_ipython is a way to magics: use plain Python"
                yield chapter.problem(cell.source_line + node.lineno - 1, message)


def paired_language_lines(chapter: Chapter) -> Iterator[Problem]:
    """Each block of ``# en:`` / ``# zh:`` lines holds both languages, on lines of their own."""
    for cell in chapter.source.code:
        block: dict[str, int] = {}
        for number, line in enumerate([*cell.source.split("\n"), ""], start=cell.source_line):
            match = LANGUAGE_LINE.match(line)
            if match:
                block.setdefault(match[2], number)
                continue
            if len(block) == 1:
                ((language, first),) = block.items()
                other = next(name for name in LANGUAGES if name != language)
                message = (
                    f"cell {cell.id!r}: this  # {language}:  line has no  # {other}:  beside it"
                )
                yield chapter.problem(first, message)
            block = {}
            if re.search(r"\S.*#\s*(en|zh):", line):
                message = f"cell {cell.id!r}: a  # en:  or  # zh:  comment needs a line of its own"
                yield chapter.problem(number, message)


def shared_cells_are_neutral(chapter: Chapter) -> Iterator[Problem]:
    """A cell of all editions imports no framework: it would be missing in the other one."""
    for cell in chapter.source.code:
        if cell.framework is None:
            for node in ast.walk(_parsed(cell)):
                if module := _framework_of(node):
                    line = cell.source_line + getattr(node, "lineno", 1) - 1
                    message = f"cell {cell.id!r} is for all editions but imports {module}"
                    yield chapter.problem(line, message)


def one_setup_cell(chapter: Chapter) -> Iterator[Problem]:
    """The first code cell, and no other, is the setup cell that opens the chapter."""
    for position, cell in enumerate(chapter.source.code):
        first = cell.id == chapter.source.code[0].id
        if first and "setup" not in cell.tags:
            yield chapter.problem(
                cell.line, f"the first code cell ({cell.id!r}) needs the tag setup"
            )
        if not first and "setup" in cell.tags:
            yield chapter.problem(cell.line, f"cell {cell.id!r}: only the first code cell is setup")
        call = f'start("{chapter.source.chapter}"'
        if position == 0 and call not in cell.source:
            yield chapter.problem(cell.line, f"the setup cell must call  {call}, …)")


def no_machine_paths(chapter: Chapter) -> Iterator[Problem]:
    """Nothing names a folder of the author's machine."""
    path = chapter.root / chapter.specification_path
    texts = [(chapter.source.path, chapter.source.text)]
    if path.exists():
        texts.append((chapter.specification_path, path.read_text(encoding="utf-8")))
    for file, text in texts:
        for number, line in enumerate(text.split("\n"), start=1):
            if match := _MACHINE_PATH.search(line):
                yield Problem(
                    file, number, f"a path of one machine ({match[0]}…): make it relative"
                )


def no_control_characters(chapter: Chapter) -> Iterator[Problem]:
    r"""No tab or other invisible character: a ``\t`` in a string once made ``\tfrac`` a tab and "frac"."""
    for number, line in enumerate(chapter.source.text.split("\n"), start=1):
        if match := _CONTROL.search(line):
            shown = match[0].encode("unicode_escape").decode()
            yield chapter.problem(number, f"an invisible character ({shown}): is a backslash lost?")


def _syntax_problem(cell: Code, error: SyntaxError) -> tuple[int, str]:
    """Say what is no Python; a magic is likely to be the cause of the error on its line."""
    lines = cell.source.split("\n")
    at = min(error.lineno or 1, len(lines))
    magics = [number for number, line in enumerate(lines, start=1) if _MAGIC.search(line)]
    if magics:
        message = f"cell {cell.id!r}: magics and shell escapes are not allowed: use plain Python"
        return cell.source_line + magics[0] - 1, message
    return cell.source_line + at - 1, f"cell {cell.id!r}: this is no Python: {error.msg}"


def _framework_of(node: ast.AST) -> str | None:
    """Name the framework's module that an import statement imports, if it does."""
    if isinstance(node, ast.Import):
        names = [f"{alias.name}." for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    else:
        return None
    for name in names:
        parts = name.split(".")
        if parts[0] in _FRAMEWORK_MODULES or (parts[0] == "course_lib" and parts[1] in FRAMEWORKS):
            return name.strip(".")
    return None


def _parsed(cell: Code) -> ast.Module:
    """Parse a cell; one that is no Python (reported elsewhere) counts as empty."""
    try:
        return ast.parse(localise_code(cell.source, "en"))
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])
