"""Headless Chromium for tests that do what people do, and a folder where they leave pictures of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from course_lib.paths import repository_root

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

# Kept after the run: an artefact of the build, and where the README's pictures come from.
PICTURES = repository_root() / ".pytest_cache" / "pictures"
PATIENCE = 60_000  # milliseconds; a machine may be busy


@contextmanager
def chromium() -> Iterator[Any]:
    """Give a running Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def serving(
    command: Sequence[str], address: str, *, folder: Path, environment: Mapping[str, str]
) -> Iterator[None]:
    """Run a server until the block ends; the block begins when the address answers."""
    log = folder / "server.log"
    with open(log, "wb") as written:
        server = subprocess.Popen(
            command, cwd=folder, env=dict(environment), stdout=written, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(address, server, log)
        yield
    finally:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(30)
        server.kill()


def take_picture(page: Any, name: str) -> None:
    """Keep a picture of what the page shows."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def serious_faults(page: Any, *parts: str) -> list[tuple[str, str]]:
    """List what axe-core finds serious or critical in these parts of a page: the rule and a place.

    Args:
        parts: CSS selectors of what is ours; the rest of the page is somebody else's.
    """
    from axe_playwright_python.sync_playwright import Axe

    present = [[part] for part in parts if page.locator(part).count()]
    assert present, f"none of {parts} is on the page"
    found = Axe().run(page, context={"include": present}).response["violations"]
    return [
        (each["id"], each["nodes"][0]["html"][:200])
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def private_environment(folder: Path, **more: str) -> dict[str, str]:
    """Give an environment in which nothing of the developer's own is read or written."""
    homes = {name: str(folder / "home") for name in ("HOME", "COURSE_HOME")}
    # Kernels and commands import the checkout's course_lib wherever they run.
    return {**os.environ, **homes, "PYTHONPATH": str(repository_root()), **more}


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end and server.poll() is None:
        with suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.2)
    raise AssertionError(f"{address} did not answer:\n{log.read_text(errors='replace')[-3000:]}")
