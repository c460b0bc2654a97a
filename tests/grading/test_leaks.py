"""Feedback explains and gives nothing away: no hidden input, no expected value, on any page, by any way."""

from __future__ import annotations

import re

import numpy as np
import pytest

from course_lib.grading.give_back import give_back
from course_lib.grading.grade import grade
from course_lib.grading.judging.assignment import open_assignment
from course_lib.grading.people.standing import read_grades
from course_lib.grading.submissions import make_submissions
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading import tiny_course
from tests.grading.tiny_course import RIGHT, answered, hand_in

# Each tells whatever its function is asked: as it happens, and by what is left behind.
TELL = {
    "prints": """
import sys, logging, warnings
def tell(x):
    words = repr(np.asarray(x).tolist())
    print(words); print(words, file=sys.stderr); warnings.warn(words); logging.error(words)
    sys.__stdout__.write(words); sys.__stdout__.flush()
""",
    "displays": """
from IPython.display import HTML, Markdown, display
handle = display("waiting", display_id="told")
def tell(x):
    words = repr(np.asarray(x).tolist())
    display(words); display(HTML(words)); display(Markdown(words))
    handle.update(words)
""",
    "raises": """
def tell(x):
    raise ValueError(repr(np.asarray(x).tolist()))
""",
    "raises its own": """
class Seen(Exception):
    def __str__(self): return repr(self.args)
    def _render_traceback_(self): return [repr(self.args)]
def tell(x):
    raise type(repr(np.asarray(x).tolist()), (Seen,), {})(np.asarray(x).tolist())
""",
    "a thread prints later": """
import threading, time
told = []
def repeat():
    while True:
        time.sleep(0.02)
        for each in told: print(each, flush=True)
threading.Thread(target=repeat, daemon=True).start()
def tell(x):
    told.append(repr(np.asarray(x).tolist())); time.sleep(0.3)
""",
    "hooks of the shell": """
seen = []
shell = get_ipython()
shell.events.register("post_run_cell", lambda *_: [print(each) for each in seen])
shell.events.register("pre_execute", lambda *_: [print(each) for each in seen])
import atexit
atexit.register(lambda: [print(each, flush=True) for each in seen])
def tell(x):
    seen.append(repr(np.asarray(x).tolist()))
""",
    "from question to question": """
seen = []
def tell(x):
    for each in seen: print(each)
    if len(seen) > 1: raise RuntimeError(str(seen))
    seen.append(np.asarray(x).tolist())
""",
    "writes to the kernel's channels": """
def tell(x):
    words = repr(np.asarray(x).tolist())
    kernel = get_ipython().kernel
    for parent in ({}, kernel.get_parent(), *parents):
        kernel.session.send(kernel.iopub_socket, "stream", {"name": "stdout", "text": words}, parent=parent)
parents = [get_ipython().kernel.get_parent()]
""",
}


@pytest.fixture(autouse=True)
def _walls():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


def spying(setup):
    means = f"{setup}\ndef column_means(x):\n    tell(x)\n    return x.mean(axis=0) + 1"
    longest = "def longest_row(x):\n    tell(x)\n    return 0"
    return {"90.1": means, "90.2": longest}


def secrets_of(course):
    """List what must not be read anywhere: numbers of hidden inputs and of expected values, as written."""
    words = set()
    for asked in open_assignment(course, "90").asked.values():
        for value in (*(v for each in asked.inputs for v in each.values()), *asked.expected):
            for number in np.ravel(value):
                if abs(number) != int(abs(number)):
                    # As Python writes it, and rounded as a person or NumPy would.
                    words |= {repr(float(number)), f"{number:.4f}", f"{number:.6g}"}
    assert len(words) > 50
    return {word for word in words if len(word) >= 6}


def leaks(text, words):
    bare = re.sub(r"[\s,]+", " ", text)
    return sorted(word for word in words if word in bare)


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_no_page_and_no_kept_notebook_shows_what_was_asked(tiny_repository, tmp_path, language):
    course = tiny_course.make_course(tmp_path / "course", tiny_repository, language)
    made = make_submissions("90", language, "pytorch", repository=tiny_repository)
    for name, submission in made.items():
        hand_in(course, name, submission.notebook)
    for name, setup in TELL.items():
        hand_in(course, name, answered(course, spying(setup)))
    assert {each.state for each in grade(course, "90", jobs=2)} == {"graded"}
    codes = {row.student: row.codes["90.1"] for row in read_grades(course, "90")}
    assert codes["raises"] == "RaisedAnError"  # they were asked, and told what they could
    assert codes["prints"] == codes["a thread prints later"] == "Incorrect"
    words = secrets_of(course)
    pages = {each.student: each.page for each in give_back(course, "90")}
    assert set(pages) == set(made) | set(TELL)
    for student, page in pages.items():
        text = page.read_text(encoding="utf-8")
        assert leaks(text, words) == [], student
        graded = course.folder / "autograded" / student / "90" / "90_tiny.ipynb"
        assert leaks(graded.read_text(encoding="utf-8"), words) == [], student
    # The test would see it: what a student prints before anything is asked does stand on the page.
    shown = sorted(words)[0]
    answers = {**RIGHT, "90.1": f"print('{shown}')\n{RIGHT['90.1']}"}
    hand_in(course, "control", answered(course, answers))
    list(grade(course, "90", students=["control"]))
    (page,) = give_back(course, "90", students=["control"])
    assert leaks(page.page.read_text(encoding="utf-8"), words) == [shown]
