"""Similarities: copies are found under other names, classmates who think alike are not, nothing is judged."""

from __future__ import annotations

import re
from copy import deepcopy

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_lib import language
from course_lib.errors import CourseError
from course_lib.grading.insight import integrity
from course_lib.grading.insight.integrity import (
    Piece,
    Signs,
    alike,
    compare,
    odd_outputs,
    tokens_of,
)
from course_lib.grading.insight.integrity_report import write_page
from tests.grading.commands.test_teach import run
from tests.grading.tiny_course import CHAPTER, RIGHT, answered, hand_in, student_notebook

pytestmark = [pytest.mark.usefixtures("course_home")]

ODD = """def longest_row(x):
    best, where = -1.0, 0
    for index in range(len(x)):
        total = 0.0
        for value in x[index]:
            total = total + value * value
        if total > best:
            best, where = total, index
    return where"""
RENAMED = """def longest_row(x):
    # mine
    champion, spot = -1.0, 0
    for k in range(len(x)):
        s = 0.0
        for v in x[k]:
            s = s + v * v

        if s > champion:
            champion, spot = s, k
    return spot"""
OTHER = """def longest_row(x):
    lengths = []
    for row in x:
        squares = [float(part) ** 2 for part in row]
        lengths.append(sum(squares) ** 0.5)
    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    return int(order[-1])"""


def essay(notebook, words):
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = words
    return notebook


@pytest.fixture
def a_class(course):
    """Twelve students: two copies under other names, one honest oddity, nine with the usual answer."""
    for number in range(9):
        notebook = answered(course, RIGHT)
        hand_in(course, f"usual{number}", essay(notebook, f"I think that it is number {number}."))
    words = (
        "The mean of each column tells where the cloud of points lies, "
        "and so what has to be moved to zero before anything else."
    )
    hand_in(course, "copy1", essay(answered(course, {**RIGHT, "90.2": ODD}), words))
    hand_in(
        course,
        "copy2",
        essay(answered(course, {**RIGHT, "90.2": RENAMED}), words.upper() + " Yes."),
    )
    hand_in(course, "other", answered(course, {**RIGHT, "90.2": OTHER}))
    return course


def test_a_renamed_copy_is_found_and_the_usual_answer_is_not(a_class):
    found = compare(a_class, CHAPTER)
    assert found.students == 12 and found.left_off == 0
    (pair,) = found.pairs
    assert pair.students == ("copy1", "copy2")
    shares = {match.place: match.share for match in pair.matches}
    code = next(share for place, share in shares.items() if "2" in place)
    assert code == 1.0 and len(shares) == 2 and min(shares.values()) > 0.9
    assert not found.edits


def test_the_page_begins_with_what_it_is_not_and_shows_both_sides(a_class, tmp_path):
    database = a_class.folder / "gradebook.db"
    before = database.read_bytes() if database.exists() else b""
    said = run("integrity", CHAPTER, "--to", tmp_path / "page.html", "--dir", a_class.folder)
    assert "1 pairs" in said and "never a verdict" in said
    page = (tmp_path / "page.html").read_text()
    body = page[page.index("<body>") :]
    assert body.index("never a verdict") < body.index("<h1>") < body.index("copy1 · copy2")
    assert "champion" in body and "best, where" in body and body.count("<mark>") > 6
    assert (database.read_bytes() if database.exists() else b"") == before
    assert (tmp_path / "page.html").stat().st_mode & 0o077 == 0
    language.use("zh")
    run("integrity", CHAPTER, "--dir", a_class.folder)
    chinese = (a_class.private / "integrity" / f"{CHAPTER}.html").read_text()
    assert "绝不是结论" in chinese and 'lang="zh-CN"' in chinese


def test_what_a_student_writes_cannot_act_on_the_page(course):
    evil = ODD.replace("# ", "") + '\n# </pre><script>alert("x")</script>\n'
    for student in ("<b>eve</b>", "mallory"):
        hand_in(course, student.replace("/", ""), answered(course, {**RIGHT, "90.2": evil}))
    page = write_page(compare(course, CHAPTER), {})
    assert "<script>" not in page and "&lt;script&gt;" in page and "<b>eve" not in page


