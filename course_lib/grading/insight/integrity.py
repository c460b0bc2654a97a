"""``teach integrity``: what two submissions have in common and few others have. Hints for a person, never a verdict.

What everybody got is taken out first: an answer's lines that stand in the released notebook. What is left is
cut into Python's own tokens; names that students choose become one sign, comments and layout go, so renaming
and re-indenting change nothing. Two answers are as similar as the longest sequence of tokens that stands in
both (the normalised insertion–deletion similarity of RapidFuzz, MIT, which nbgrader needs anyway). Short
answers, and answers that many give, say nothing: most right answers look alike.

Nothing of this enters the gradebook; the report is a file for whoever marks.
"""

from __future__ import annotations

import builtins
import io
import json
import keyword
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum
from rapidfuzz import process
from rapidfuzz.distance import Indel

from course_lib.errors import CourseError
from course_lib.grading.course import Course
from course_lib.grading.grade import choose
from course_lib.grading.judging.assignment import Assignment, open_assignment
from course_lib.grading.judging.reading import LARGEST, read_submission
from course_lib.grading.judging.screening import grade_id

ALIKE = 0.9  # of code: the share of tokens in common from which on a pair is shown
ALIKE_PROSE = 0.8  # of written answers, in characters
SHORTEST = 30  # tokens of code of one's own; what is shorter can hardly differ
SHORTEST_PROSE = 80  # characters
SHORTEST_OUTPUT = 12  # characters
USUAL = 0.1  # an answer that more than this share of the class gives (and more than three) is the usual one
LONG = 3  # times the shortest: such an answer is nobody's by chance, so more may share it and still be shown
MOST_PAIRS = 60
_LONGEST = 20_000  # characters of one cell that are looked at
OWN = "own"  # the cells that a student added
_ADDRESS = re.compile(r"0x[0-9a-f]+|\d+(\.\d+)?\s*(ms|µs|us|ns|s|it/s)\b", re.IGNORECASE)
_BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class Piece:
    """What one student wrote in one place: an answer, a written answer, or cells of their own.

    Attributes:
        text: As it was written.
        signs: What is compared: a sign for each token, or the prose without spaces.
        prose: Whether it is prose.
    """

    text: str
    signs: str
    prose: bool = False


@dataclass(frozen=True)
class Match:
    """Two students' pieces in one place, and the share of them that is common to both."""

    place: str
    share: float
    texts: tuple[str, str]
    like_published: bool = False


@dataclass
class Pair:
    """Two students and what they have in common."""

    students: tuple[str, str]
    matches: list[Match] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """What the report is ordered by: how much is in common, answers like the published ones for less."""
        weight = sum(
            len(match.texts[0]) * match.share * (0.3 if match.like_published else 1.0)
            for match in self.matches
        )
        return weight + 200.0 * len(self.outputs)


@dataclass(frozen=True)
class Edit:
    """A locked cell that one student's notebook has in another form than the one that was released."""

    student: str
    cell: str
    released: str
    submitted: str


@dataclass(frozen=True)
class Findings:
    """What there is for a person to look at."""

    chapter: str
    students: int
    pairs: tuple[Pair, ...]
    left_off: int
    edits: tuple[Edit, ...]
    unread: tuple[str, ...]


def compare(course: Course, chapter: str) -> Findings:
    """Compare what was handed in for a chapter, pair by pair.

    Raises:
        CourseError: Fewer than two submissions can be read.
    """
    assignment = open_assignment(course, chapter)
    written: dict[str, dict[str, Piece]] = {}
    edits: list[Edit] = []
    unread: list[str] = []
    signs = Signs()
    for student, folder in choose(course, chapter, None).items():
        try:
            notebook = read_submission(folder / f"{assignment.notebook}.ipynb")
            edits += find_edits(student, notebook, assignment.released)
            assignment.make_whole(notebook)
        except CourseError:
            unread.append(student)
            continue
        written[student] = take_apart(notebook, assignment.released, signs)
    if len(written) < 2:
        raise CourseError(
            "There are fewer than two submissions that can be read: nothing to compare.",
            "能读取的提交不足两份，无从比较。",
        )
    pairs = _pairs_of(written, _published(assignment, signs))
    for students, shown in odd_outputs(_outputs_of(course, assignment, written)).items():
        pairs.setdefault(students, Pair(students)).outputs = shown
    ordered = sorted(pairs.values(), key=lambda pair: (-pair.weight, pair.students))
    return Findings(
        chapter,
        len(written),
        tuple(ordered[:MOST_PAIRS]),
        max(0, len(ordered) - MOST_PAIRS),
        tuple(edits),
        tuple(unread),
    )


