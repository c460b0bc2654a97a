"""An instructor's round in nbgrader's formgrader: generate, release, autograde, mark by hand, read feedback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from course_lib.grading.submissions import Submission, make_submissions
from course_lib.lab import free_port, runs_as_root
from course_lib.paths import repository_root
from tests.browser.chromium import (
    PATIENCE,
    chromium,
    needs_chromium,
    private_environment,
    serving,
    take_picture,
)
from tests.conftest import require

pytestmark = needs_chromium

CHAPTER, STEM = "02", "02_losses_and_gradients"
STUDENTS = ("all_right", "pitfalls")


@pytest.fixture
def submissions() -> dict[str, Submission]:
    return make_submissions(CHAPTER, "en", "pytorch", repository=repository_root())


@pytest.fixture
def course(tmp_path: Path, submissions: dict[str, Submission]) -> Path:
    """A class with the chapter released, two submissions, and an exchange for nbgrader's own release."""
    folder, exchange = tmp_path / "class", tmp_path / "exchange"
    (tmp_path / "home").mkdir()
    for words in (["init", str(folder)], ["release", CHAPTER, "--dir", str(folder)]):
        command = [sys.executable, "-m", "course_lib.cli", "teach", *words]
        subprocess.run(command, check=True, cwd=tmp_path, env=private_environment(tmp_path))
    exchange.mkdir()
    exchange.chmod(0o777)
    with open(folder / "nbgrader_config.py", "a") as config:
        config.write(f"\nc.Exchange.root = {str(exchange)!r}\n")
    for student in STUDENTS:
        there = folder / "submitted" / student / CHAPTER
        there.mkdir(parents=True)
        nbformat.write(submissions[student].notebook, there / f"{STEM}.ipynb")
    return folder


@pytest.fixture
def page(course: Path, tmp_path: Path) -> Iterator[Any]:
    require(sys.platform == "linux", "the sandbox needs Linux")
    port = free_port(9310)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--ServerApp.root_dir={course}"]
    command += ["--ServerApp.ip=localhost", f"--ServerApp.port={port}"]
    command += ["--allow-root"] if runs_as_root() else []
    address = f"http://localhost:{port}"
    environment = private_environment(tmp_path, JUPYTER_TOKEN="token")
    with (
        serving(command, f"{address}/api", folder=course, environment=environment),
        chromium() as browser,
    ):
        context = browser.new_context(viewport={"width": 1400, "height": 900}, base_url=address)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        page.goto("/formgrader?token=token")
        yield page
        near = (address, "file:", "data:", "blob:")
        assert [url for url in asked if not url.startswith(near)] == []  # nothing from elsewhere


def press(page: Any, button: Any, answer: str) -> str:
    """Press a button of the table, read what comes back, and put it away."""
    button.click()
    dialog = page.locator(".modal-dialog:visible")
    dialog.get_by_text(answer).first.wait_for()
    words = str(dialog.inner_text())
    dialog.locator(".close").first.click()
    dialog.wait_for(state="hidden")
    return words


def sources_of(path: Path) -> list[str]:
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def test_release_autograde_mark_and_read_feedback(
    page: Any, course: Path, submissions: dict[str, Submission]
) -> None:
    released = course / "release" / CHAPTER / f"{STEM}.ipynb"
    by_command = sources_of(released)
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=CHAPTER, exact=True))
    press(page, row.locator(".assign a"), "Successfully created the student version")
    assert sources_of(released) == by_command
    press(page, row.locator(".release a"), "Successfully released")
    assert list((course.parent / "exchange").rglob(f"{STEM}.ipynb"))

    page.goto(f"/formgrader/manage_submissions/{CHAPTER}")
    for student in STUDENTS:
        row = page.get_by_role("row").filter(has_text=student)
        press(page, row.locator(".autograde a"), "Successfully autograded")
    take_picture(page, "formgrader_submissions")
    for student in STUDENTS:
        score = page.get_by_role("row").filter(has_text=student).locator(".score")
        assert score.inner_text() == f"{submissions[student].total:g} / 30"

    # What is marked by hand: two points of three for the one essay that was written.
    page.goto(f"/formgrader/gradebook/{CHAPTER}/{STEM}")
    waiting = page.locator("#main-table tr").filter(
        has=page.locator('.needs-manual-grade[data-order="1"]')
    )
    waiting.first.wait_for()
    assert waiting.count() == 1
    waiting.locator("a.name-hidden").click()
    page.get_by_text("Because the test data must not take part").first.wait_for()
    assert page.locator("math").count() > 20  # formulas, without a script
    points = page.locator("input.score:not([disabled])").last
    points.scroll_into_view_if_needed()
    take_picture(page, "formgrader_by_hand")
    with page.expect_response(lambda answer: answer.request.method == "PUT") as kept:
        points.fill("2")
        points.blur()
    assert kept.value.ok

    page.goto(f"/formgrader/manage_submissions/{CHAPTER}")
    for student in STUDENTS:
        row = page.get_by_role("row").filter(has_text=student)
        press(page, row.locator(".generate-feedback a"), "Successfully generated feedback")
    for student, words in {
        "all_right": "29 of 30 points",
        "pitfalls": "There is no ReLU between the two layers",
    }.items():
        feedback = course / "feedback" / student / CHAPTER / f"{STEM}.html"
        page.goto(feedback.as_uri())
        page.get_by_text(words).first.wait_for()
        assert page.locator("math").count() > 20
        assert not page.get_by_text("still to be marked").count()
        take_picture(page, f"feedback_{student}")