def test_an_edited_locked_cell_is_shown_with_what_was_released(course):
    notebook = student_notebook(course)
    locked = next(c for c in notebook.cells if re.search(r'^check\("90.1"', c.source, re.M))
    locked.source += "\nprint('done')"
    hand_in(course, "ann", notebook)
    hand_in(course, "bob", student_notebook(course))
    (edit,) = compare(course, CHAPTER).edits
    assert edit.student == "ann" and "done" in edit.submitted and "done" not in edit.released
    assert "Locked cells that were changed" in write_page(compare(course, CHAPTER), {})


def test_own_cells_and_outputs_that_only_two_have(course):
    extra = "\n".join(f"weird_{i} = [len(str(n)) for n in range({i}, {i + 7})]" for i in range(4))
    for number in range(6):
        notebook = answered(course, RIGHT)
        if number < 2:
            notebook.cells.append(new_code_cell(extra))
        hand_in(course, f"s{number}", notebook)
        # As if it had been graded: the same output in two of them.
        shown = "my very own result 42.17" if number < 2 else f"something else, number {number}"
        done = new_notebook(cells=[new_code_cell("1", outputs=[new_output("stream", text=shown)])])
        folder = course.folder / "autograded" / f"s{number}" / CHAPTER
        folder.mkdir(parents=True)
        import nbformat

        nbformat.write(done, folder / f"{course.notebook_name(CHAPTER)}.ipynb")
    (pair,) = compare(course, CHAPTER).pairs
    assert pair.students == ("s0", "s1")
    assert (
        pair.outputs[0].startswith("my very own result") and pair.matches[0].place == integrity.OWN
    )


def test_tokens_know_names_from_the_rest():
    assert list(tokens_of("a = b.mean(axis=0)  # x")) == list(
        tokens_of("zz   =  q.mean(axis = 0.0)")
    )
    assert list(tokens_of("a = b.mean()")) != list(tokens_of("a = b.sum()"))
    assert list(tokens_of("%matplotlib inline\n'unfinished"))  # no Python: still something
    assert "sum" in set(tokens_of("sum(x)")) and "x" not in set(tokens_of("sum(x)"))


def test_short_answers_and_answers_of_many_say_nothing():
    signs = Signs()
    short = {name: Piece("x", signs.of_code("return x.mean()")) for name in "ab"}
    assert alike(short, 20) == []
    long = signs.of_code(ODD)
    many = {f"s{n}": Piece(ODD, long) for n in range(4)}
    assert alike(many, 20) == [] and len(alike(dict(list(many.items())[:3]), 20)) == 3
    # A long answer is nobody's by chance: a ring of five is seen, the whole class's answer is not.
    ring = {f"s{n}": Piece(ODD, signs.of_code(ODD + OTHER)) for n in range(5)}
    assert len(alike(ring, 20)) == 10
    assert alike({f"s{n}": each for n, each in enumerate(list(ring.values()) * 4)}, 20) == []
    assert odd_outputs({"a": {"same"}, "b": {"same"}}) == {}  # two students: nothing is odd


def test_fewer_than_two_is_said(course):
    hand_in(course, "ann", student_notebook(course))
    hand_in(course, "bob", "{")
    with pytest.raises(CourseError, match="fewer than two"):
        compare(course, CHAPTER)


def test_a_class_of_five_hundred_is_compared_in_seconds():
    import time

    signs, rng = Signs(), np.random.default_rng(0)
    lines = OTHER.splitlines() + ODD.splitlines()
    pieces = {}
    for number in range(500):
        picked = "\n".join(lines[i] for i in rng.permutation(len(lines))[:12])
        pieces[f"s{number}"] = Piece(picked, signs.of_code(picked))
    began = time.process_time()
    alike(deepcopy(pieces), 500)
    assert time.process_time() - began < 10
