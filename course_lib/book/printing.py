"""The book on paper: Chromium prints each page, and the pages are bound into one file for each language."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.language import LANGUAGES

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome", "microsoft-edge")
_SECONDS = 300


def print_book(folder: Path, sources: Sequence[Path]) -> list[Path]:
    """Print the pages that were built into a folder: one PDF for each language.

    Chromium prints what it shows, so formulas, figures and Chinese need nothing else. What is folded
    away (solutions, hints) stays away on paper.

    Raises:
        CourseError: There is no such browser here, or it fails.
    """
    browser = next((found for name in _BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise CourseError(
            "Printing needs Chromium or Chrome, and none was found: install one, or print single pages from "
            "your own browser.",
            "打印成 PDF 需要 Chromium 或 Chrome，这里没有找到：请先安装，或在自己的浏览器中逐页打印。",
        )
    made = []
    for language in LANGUAGES:
        names = ["index", *(path.stem for path in sources)]
        pages = [folder / "html" / language / f"{name}.html" for name in names]
        target = folder / f"deep-transfer-learning-{language}.pdf"
        with tempfile.TemporaryDirectory() as place:
            printed = [_print(browser, page, Path(place)) for page in pages]
            _bind(printed, target)
        made.append(target)
    return made


def _print(browser: str, page: Path, place: Path) -> Path:
    target = place / f"{page.stem}.pdf"
    command = [
        *(browser, "--headless", "--disable-gpu", "--no-pdf-header-footer"),
        *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        *(f"--user-data-dir={place / 'profile'}", "--virtual-time-budget=20000"),
        *(f"--print-to-pdf={target}", page.as_uri()),
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if not target.exists():
        reason = run.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        raise CourseError(
            f"{Path(browser).name} did not print {page.name}: {reason[0]}",
            f"{Path(browser).name} 没能打印 {page.name}：{reason[0]}",
        )
    return target


def _bind(printed: Sequence[Path], target: Path) -> None:
    from pypdf import PdfWriter

    with PdfWriter() as book:
        for path in printed:
            book.append(str(path), outline_item=path.stem)
        book.write(str(target))
