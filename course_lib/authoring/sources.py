"""Reading a chapter's source: one MyST Markdown notebook becomes a front matter and a list of cells.

The format, with one example of each kind of cell, is described in ``README.md`` beside this file.
Nothing here knows about editions: a :class:`Source` holds both languages and both frameworks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from course_lib.authoring.problems import Problem, SourceError
from course_lib.authoring.timing import Seconds, measured_seconds
from course_lib.edition import FRAMEWORKS
from course_lib.language import LANGUAGES, Text

TAGS = ("demo", "claim", "figure", "setup", "quiz")
PROSE_KEYS = {"id", "lang", "partner", "manual", "why"}
CODE_KEYS = {"id", "framework", "tags", "exercise", "check", "alt", "expect"}
FRONT_KEYS = ("chapter", "slug", "title", "minutes", "core", "prerequisites", "objectives")

_CELL_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_-]{0,59}")
_EXERCISE_ID = re.compile(r"\d\d\.\d+")


@dataclass(frozen=True)
class Prose:
    """A Markdown cell in one language (or ``"both"``), matched to its partner by a hash.

    Attributes:
        manual: The exercise that it is the answer of, to be marked by hand.
        why: The exercise whose solution it explains: for the book, and in no edition.
    """

    id: str
    language: str
    text: str
    line: int
    text_line: int
    partner: str | None = None
    manual: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class Code:
    """A code cell; with ``framework`` set it is one half of a pair that shares an id."""

    id: str
    source: str
    line: int
    source_line: int
    framework: str | None = None
    tags: tuple[str, ...] = ()
    exercise: str | None = None
    check: str | None = None
    alt: Text | None = None
    expect: str | Text | None = None


Cell = Prose | Code


@dataclass(frozen=True)
class Objective:
    """What a student can do after the chapter."""

    id: str
    text: Text


@dataclass(frozen=True)
class Source:
    """One chapter as its author wrote it.

    Attributes:
        path: The file, relative to the repository.
        text: The whole file, with ``\\n`` line ends.
        seconds: How long a whole run takes, by framework; empty where it was not measured.
    """

    path: Path
    text: str
    chapter: str
    slug: str
    title: Text
    minutes: int
    core: bool
    prerequisites: Text
    objectives: tuple[Objective, ...]
    cells: tuple[Cell, ...] = field(repr=False)
    seconds: Seconds = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The file name without its ending, such as ``04_feature_extraction``."""
        return self.path.stem

    @property
    def is_bridge(self) -> bool:
        """Whether this is a bridge: one page on what a chapter takes for granted, without exercises."""
        return self.chapter.startswith("b")

    @property
    def prose(self) -> list[Prose]:
        return [cell for cell in self.cells if isinstance(cell, Prose)]

    @property
    def code(self) -> list[Code]:
        return [cell for cell in self.cells if isinstance(cell, Code)]


def source_paths(root: Path, chapters: list[str] | None = None) -> list[Path]:
    """List the chapters' sources, then the bridges'; ``chapters`` (such as ``["04", "b1"]``) picks some."""
    paths = sorted((root / "solutions" / "source").glob("[0-9b][0-9]_*.md"))
    return [path for path in paths if chapters is None or path.name[:2] in chapters]


def read_source(path: Path, root: Path) -> Source:
    """Read one chapter.

    Raises:
        SourceError: When it is malformed, with the cell and line of each problem.
    """
    text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    source = parse_source(text, path.relative_to(root))
    return replace(source, seconds=measured_seconds(root, source.name))


def parse_source(text: str, path: Path) -> Source:
    """Turn the text of a source into a :class:`Source`; see :func:`read_source`."""
    from jupytext.myst import myst_to_notebook  # slow to import

    problems = list(_find_broken_blocks(text, path))
    if problems:
        raise SourceError(problems)
    try:
        notebook = myst_to_notebook(text, add_source_map=True)
    except Exception as error:  # jupytext lets many kinds through
        raise SourceError([Problem(path, 0, f"jupytext cannot read this file: {error}")]) from error
    lines = text.split("\n")
    cells: list[Cell] = []
    for raw, start in zip(notebook.cells, notebook.metadata["source_map"], strict=True):
        try:
            cells.append(_read_cell(raw, start, lines))
        except ValueError as error:
            problems.append(Problem(path, start, str(error)))
    front: dict[str, Any] = {}
    try:
        front = _read_front(notebook.metadata, path)
    except ValueError as error:
        problems.insert(0, Problem(path, 1, str(error)))
    if problems:
        raise SourceError(problems)
    return Source(path=path, text=text, cells=tuple(cells), **front)


