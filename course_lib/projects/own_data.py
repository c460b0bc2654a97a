"""A folder of pictures or a table of texts becomes a project: examples, labels, groups and times.

Pictures: a sub-folder for each class. What belongs together (one person, one camera, one day) says so at
the beginning of the file's name, before two underscores: ``cat/anna__01.jpg``.

Texts: a table in CSV (UTF-8) with the columns ``text`` and ``label``, and, where there are any, ``group`` and
``time`` (2026-03-31, or a number).
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_lib import data
from course_lib.data.domain import Domain
from course_lib.data.folders import load_picture, picture_files
from course_lib.errors import CourseError
from course_lib.language import both

SEPARATOR = "__"
COLUMNS = ("text", "label", "group", "time")
_WRITERS = (
    13  # of the digits; who wrote which is not marked, so blocks of neighbours stand for them
)


@dataclass(frozen=True)
class Project:
    """Examples with labels, and what belongs together.

    Attributes:
        kind: ``"pictures"`` or ``"texts"``.
        domain: The examples, N.
        groups: The group of each example, N; ``None`` where none are given.
        times: When each came, N; ``None`` where it is not said.
    """

    kind: str
    domain: Domain
    groups: np.ndarray | None = None
    times: np.ndarray | None = None

    @property
    def by(self) -> str:
        """What to cut by: times where there are any, else groups, else single examples."""
        if self.times is not None:
            return "time"
        return "example" if self.groups is None else "group"


def load_project(
    where: str | Path, *, size: int = 32, colour: bool = False, drawing: bool = False
) -> Project:
    """Load a project's data by its name or place.

    Args:
        where: ``"digits"`` or ``"reviews"``, which come with the course, a folder of pictures, or a CSV file.
        size, colour, drawing: For pictures, as for :func:`course_lib.data.load_folder`.

    Raises:
        CourseError: There is nothing there, or it cannot be used; ``check_data`` names every fault.
    """
    if where == "digits":
        digits = data.load("digits", size=size)
        return Project("pictures", digits, groups=np.arange(len(digits)) * _WRITERS // len(digits))
    if where == "reviews":
        return Project("texts", data.load("reviews", n=1200, seed=0, about="kitchen"))
    path = Path(where)
    if path.suffix.lower() == ".csv":
        return _texts(path)
    return _pictures(path, size=size, colour=colour, drawing=drawing)


def group_of(name: str) -> str:
    """Give the group in a file's name: what stands before two underscores; ``""`` where there is none."""
    group, found, _ = name.partition(SEPARATOR)
    return group if found else ""


def _pictures(path: Path, *, size: int, colour: bool, drawing: bool) -> Project:
    pictures, labels, groups, unread = [], [], [], []
    for label, file in picture_files(path):
        try:
            pictures.append(load_picture(file, size=size, colour=colour, drawing=drawing))
        except CourseError:
            unread.append(file.name)
            continue
        labels.append(label)
        groups.append(group_of(file.name))
    if unread:
        print(
            both(
                f"{len(unread)} files could not be read and are left out; ./course project check {path} names them.",
                f"有 {len(unread)} 个文件无法读取，已略去；运行 ./course project check {path} 可查看是哪些。",
            )
        )
    y, classes = _numbered(labels, path)
    domain = Domain(path.name, np.stack(pictures), y, classes, "", str(path))
    return Project("pictures", domain, groups=np.array(groups) if all(groups) else None)


def _texts(path: Path) -> Project:
    rows = read_table(path)
    y, classes = _numbered([row["label"].strip() for row in rows], path)
    texts = np.array([row["text"] for row in rows], dtype=str)
    groups, times = ([row.get(name, "").strip() for row in rows] for name in ("group", "time"))
    return Project(
        "texts",
        Domain(path.stem, texts, y, classes, "", str(path)),
        groups=np.array(groups) if all(groups) else None,
        times=as_times(times) if all(times) else None,
    )


def read_table(path: Path) -> list[dict[str, str]]:
    """Read a CSV with the columns text and label: a dictionary for each row, empty where nothing stands.

    Raises:
        CourseError: There is no such file, it is not UTF-8, or a column is missing.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise CourseError(
            f"There is no file {path} (looked for in {Path.cwd()}).",
            f"找不到文件 {path}（在 {Path.cwd()} 中查找）。",
        ) from error
    except UnicodeDecodeError as error:
        raise CourseError(
            f"{path.name} is not UTF-8: in Excel, save it as “CSV UTF-8”.",
            f"{path.name} 不是 UTF-8 编码：在 Excel 中请另存为“CSV UTF-8”。",
        ) from error
    table = csv.DictReader(text.splitlines(keepends=True))
    names = [name.strip().lower() for name in table.fieldnames or ()]
    if missing := [name for name in COLUMNS[:2] if name not in names]:
        raise CourseError(
            f"{path.name} has no column {' and no column '.join(missing)}: the first line names the columns, "
            "text,label and, where there are any, group,time.",
            f"{path.name} 缺少 {'、'.join(missing)} 列：第一行应写列名 text,label，有分组或时间时再加 group,time。",
        )
    table.fieldnames = names
    return [{name: row.get(name) or "" for name in names} for row in table]


def as_times(times: Sequence[str]) -> np.ndarray:
    """Turn dates (2026-03-31, with a time of day if you like) or numbers into numbers that grow with time."""
    try:
        return np.array([float(each) for each in times])
    except ValueError:
        pass
    try:
        return np.array(times, dtype="datetime64[s]").astype(np.float64)
    except ValueError as error:
        raise CourseError(
            "A time is neither a number nor a date such as 2026-03-31.",
            "有的时间既不是数，也不是 2026-03-31 这样的日期。",
        ) from error


def _numbered(labels: Sequence[str], path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    classes = tuple(sorted(set(labels)))
    if len(classes) < 2:
        raise CourseError(
            f"{path} holds {len(classes)} classes; a project needs at least two.",
            f"{path} 中有 {len(classes)} 个类别，而项目至少需要两个。",
        )
    return np.array([classes.index(label) for label in labels], dtype=np.int64), classes