# What a student wrote.


def take_apart(notebook: NotebookNode, released: NotebookNode, signs: Signs) -> dict[str, Piece]:
    """Give what stands in a notebook that was not handed out, by place."""
    originals = {name: cell for cell in released.cells if (name := grade_id(cell))}
    known = {cell.source.strip() for cell in released.cells}
    lines = {line.strip() for cell in released.cells for line in cell.source.splitlines()}
    pieces: dict[str, Piece] = {}
    own: list[str] = []
    for cell in notebook.cells:
        name = grade_id(cell)
        text = cell.source[:_LONGEST]
        if name in originals:
            if not originals[name].metadata.nbgrader.get("solution"):
                continue
            if text.strip() == originals[name].source.strip():
                continue
            handed_out = {line.strip() for line in originals[name].source.splitlines()}
            mine = "\n".join(line for line in text.splitlines() if line.strip() not in handed_out)
            if cell.cell_type == "code":
                pieces[name] = Piece(text, signs.of_code(mine))
            else:
                pieces[name] = Piece(text, re.sub(r"\s+", "", mine).casefold(), prose=True)
        elif cell.cell_type == "code" and text.strip() not in known:
            own.append("\n".join(line for line in text.splitlines() if line.strip() not in lines))
    if any(part.strip() for part in own):
        pieces[OWN] = Piece("\n\n".join(own), signs.of_code("\n".join(own)))
    return pieces


class Signs:
    """Turns tokens into single signs, the same for the same token: strings are what is compared fastest."""

    def __init__(self) -> None:
        self._signs: dict[str, str] = {}

    def of_code(self, source: str) -> str:
        """Give the signs of a piece of code, in order."""
        return "".join(self._sign(token) for token in tokens_of(source))

    def _sign(self, token: str) -> str:
        # The planes of Unicode for private use hold 131,000 signs.
        return self._signs.setdefault(token, chr(0xF0000 + len(self._signs) % 0x1FFF0))


def tokens_of(source: str) -> Iterator[str]:
    """Cut code into tokens: chosen names, numbers' and texts' spelling, comments and layout left out.

    What is no Python (a magic, an unfinished line) is cut into words.
    """
    skipped = {
        *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
        *(tokenize.ENCODING, tokenize.ENDMARKER),
    }
    found: list[str] = []
    before = ""
    try:
        # Lines were taken out, so the indentation may be odd: each line stands for itself.
        flat = "\n".join(line.strip() for line in source.splitlines())
        for token in tokenize.generate_tokens(io.StringIO(flat).readline):
            if token.type in skipped:
                continue
            found.append(_normalised(token, before))
            before = token.string
    except (tokenize.TokenError, SyntaxError, IndentationError, RecursionError):
        found += re.findall(r"\w+|[^\w\s]", source[len(" ".join(found)) :])
    yield from found


def _normalised(token: tokenize.TokenInfo, before: str) -> str:
    if token.type == tokenize.STRING:
        return "<text>"
    if token.type == tokenize.NUMBER:
        with suppress(ValueError):
            return f"{float(token.string):g}"
    if token.type == tokenize.NAME and before != "." and not keyword.iskeyword(token.string):
        return token.string if token.string in _BUILTINS else "<name>"
    return token.string


def _published(assignment: Assignment, signs: Signs) -> dict[str, str]:
    """Give the signs of the published solution, by place: it is public, and many answers look like it."""
    pieces = take_apart(assignment.source, assignment.released, signs)
    return {place: piece.signs for place, piece in pieces.items()}


# Pairs.


def _pairs_of(
    written: Mapping[str, Mapping[str, Piece]], published: Mapping[str, str]
) -> dict[tuple[str, str], Pair]:
    pairs: dict[tuple[str, str], Pair] = {}
    places = sorted({place for pieces in written.values() for place in pieces})
    for place in places:
        there = {student: pieces[place] for student, pieces in written.items() if place in pieces}
        for one, other, share in alike(there, len(written)):
            texts = (there[one].text, there[other].text)
            like = published.get(place, "")
            near = bool(like) and Indel.normalized_similarity(there[one].signs, like) >= ALIKE
            pair = pairs.setdefault((one, other), Pair((one, other)))
            pair.matches.append(Match(place, share, texts, near))
    return pairs