def _find_broken_blocks(text: str, path: Path) -> Iterator[Problem]:
    """Find what jupytext would stumble over: broken JSON after +++, broken YAML in a code cell."""
    lines = text.split("\n")
    if not text.startswith("---\n") or "---" not in lines[1:]:
        yield Problem(path, 1, "the file must begin with a front matter between two lines of ---")
        return
    end = lines.index("---", 1)
    yield from _broken_yaml("\n".join(lines[1:end]), path, 2, "the front matter")
    number = end
    while (number := number + 1) < len(lines):
        line = lines[number]
        if line.startswith("+++"):
            yield from _broken_json(line[3:], path, number + 1)
        elif fence := re.match(r"(`{3,}|~{3,})", line):
            close = _closing_line(lines, number, fence.group())
            inside = lines[number + 1 : close]
            if close is None or any(line.startswith(f"{fence.group()}{{") for line in inside):
                yield Problem(path, number + 1, "this fence is never closed")
                return
            if "{code-cell}" in line:
                yield from _broken_options(inside, path, number + 2)
            number = close


def _closing_line(lines: list[str], opened: int, fence: str) -> int | None:
    closing = re.compile(rf"\s{{0,3}}{fence[0]}{{{len(fence)},}}\s*")
    numbers = range(opened + 1, len(lines))
    return next((number for number in numbers if closing.fullmatch(lines[number])), None)


def _broken_json(text: str, path: Path, line: int) -> Iterator[Problem]:
    example = 'expected  +++ {"id": "…", "lang": "en"}'
    try:
        value = json.loads(text)
    except ValueError as error:
        yield Problem(path, line, f"the cell's description is not JSON ({error}); {example}")
        return
    if not isinstance(value, dict):
        yield Problem(path, line, f"the cell's description is not a JSON object; {example}")


def _broken_options(block: list[str], path: Path, line: int) -> Iterator[Problem]:
    if not block or block[0] != "---":
        yield Problem(path, line, "a code cell begins with its options between two lines of ---")
        return
    named = re.search(r"^id: *[\"']?([\w-]+)", "\n".join(block), re.MULTILINE)
    what = "the options of " + (f"cell {named[1]!r}" if named else "this code cell")
    if "---" not in block[1:]:
        yield Problem(path, line, f"{what} have no closing ---")
    else:
        options = "\n".join(block[1 : block.index("---", 1)])
        yield from _broken_yaml(options, path, line + 1, what)


def _broken_yaml(text: str, path: Path, line: int, what: str) -> Iterator[Problem]:
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or "unreadable"
        at = line + (mark.line if mark else 0)
        yield Problem(path, at, f"{what} cannot be read as YAML: {reason}")
        return
    if not isinstance(value, dict):
        yield Problem(path, line, f"{what} must be YAML of the form  name: value")


def _read_cell(raw: Any, start: int, lines: list[str]) -> Cell:
    """Turn jupytext's cell into ours; ``start`` counts from 0 and stands just inside the cell."""
    options = dict(raw.metadata)
    name = options.get("id")
    if name is None:
        kind = "code cell" if raw.cell_type == "code" else "text"
        raise ValueError(f"this {kind} has no id ({_first_words(raw.source)!r})")
    if not isinstance(name, str) or not _CELL_ID.fullmatch(name):
        raise ValueError(f"the id {name!r} must be letters, digits, - and _, in quotes, up to 60")
    allowed = CODE_KEYS if raw.cell_type == "code" else PROSE_KEYS
    if unknown := sorted(set(options) - allowed):
        known = ", ".join(sorted(allowed))
        raise ValueError(f"cell {name!r}: unknown option {', '.join(unknown)}; there are {known}")
    if raw.cell_type == "code":
        return _read_code(name, options, raw.source, start, lines)
    return _read_prose(name, options, raw.source, start, lines)


