"""What a cell showed, as HTML for a page; pictures become files, so that browsers can keep them."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from pathlib import Path

from nbformat import NotebookNode

from course_lib.errors import CourseError
from course_lib.files import write_atomically

_INLINE_PICTURE = re.compile(r'src="data:image/(png|svg\+xml);base64,([^"]+)"')
_COLOUR_CODES = re.compile(r"\x1b\[[0-9;]*m")
_LINE_OF_A_TABLE = re.compile(r"^[\s\[]|\S {2}")
_FITS = 30  # characters, on the narrowest page


def outputs_to_html(outputs: Sequence[NotebookNode], folder: Path, address: str) -> str:
    """Give what a cell showed.

    Args:
        outputs: Of one executed cell.
        folder: Where pictures are put, each under a name made from its content.
        address: How a page reaches that folder.

    Raises:
        CourseError: A cell failed: the book shows no errors that were not meant.
    """
    parts: list[str] = []
    text = ""
    for output in outputs:
        if output.output_type == "error":
            raise CourseError(
                f"A cell raised {output.ename}: {output.evalue}: run  ./course test  first.",
                f"有单元格出错：{output.ename}: {output.evalue}。请先运行  ./course test。",
            )
        if output.output_type == "stream":
            text += output.text
            continue
        parts += [_as_text(text)] if text else []
        text = ""
        parts.append(_shown(output, folder, address))
    return "\n".join([*parts, *([_as_text(text)] if text else [])])


def _shown(output: NotebookNode, folder: Path, address: str) -> str:
    data = output.data
    if "text/html" in data:
        return with_files(data["text/html"], folder, address)
    return _as_text(data.get("text/plain", ""))


def _as_text(text: str) -> str:
    lines = _COLOUR_CODES.sub("", text).strip("\n").split("\n")
    shown = "\n".join(map(_line, lines))
    return f'<pre class="shown" tabindex="0">{shown}</pre>'


def _line(line: str) -> str:
    """Give a line of an output: a sentence may wrap where the page is narrow, columns stay in line."""
    words = html.escape(line)
    wraps = len(line) > _FITS and not _LINE_OF_A_TABLE.search(line)
    return f'<span class="wraps">{words}</span>' if wraps else words


def with_files(page: str, folder: Path, address: str) -> str:
    """Put pictures that stand in the HTML itself into files."""

    def to_file(found: re.Match[str]) -> str:
        content = base64.b64decode(found[2])
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.{found[1].removesuffix('+xml')}"
        if not (folder / name).exists():
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / name, content)
        return f'loading="lazy" src="{address}/{name}"'

    return _INLINE_PICTURE.sub(to_file, page)
