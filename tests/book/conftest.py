"""The site, built once for these tests from the committed editions, which are not run for it, and a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import nbformat
import pytest

from course_lib.authoring.sources import source_paths
from course_lib.book import site
from course_lib.book.elsewhere import Repository
from course_lib.book.pages import Edition
from course_lib.files import locked
from course_lib.language import current
from course_lib.paths import repository_root
from tests.browser.chromium import chromium

REPOSITORY = Repository("someone/course")


def committed_edition(root: Path, chapter: str, framework: str) -> Edition:
    """Stand in for an edition that was run: only outputs that the source expects are in it."""
    (source,) = source_paths(root, [chapter])
    there = [
        nbformat.read(root / side / current() / framework / f"{source.stem}.ipynb", as_version=4)
        for side in ("solutions", "notebooks")
    ]
    return Edition(*there)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder with the site: one for all workers of a run, so nobody may change it."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent  # each worker has a folder of its own inside
    folder = place / "book"
    with locked(place / "book.lock", timeout=900), pytest.MonkeyPatch.context() as patch:
        if not (folder / "html" / "index.html").exists():  # which is written last
            patch.setattr(site, "_edition", committed_edition)
            site.build_book(repository_root(), folder, repository=REPOSITORY)
    return folder / "html"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        return


@contextmanager
def handed_out(folder: Path) -> Iterator[str]:
    """Hand out a folder's files; give the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as running:
        yield running


@contextmanager
def fresh_page(browser: Any, address: str) -> Iterator[Any]:
    """A fresh page; whatever it asks of another host, or complains of, fails the test."""
    context = browser.new_context(viewport={"width": 1200, "height": 900}, base_url=address)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    # Aborted is what was still under way when the page was left for another one.
    page.on(
        "requestfailed",
        lambda request: (
            None if "ERR_ABORTED" in request.failure else complaints.append(request.url)
        ),
    )
    page.on(
        "response",
        lambda answer: (
            complaints.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
        ),
    )
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((address, "data:"))
            else complaints.append(f"asked {request.url}")
        ),
    )
    yield page
    context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    with handed_out(built) as found:
        yield found


@pytest.fixture
def page(browser: Any, address: str) -> Iterator[Any]:
    with fresh_page(browser, address) as opened:
        yield opened
