"""Markers compare themselves with given marks before they mark a class: agreement, criterion by criterion.

Three worked reports of the capstone (``solutions/capstone``), good, borderline and failing, are marked by rubric.
A marker writes points into a sheet; what comes back is where the sheet and the given marks differ, and how much
two markers agree beyond what chance would give.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml  # type: ignore[import-untyped]

from course_lib.errors import CourseError
from course_lib.files import write_atomically
from course_lib.language import Text, both

FOLDER = Path("solutions/capstone")
SHEET = "marks.csv"
LEVELS: dict[str, Text] = {
    "good": {"en": "good", "zh": "优"},
    "borderline": {"en": "borderline", "zh": "及格线上下"},
    "failing": {"en": "failing", "zh": "不及格"},
}
FAR = 2  # points on a criterion: two markers so far apart read the rubric differently


@dataclass(frozen=True)
class Difference:
    """One criterion of one report on which a marker and the given marks differ; ``name``: the report's on the sheet."""

    name: str
    report: str
    criterion: str
    given: float
    own: float
    why: Text


@dataclass(frozen=True)
class Calibration:
    """How a marker's points compare with the given ones.

    Attributes:
        kappa: Quadratically weighted kappa over all criteria: 1 full agreement, 0 no more than chance.
        mean_difference: Own minus given, points per criterion: above 0 is lenient.
        differences: Where they differ, the largest first.
        totals: For each report, by level: (given, own) points of the part that is marked by hand.
        names: What each level's report is called on the sheet.
    """

    kappa: float
    mean_difference: float
    differences: tuple[Difference, ...]
    totals: Mapping[str, tuple[float, float]]
    names: Mapping[str, str]


def hand_out(root: Path, target: Path, language: str) -> list[Path]:
    """Copy the worked reports, under names that say nothing, and an empty sheet.

    Raises:
        CourseError: The folder is there already, or there are no reports in this language.
    """
    table = _table(root)
    languages = sorted(each.name for each in (root / FOLDER).iterdir() if each.is_dir())
    if language not in languages:
        raise CourseError(
            f"There are no reports in {language!r}; there are: {', '.join(languages)}.",
            f"没有 {language!r} 的样例；现有：{'、'.join(languages)}。",
        )
    if target.exists():
        raise CourseError(
            f"{target} is there already: nothing was changed.", f"{target} 已存在，未作任何改动。"
        )
    target.mkdir(parents=True)
    made = []
    for name, report in _in_disguise(table).items():
        made.append(target / f"{name}.md")
        text = (root / FOLDER / language / f"{report}.md").read_text(encoding="utf-8")
        _, _, rest = text.partition("\n")
        _, _, rest = rest.lstrip().partition(
            "\n"
        )  # the line on where the run came from names the level
        write_atomically(made[-1], f"# {both('Report', '报告')} {name}\n{rest}")
    rows = [["report", "criterion", "points"]]
    rows += [[name, each, ""] for name in _in_disguise(table) for each in table["criteria"]]
    sheet = io.StringIO()
    csv.writer(sheet, lineterminator="\n").writerows(rows)
    write_atomically(target / SHEET, sheet.getvalue())
    return [*made, target / SHEET]


def compare(root: Path, sheet: Path) -> Calibration:
    """Compare a filled sheet with the given marks.

    Raises:
        CourseError: The sheet cannot be read, a line is missing, or points lie outside the scale.
    """
    table = _table(root)
    given, own = [], []
    differences = []
    totals = {}
    points = _read(sheet)
    for name, report in _in_disguise(table).items():
        marks = table["reports"][report]["marks"]
        mine = {each: _points(points, name, each, table) for each in table["criteria"]}
        given += [marks[each]["points"] for each in mine]
        own += list(mine.values())
        totals[report] = (sum(each["points"] for each in marks.values()), sum(mine.values()))
        for each, value in mine.items():
            if value != marks[each]["points"]:
                why = {"en": marks[each]["en"], "zh": marks[each]["zh"]}
                differences.append(
                    Difference(name, report, each, marks[each]["points"], value, why)
                )
    differences.sort(key=lambda one: -abs(one.own - one.given))
    most = max(each["most"] for each in table["criteria"].values())
    return Calibration(
        kappa=weighted_kappa(given, own, most),
        mean_difference=float(np.mean(np.array(own) - given)),
        differences=tuple(differences),
        totals=totals,
        names={report: name for name, report in _in_disguise(table).items()},
    )


def weighted_kappa(a: Sequence[float], b: Sequence[float], most: float) -> float:
    r"""Agreement of two markers beyond chance, where a difference counts by its square.

    .. math:: \kappa = 1 - \frac{\sum_i (a_i - b_i)^2 / n}{\sum_i \sum_j (a_i - b_j)^2 / n^2}

    Cohen, "Weighted kappa", Psychological Bulletin 70, 1968. Half points are allowed; with whole points it is
    scikit-learn's ``cohen_kappa_score(…, weights="quadratic")``.

    Args:
        a, b: Points, n each, in one order.
        most: The largest there can be; all that is checked is that nothing is above it.

    Returns:
        1 for full agreement, about 0 for chance. NaN where both gave everything the same points.
    """
    x, y = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if x.shape != y.shape or not len(x) or max(x.max(), y.max()) > most:
        raise CourseError(
            "Both markers need points for the same criteria, within the scale.",
            "两位评分者须对相同的各项给分，且不超过满分。",
        )
    by_chance = np.mean((x[:, None] - y[None, :]) ** 2)
    return float(1 - np.mean((x - y) ** 2) / by_chance) if by_chance else float("nan")


def _table(root: Path) -> dict[str, Any]:
    path = root / FOLDER / "marks.yaml"
    if not path.exists():
        raise CourseError(
            "The worked reports are not here: they belong to the full course, not to a students' kit.",
            "这里没有评分样例：它们在完整的课程里，不在学生用的压缩包里。",
        )
    table: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return table


def _in_disguise(table: Mapping[str, Any]) -> dict[str, str]:
    """Give the reports names in another order than from good to bad."""
    return dict(zip(("1", "2", "3"), ("borderline", "failing", "good"), strict=True))


def _read(sheet: Path) -> dict[tuple[str, str], str]:
    if not sheet.is_file():
        raise CourseError(
            f"There is no sheet {sheet}: hand one out with  ./course teach calibrate",
            f"没有评分表 {sheet}：请先运行 ./course teach calibrate 领取。",
        )
    try:
        rows = list(csv.DictReader(sheet.read_text(encoding="utf-8-sig").splitlines()))
        return {(row["report"].strip(), row["criterion"].strip()): row["points"] for row in rows}
    except (OSError, UnicodeDecodeError, KeyError, AttributeError) as error:
        raise CourseError(
            f"{sheet} is no sheet of marks: lines of report,criterion,points.",
            f"{sheet} 不是评分表：每行应为 report,criterion,points。",
        ) from error


def _points(
    points: Mapping[tuple[str, str], str], report: str, criterion: str, table: Mapping[str, Any]
) -> float:
    most = table["criteria"][criterion]["most"]
    try:
        value = float(points[report, criterion])
    except (KeyError, ValueError, TypeError):
        value = -1.0
    if not 0 <= value <= most:
        raise CourseError(
            f"Report {report}, criterion {criterion}: points from 0 to {most} are needed.",
            f"报告 {report} 的 {criterion} 项：需要 0 到 {most} 之间的分数。",
        )
    return value