def alike(pieces: Mapping[str, Piece], students: int) -> list[tuple[str, str, float]]:
    """Give the pairs of students whose pieces are more alike than they would be by themselves.

    Args:
        pieces: What each student wrote in one place.
        students: How many students there are, for what counts as usual.
    """
    long = {
        student: piece
        for student, piece in pieces.items()
        if len(piece.signs) >= (SHORTEST_PROSE if piece.prose else SHORTEST)
    }
    names = sorted(long)
    if len(names) < 2:
        return []
    signs = [long[name].signs for name in names]
    prose = long[names[0]].prose
    least = ALIKE_PROSE if prose else ALIKE
    length = LONG * (SHORTEST_PROSE if prose else SHORTEST)
    shares = process.cdist(
        signs, signs, scorer=Indel.normalized_similarity, score_cutoff=least, dtype=np.float32
    )
    near = (shares >= least).sum(axis=1)  # oneself counted in
    usual = max(3, USUAL * students)
    found = []
    for a, b in zip(*np.nonzero(np.triu(shares >= least, 1)), strict=True):
        many = 3 * usual if min(len(signs[a]), len(signs[b])) >= length else usual
        if max(near[a], near[b]) <= many:
            found.append((names[a], names[b], float(shares[a, b])))
    return found


# Outputs.


def odd_outputs(shown: Mapping[str, set[str]]) -> dict[tuple[str, str], list[str]]:
    """Give the outputs that two or three students share and nobody else has, by pair.

    Args:
        shown: What each student's own cells showed when the notebook was graded.
    """
    owners: dict[str, list[str]] = defaultdict(list)
    for student, outputs in sorted(shown.items()):
        for output in outputs:
            owners[output].append(student)
    if len(shown) < 4:  # then nothing is odd yet
        return {}
    pairs: dict[tuple[str, str], list[str]] = defaultdict(list)
    for output in sorted(owners):
        if 2 <= len(owners[output]) <= 3:
            for one, other in combinations(owners[output], 2):
                pairs[one, other].append(output)
    return dict(pairs)


def _outputs_of(
    course: Course, assignment: Assignment, students: Sequence[str] | Mapping[str, object]
) -> dict[str, set[str]]:
    """Read what cells showed while grading, where that has been done; verdicts and the released texts not."""
    usual = Counter[str]()
    found: dict[str, set[str]] = {}
    for student in students:
        path = course.folder / "autograded" / student / assignment.name
        file = path / f"{assignment.notebook}.ipynb"
        if file.is_file() and file.stat().st_size <= LARGEST:
            found[student] = set(_texts_of(file))
            usual.update(found[student])
    return found


def _texts_of(file: Path) -> Iterator[str]:
    with suppress(OSError, ValueError, AttributeError, TypeError):
        for cell in json.loads(file.read_text(encoding="utf-8")).get("cells", []):
            known = cell.get("metadata", {}).get("nbgrader") or {}
            if known.get("grade"):
                continue  # the verdict
            for output in cell.get("outputs", []):
                text = output.get("text") or output.get("data", {}).get("text/plain") or ""
                if output.get("output_type") == "error":
                    text = f"{output.get('ename')}: {output.get('evalue')}"
                words = "".join(text) if isinstance(text, list) else str(text)
                words = _ADDRESS.sub("…", words).strip()
                if SHORTEST_OUTPUT <= len(words) <= _LONGEST:
                    yield words


# Locked cells.


def find_edits(student: str, notebook: NotebookNode, released: NotebookNode) -> list[Edit]:
    """List the locked cells whose text, by nbgrader's checksum, is not the released one."""
    originals = {
        name: cell
        for cell in released.cells
        if (name := grade_id(cell)) and not cell.metadata.nbgrader.get("solution")
    }
    found = []
    for cell in notebook.cells:
        name = grade_id(cell)
        if name not in originals or cell.cell_type != originals[name].cell_type:
            continue
        here = NotebookNode(originals[name])  # the released metadata: only the text is in question
        here.source = cell.source
        if compute_checksum(here) != compute_checksum(originals[name]):
            found.append(Edit(student, name, originals[name].source, cell.source[:_LONGEST]))
    return found