def _read_prose(
    name: str, options: dict[str, Any], text: str, start: int, lines: list[str]
) -> Prose:
    language = options.get("lang")
    if language not in (*LANGUAGES, "both"):
        raise ValueError(f'cell {name!r}: "lang" must be "en", "zh" or "both"')
    manual = _exercise_id(name, options, "manual")
    first = next(number for number in range(start, len(lines)) if lines[number].strip())
    why = _exercise_id(name, options, "why")
    return Prose(name, language, text, start, first + 1, options.get("partner"), manual, why)


def _read_code(name: str, options: dict[str, Any], code: str, start: int, lines: list[str]) -> Code:
    framework = options.get("framework")
    if framework not in (None, *FRAMEWORKS):
        raise ValueError(f"cell {name!r}: framework must be pytorch or keras")
    tags = options.get("tags", [])
    if not isinstance(tags, list) or set(tags) - set(TAGS):
        raise ValueError(f"cell {name!r}: tags must be a list out of {', '.join(TAGS)}")
    end_of_options = next(i for i in range(start + 1, len(lines)) if lines[i] == "---")
    first = end_of_options + 1
    while first < len(lines) - 1 and code.strip() and not lines[first].strip():
        first += 1
    return Code(
        id=name,
        source=code.strip("\n"),
        line=start,
        source_line=first + 1,
        framework=framework,
        tags=tuple(tags),
        exercise=_exercise_id(name, options, "exercise"),
        check=_exercise_id(name, options, "check"),
        alt=_text(options["alt"], f"cell {name!r}: alt") if "alt" in options else None,
        expect=_expected(options["expect"], name) if "expect" in options else None,
    )


def _exercise_id(name: str, options: Mapping[str, Any], key: str) -> str | None:
    value = options.get(key)
    if value is not None and not (isinstance(value, str) and _EXERCISE_ID.fullmatch(value)):
        raise ValueError(f'cell {name!r}: {key} must look like "04.3", in quotes, not {value!r}')
    return value


def _expected(value: Any, name: str) -> str | Text:
    if isinstance(value, str):
        return value
    return _text(value, f"cell {name!r}: expect (a text, or one for each language)")


def _text(value: Any, what: str) -> Text:
    """Read a sentence in both languages."""
    whole = isinstance(value, dict) and set(value) == set(LANGUAGES)
    if not whole or not all(isinstance(part, str) and part.strip() for part in value.values()):
        raise ValueError(f"{what} must have the two parts  en: …  and  zh: …, neither empty")
    return {language: value[language] for language in LANGUAGES}


def _read_front(metadata: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Read the part of the front matter below ``course:``."""
    front = metadata.get("course")
    if not isinstance(front, dict):
        raise ValueError("the front matter has no part  course:")
    missing = [key for key in FRONT_KEYS if key not in front]
    if missing:
        raise ValueError(f"the front matter lacks  {', '.join(missing)}  below  course:")
    chapter, slug = front["chapter"], front["slug"]
    if f"{chapter}_{slug}" != path.stem:
        raise ValueError(f'chapter "{chapter}" and slug {slug} do not fit the name {path.name}')
    if not isinstance(front["minutes"], int) or not isinstance(front["core"], bool):
        raise ValueError("minutes must be a whole number, and core true or false")
    objectives = front["objectives"]
    if not isinstance(objectives, list) or not objectives:
        raise ValueError("objectives must be a list of  {id: O1, en: …, zh: …}")
    return {
        "chapter": chapter,
        "slug": slug,
        "title": _text(front["title"], "title"),
        "minutes": front["minutes"],
        "core": front["core"],
        "prerequisites": _text(front["prerequisites"], "prerequisites"),
        "objectives": tuple(_read_objective(item) for item in objectives),
    }


def _read_objective(item: Any) -> Objective:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        raise ValueError("an objective is written  {id: O1, en: …, zh: …}")
    rest = {key: value for key, value in item.items() if key != "id"}
    return Objective(item["id"], _text(rest, f"objective {item['id']}"))


def _first_words(text: str) -> str:
    return text.strip()[:40]
