"""What of a submission reaches the instructor's side of the wall: pages, disk, and patience."""

from __future__ import annotations

import re
import time

import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell
from traitlets.config import Config

from course_lib.grading import audit, feedback, plugin
from course_lib.grading.give_back import give_back
from course_lib.grading.grade import grade
from course_lib.grading.nbgrader_side import open_api
from course_lib.grading.people.standing import read_grades
from course_lib.grading.walls import sandbox
from tests.conftest import require
from tests.grading.tiny_course import RIGHT, answered, hand_in

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(autouse=True)
def _walls():
    require(sandbox.available(), "this machine has no bubblewrap sandbox")


def hostile_page(course):
    """A right submission that shows and writes whatever a browser would run."""
    notebook = answered(course, RIGHT)
    shows = f"from IPython.display import *\ndisplay(HTML({SCRIPT!r}), Markdown({SCRIPT!r}), SVG('<svg/>'))\n"
    shows += "display(Javascript('alert(3)'))\n"
    shows += f"get_ipython().display_pub.publish({{'image/png': '\">{SCRIPT}', 'text/plain': 'p'}})"
    notebook.cells.append(new_code_cell(shows))
    prose = (
        f"# Mine {SCRIPT}\n\n[here](javascript:alert(4)) and $\\href{{javascript:alert(5)}}{{x}}$"
    )
    notebook.cells.append(new_markdown_cell(prose))
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = f"My essay, **at length**. {SCRIPT}"
    return notebook


def test_nothing_of_a_submission_runs_in_the_formgrader_or_on_its_page(course):
    hand_in(course, "a", hostile_page(course))
    assert [each.state for each in grade(course, "90")] == ["graded"]
    (returned,) = give_back(course, "90")
    config = Config()
    plugin.configure(config, language="en")
    config.HTMLExporter.template_name = "formgrade"
    known = {
        "assignment_id": "90",
        "notebook_id": "n",
        "submission_id": "s",
        "index": 0,
        "total": 1,
    }
    known |= dict.fromkeys(("base_url", "student", "last_name", "first_name", "notebook_path"), "")
    path = course.folder / "autograded" / "a" / "90" / "90_tiny.ipynb"
    formgrader, _ = HTMLExporter(config=config).from_filename(str(path), resources=known)
    for page in (formgrader, returned.page.read_text(encoding="utf-8")):
        assert "<strong>at length</strong>" in page
        assert not re.search(
            r"<script>alert|<img[^>]*onerror|\"javascript:|\\href|alert\(3\)'?\)?;", page
        )


def test_pictures_in_a_written_answer_are_shown_where_it_is_marked():
    cell = {"attachments": {"a.png": {"image/png": "iVBORw0KGgo="}}}
    shown = feedback.harmless_markdown(
        {"cell": cell}, "![a](attachment:a.png) ![b](http://x.y/z.png)"
    )
    assert 'src="data:image/png;base64,iVBORw0KGgo="' in shown and "x.y" not in shown


STAMPS = {
    "no time": b"not a time",
    "no text": b"\xff\xfe\0\0",
    "year 9999999": b"9999999-01-01 00:00:00 UTC",
    "year 1": b"0001-01-01 00:00:00 +2359",
    "long": b"2026-01-01 00:00:00 UTC" + b" " * 1000,
}


@pytest.mark.parametrize("door", ["ours", "nbgrader's"])
def test_what_lies_beside_a_notebook_costs_nobody_a_point_and_no_room(course, door):
    for name, stamp in STAMPS.items():
        hand_in(course, name, answered(course, RIGHT)).with_name("timestamp.txt").write_bytes(stamp)
    hand_in(course, "folder", answered(course, RIGHT)).with_name("timestamp.txt").mkdir()
    big = hand_in(course, "big", answered(course, RIGHT)).with_name("data.bin")
    with open(big, "wb") as file:
        file.truncate(1 << 40)  # takes no room, until somebody copies it
    big.with_name("notes.txt").write_text("mine")
    if door == "ours":
        assert {each.state for each in grade(course, "90", jobs=2)} == {"graded"}
    else:
        for name in (*STAMPS, "folder", "big"):
            assert open_api(course).autograde("90", name, force=True, create=True)["success"], name
    assert {row.score for row in read_grades(course, "90")} == {5}
    copied = [path.name for path in (course.folder / "autograded" / "big" / "90").iterdir()]
    assert sorted(copied) == ["90_tiny.ipynb", "notes.txt"]
    kept = course.private / "set-aside" / "90"
    assert (kept / "big" / "1-data.bin").stat().st_size == 1 << 40  # nothing of anybody's is lost
    assert (kept / "no time" / "1-timestamp.txt").read_bytes() == b"not a time"
    assert sum(entry["event"] == "set aside" for entry in audit.read(course)) == 7


def test_half_a_character_is_lost_alone_by_nbgraders_door(course):
    notebook = answered(course, RIGHT)
    half = """
import json
kernel = get_ipython().kernel
message = kernel.session.msg("stream", {"name": "stdout", "text": "half \\ud800"}, parent=kernel.get_parent())
pack, kernel.session.pack = kernel.session.pack, lambda o: json.dumps(o, default=str).encode()
kernel.session.send(kernel.iopub_socket, message)
kernel.session.pack = pack
"""
    notebook.cells.append(new_code_cell(half))
    hand_in(course, "a", notebook)
    assert open_api(course).autograde("90", "a", force=True, create=True)["success"]
    (row,) = read_grades(course, "90")
    assert row.score == 5 and row.state != "failed"


def test_no_page_keeps_the_others_waiting(course):
    notebook = answered(course, RIGHT)
    texts = ("[" * 10**5, "*a _b " * 4 * 10**4, "<a " * 5 * 10**4, "> " * 10**5)
    notebook.cells += [new_markdown_cell(text) for text in texts]
    notebook.cells += [new_markdown_cell("[" * 19_000) for _ in range(60)]
    notebook.cells += [
        new_code_cell("print('\\x1b[31m' * 90_000)"),
        new_code_cell("#" + "\\" * 10**6),
    ]
    hand_in(course, "a", notebook)
    assert [each.state for each in grade(course, "90")] == ["graded"]
    started = time.process_time()
    (returned,) = give_back(course, "90")
    assert returned.page is not None and time.process_time() - started < 30
