"""An empty folder or table to begin a project with, and a data sheet to fill in."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.language import both
from course_lib.projects.own_data import COLUMNS

KINDS = ("pictures", "texts")
_NO_FOLDER = re.compile(r'[/\\:*?"<>|\x00-\x1f]')  # what some system refuses in a name


def make_template(
    path: str | Path, *, kind: str = "pictures", classes: Sequence[str] = ("class-a", "class-b")
) -> Path:
    """Write a folder to begin with: for pictures a sub-folder for each class, for texts a table.

    Beside the data stands ``DATASHEET.md``: who made it, when, under which terms, what belongs together.

    Raises:
        CourseError: The folder is there already, there is no such kind, or the names of the classes will not do.
    """
    path = Path(path)
    classes = [name.strip() for name in classes]
    if kind not in KINDS:
        raise CourseError(
            f"kind={kind!r}: {' or '.join(KINDS)}.", f"kind={kind!r}：可选 {'、'.join(KINDS)}。"
        )
    _require_names(classes)
    if path.exists():
        raise CourseError(
            f"{path} is there already: nothing was changed.", f"{path} 已存在，未作任何改动。"
        )
    if kind == "pictures":
        for name in classes:
            (path / name).mkdir(parents=True)
    else:
        path.mkdir(parents=True)
        rows = io.StringIO()
        table = csv.writer(rows, lineterminator="\n")
        table.writerow(COLUMNS)
        for i, name in enumerate(classes, start=1):
            example = both(f"replace me: a text of {name}", f"请替换：一段属于 {name} 的文字")
            table.writerow([example, name, i, f"2026-03-{(i - 1) % 28 + 1:02}"])
        write_atomically(path / "data.csv", rows.getvalue())
    write_atomically(path / "DATASHEET.md", _sheet(kind))
    return path


def _require_names(classes: Sequence[str]) -> None:
    """Raise unless these are two names or more that every system takes for folders side by side."""
    unfit = [name for name in classes if not name or name[0] == "." or _NO_FOLDER.search(name)]
    if unfit:
        raise CourseError(
            f"A class cannot be called {unfit[0]!r}: no slash, colon or other special sign, no point at the "
            "beginning, and not empty.",
            f"类别不能叫 {unfit[0]!r}：不能为空，不能以点开头，也不能含斜杠、冒号等特殊符号。",
        )
    if len({name.casefold() for name in classes}) < max(2, len(classes)):
        raise CourseError(
            "At least two classes are needed, each with a name of its own: --class rust --class clean.",
            "至少需要两个类别，名称各不相同：--class rust --class clean。",
        )


def _sheet(kind: str) -> str:
    how = {
        "pictures": both(
            "One sub-folder for each class. Begin file names with the group and two underscores where pictures belong "
            "together: anna__01.jpg.",
            "每个类别一个子文件夹。图片之间若有关联（同一个人、同一台相机），文件名以组名加两个下划线开头：anna__01.jpg。",
        ),
        "texts": both(
            "data.csv: text and label on each line; group and time where there are any, else remove both columns.",
            "data.csv：每行一段 text 和一个 label；有分组或时间就填 group、time，没有就把这两列删掉。",
        ),
    }[kind]
    questions = both(
        "Question and decision:\nWho collected it, when, how:\nLicence, and whose consent was asked:\n"
        "Who labelled it, by which rule; doubtful cases:\nWhat belongs together (groups, times, copies):\n"
        "Whom it does not show; who could be hurt:\nMay it be passed on? When is it deleted?",
        "问题与决策：\n谁在何时、怎样收集的：\n许可证；征得了谁的同意：\n谁按什么规则标注；拿不准的怎么办：\n"
        "哪些样本属于一体（组、时间、副本）：\n没有覆盖到谁；可能伤害到谁：\n能否转交他人；何时删除：",
    )
    lines = "\n".join(f"- {each}" for each in questions.splitlines())
    title = both("Data sheet", "数据说明书")
    return f"# {title}\n\n{how}\n\n{lines}\n\n`./course project check …`\n"
