"""A student's hour in JupyterLab: open an edition, run it all, be wrong, take a hint, be right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from course_lib import lab
from course_lib.paths import repository_root
from tests.browser.chromium import (
    PATIENCE,
    chromium,
    needs_chromium,
    private_environment,
    serious_faults,
    serving,
    take_picture,
)

pytestmark = needs_chromium

CHAPTER = "02_losses_and_gradients.ipynb"
STUB = "raise NotImplementedError"
WRONG = """def forward(x, w1, b1, w2, b2):
hidden = x @ w1 + b1
return hidden, hidden @ w2 + b2"""
# What is the course's own in JupyterLab's page: prose, and what cells show.
OURS = (".jp-RenderedMarkdown", ".jp-OutputArea-output")
RIGHT = WRONG.replace("x @ w1 + b1", "(x @ w1 + b1).clip(0)")


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Any]:
    """The chapter as `./course lab` opens it."""
    work = tmp_path / "my_course"
    lab.copy_edition(repository_root() / "notebooks", work, "en", "pytorch")
    lab.write_home(work / "en" / "pytorch", "en", "pytorch")
    port = lab.free_port(9210)
    place = f"en/pytorch/{CHAPTER}"
    environment = lab.lab_environment(tmp_path, "en", "token")
    environment.update(private_environment(tmp_path))
    command = lab.lab_command(work, place, port=port, browser=False)
    command.append(
        "--expose-app-in-browser"
    )  # what a cell said, though it is scrolled out of sight
    address = f"http://localhost:{port}"
    (tmp_path / "home").mkdir()
    with (
        serving(command, f"{address}/api", folder=tmp_path, environment=environment),
        chromium() as browser,
    ):
        page = browser.new_page(viewport={"width": 1400, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.goto(f"{address}/lab/tree/{place}?token=token")
        yield page


def wait_until(page: Any, state: str) -> None:
    page.wait_for_selector(f'.jp-Notebook-ExecutionIndicator[data-status="{state}"]')


def wait_until_said(page: Any, words: str, *, patience: float) -> None:
    """Wait until a cell's output says something, wherever the notebook has scrolled to meanwhile."""
    try:
        page.wait_for_function(
            """words => JSON.stringify(
                window.jupyterapp.shell.currentWidget.content.model.sharedModel.toJSON()
            ).includes(words)""",
            arg=words,
            polling=500,
            timeout=patience,
        )
    except Exception:
        take_picture(page, "waiting_in_vain")
        raise


def run_all(page: Any) -> None:
    """Run all cells by the menu; once more where the click came before the kernel was connected.

    JupyterLab may ask for a kernel in a dialog, at any moment: what it proposes is taken.
    """
    begun = page.locator(".jp-InputPrompt").filter(has_text=re.compile(r"[*\d]")).first
    asked = page.locator(".jp-Dialog .jp-mod-accept").first

    def accept() -> None:
        take_picture(page, "asked_for_a_kernel")
        asked.click()

    page.add_locator_handler(asked, accept)
    for _ in range(4):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        with suppress(Exception):
            begun.wait_for(state="attached", timeout=PATIENCE / 4)
            page.remove_locator_handler(asked)
            return
    take_picture(page, "waiting_in_vain")
    raise AssertionError("nothing ran: see the picture")


def write(page: Any, cell: Any, code: str) -> None:
    """Put code in place of a cell's, typed as a student types: the editor indents by itself."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    for number, line in enumerate(code.splitlines()):
        if number:
            page.keyboard.press("Enter")
        page.keyboard.insert_text(line)


def run(page: Any, cell: Any) -> Any:
    """Run a cell and give what it shows; nothing to wait for but what the caller looks for."""
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    return cell.locator(".jp-OutputArea")


def test_wrong_then_a_hint_then_right_then_progress(notebook: Any) -> None:
    page = notebook
    wait_until(page, "idle")
    run_all(page)
    # The last cell with code says so.
    wait_until_said(page, "0 of 27 points in the checked exercises", patience=10 * PATIENCE)
    wait_until(page, "idle")

    page.locator('.lm-TabBar-tab[title*="Table of Contents"]').click()
    page.locator(".jp-TableOfContents-content").get_by_text("Exercise 02.1 —").click()
    cells = page.locator(".jp-CodeCell:visible")
    answer = cells.filter(has_text=STUB).filter(has_text="def forward").first
    take_picture(page, "exercise_untouched")
    write(page, answer, WRONG)
    answer = cells.filter(has_text="def forward").first
    run(page, answer)
    check = cells.filter(has_text='check("02.1"').first
    wrong = run(page, check)
    wrong.get_by_text("not right yet").wait_for()
    assert "ReLU" in wrong.inner_text()
    take_picture(page, "exercise_wrong")

    # A new cell below the check, for a hint: Escape, b, Enter.
    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.insert_text('hint("02.1")')
    page.keyboard.press("Control+Enter")
    page.get_by_text("hint 1 of 3").first.wait_for()
    take_picture(page, "exercise_hint")

    write(page, answer, RIGHT)
    run(page, answer)
    run(page, check).get_by_text("correct").first.wait_for()
    take_picture(page, "exercise_right")

    page.keyboard.press("Escape")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.insert_text("progress()")
    page.keyboard.press("Control+Enter")
    page.get_by_text("2 of 27 points in the checked exercises").first.wait_for()
    assert serious_faults(page, *OURS) == []

    # The home page, as it lies there and run anew.
    page.goto(re.sub(r"[^/]+\.ipynb.*", "home.ipynb", page.url))
    page.get_by_text("points so far").first.wait_for()
    assert serious_faults(page, *OURS) == []
    take_picture(page, "home")
