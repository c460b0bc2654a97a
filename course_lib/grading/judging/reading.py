"""Reading what was handed in: a notebook within limits, or one sentence that says why it is none.

A file that was handed in can be anything. It is read here, with limits on size, depth and number of
cells, before nbformat, nbgrader or anybody else looks at it; ``teach collect``, ``teach grade`` and
nbgrader's own ``autograde`` (by :func:`course_lib.grading.plugin.screen_handed_in`) all come by here.
"""

from __future__ import annotations

import json
import stat
import warnings
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from course_lib.errors import CourseError

LARGEST = 50 << 20  # bytes of one notebook; figures are in it
MOST_CELLS = 5_000
LONGEST_TEXT = 4 << 20  # characters in all cells together
DEEPEST = 60  # nested lists and dictionaries; an honest notebook has some ten


def read_submission(path: Path) -> NotebookNode:
    """Read a submitted notebook, ``submitted/STUDENT/ASSIGNMENT/NAME.ipynb``.

    Raises:
        CourseError: It is missing, a link, too large, or no notebook; one sentence.
    """
    refuse_links(path)
    if not path.is_file():
        raise CourseError(f"The notebook {path.name} is missing.", f"缺少笔记本 {path.name}。")
    with open(path, "rb") as file:
        return parse(file.read(LARGEST + 1))


def refuse_links(path: Path) -> None:
    """Refuse a path that leads elsewhere than it says: a link could show anybody's file.

    The folder of all submissions may be a link, that of a student, of an assignment or a file not.
    """
    home = path.parents[2].resolve() if len(path.parents) > 2 else path.parent.resolve()
    try:
        kind = path.lstat().st_mode
    except OSError:
        return  # it is missing
    wanted = home.joinpath(*path.parts[-3:]) if len(path.parents) > 2 else home / path.name
    if stat.S_ISLNK(kind) or path.resolve() != wanted:
        raise CourseError(
            f"{path.name} is a link to another place: hand in the file itself.",
            f"{path.name} 是指向别处的链接：请提交文件本身。",
        )
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        raise CourseError(f"{path.name} is not a file.", f"{path.name} 不是普通文件。")


def parse(content: bytes) -> NotebookNode:
    """Read a notebook from bytes. CourseError: why it can't be graded as one."""
    data = load(content)
    _refuse_too_much(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a student's file looks like is no news here
            return nbformat.reads(json.dumps(data), as_version=4)
    except Exception as error:
        raise _no_notebook(type(error).__name__) from None


def load(content: bytes) -> dict[str, Any]:
    """Read a notebook's JSON: format 4, within the size limit, with cells that are cells."""
    if len(content) > LARGEST:
        raise CourseError(
            f"It is larger than {LARGEST >> 20} MB: clear the outputs and hand it in again.",
            f"它超过了 {LARGEST >> 20} MB：请清除输出后重新提交。",
        )
    if not content.strip(b"\0 \t\r\n"):
        raise CourseError("The file is empty.", "文件是空的。")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CourseError(
            "It is not written in UTF-8, as notebooks are: open it in Jupyter and save it there.",
            "它不是笔记本应有的 UTF-8 编码：请用 Jupyter 打开并重新保存。",
        ) from None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError, MemoryError) as error:
        raise _no_notebook(type(error).__name__) from None
    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        raise _no_notebook("")
    if data["nbformat"] != 4:
        found = str(data["nbformat"])[:9]
        raise CourseError(
            f"It is a notebook of format {found}, not a Jupyter notebook (format 4): open it in JupyterLab "
            "and save it.",
            f"它是第 {found} 版格式的笔记本，不是 Jupyter 笔记本（第 4 版格式）：请用 JupyterLab 打开并重新保存。",
        )
    cells = data.get("cells")
    if not isinstance(cells, list) or not all(_is_cell(cell) for cell in cells):
        raise _no_notebook("")
    if not isinstance(data.get("metadata"), dict):
        raise _no_notebook("")
    return data


def edition_of(data: dict[str, Any] | NotebookNode) -> dict[str, str]:
    """Give what a notebook says of its edition: chapter, language, framework, offering."""
    metadata = data.get("metadata")
    said = metadata.get("course") if isinstance(metadata, dict) else None
    if not isinstance(said, dict):
        return {}
    return {key: value for key, value in said.items() if isinstance(value, str)}


def refuse_other_edition(submitted: NotebookNode, released: NotebookNode) -> None:
    """Refuse a notebook of another chapter, framework or class. One that says nothing is taken."""
    said, wanted = edition_of(submitted), edition_of(released)
    if not said or not wanted:
        return
    for key, en, zh in (
        (
            "chapter",
            "It is chapter {found}, not {wanted}.",
            "这是第 {found} 章，不是第 {wanted} 章。",
        ),
        (
            "framework",
            "It is the {found} edition; this course uses {wanted}.",
            "这是 {found} 版，而本课程用的是 {wanted}。",
        ),
        (
            "offering",
            "It is the notebook of another class, with other numbers ({found}, not {wanted}).",
            "这是另一个班的笔记本，数据不同（{found}，不是 {wanted}）。",
        ),
    ):
        found = said.get(key, "public" if key == "offering" else None)
        here = wanted.get(key, "public" if key == "offering" else None)
        if found is not None and here is not None and found != here:
            shown = {"found": found[:20], "wanted": here}
            raise CourseError(en.format(**shown), zh.format(**shown))


def _is_cell(cell: object) -> bool:
    """Say whether nbformat takes this for a cell at all; what is odd in it is put right later."""
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        return False
    if cell["cell_type"] == "code":  # what a student's file shows is run anew anyway
        cell["outputs"], cell["execution_count"] = [], None
    source = cell.get("source")
    lines = source if isinstance(source, list) else [source]
    return isinstance(cell.get("metadata"), dict) and all(isinstance(line, str) for line in lines)


def _refuse_too_much(data: dict[str, Any]) -> None:
    """Refuse more cells, more text or deeper nesting than any honest notebook has."""
    count = len(data["cells"])
    if count > MOST_CELLS:
        raise CourseError(
            f"It has {count} cells; {MOST_CELLS} are the most.",
            f"它有 {count} 个单元格，最多允许 {MOST_CELLS} 个。",
        )
    if sum(sum(map(len, cell["source"])) for cell in data["cells"]) > LONGEST_TEXT:
        raise CourseError(
            f"Its cells hold more than {LONGEST_TEXT >> 20} million characters.",
            f"它的单元格里有超过 {LONGEST_TEXT >> 20} 百万个字符。",
        )
    level: list[Any] = [data]
    for _ in range(DEEPEST):
        level = [
            part
            for each in level
            for part in (each.values() if isinstance(each, dict) else each)
            if isinstance(part, dict | list)
        ]
        if not level:
            return
    raise CourseError(
        f"It is nested more than {DEEPEST} levels deep.", f"它的嵌套超过了 {DEEPEST} 层。"
    )


def _no_notebook(why: str) -> CourseError:
    said = f" ({why})" if why else ""
    return CourseError(
        f"It can't be read as a notebook: it is not a Jupyter notebook (format 4){said}.",
        f"它无法作为笔记本读取：不是 Jupyter 笔记本（第 4 版格式）{said}。",
    )
