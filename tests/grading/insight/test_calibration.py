"""Calibration of markers: reports without a level's name, a sheet, and agreement beyond chance."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.metrics import cohen_kappa_score
from typer.testing import CliRunner

from course_lib.authoring.sources import read_source, source_paths
from course_lib.authoring.specification import exercises_of, load_specification
from course_lib.cli import with_groups
from course_lib.errors import CourseError
from course_lib.exercises.specification import ManualExercise
from course_lib.grading.insight.calibration import SHEET, compare, hand_out, weighted_kappa
from course_lib.judging import interval, paired_interval
from tests.conftest import ROOT

CAPSTONE = ROOT / "solutions" / "capstone"
MARKS = yaml.safe_load((CAPSTONE / "marks.yaml").read_text(encoding="utf-8"))
LEVELS = ("good", "borderline", "failing")


def fill(folder: Path, points) -> Path:
    rows = list(csv.reader((folder / SHEET).read_text(encoding="utf-8").splitlines()))
    filled = [rows[0], *([*row[:2], points(*row[:2])] for row in rows[1:])]
    with (folder / SHEET).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(filled)
    return folder / SHEET


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_handed_out_does_not_say_its_level(tmp_path: Path, language: str) -> None:
    files = hand_out(ROOT, tmp_path / "c", language)
    texts = [file.read_text(encoding="utf-8") for file in files]
    assert len(files) == 4
    assert not any(re.search(r"good”|borderline|failing|优|不及格|及格线", text) for text in texts)
    assert all("18.9" in text for text in texts[:3])
    with pytest.raises(CourseError, match="already"):
        hand_out(ROOT, tmp_path / "c", language)


def test_the_given_marks_agree_with_themselves_and_a_lenient_marker_is_told(tmp_path: Path) -> None:
    hand_out(ROOT, tmp_path / "c", "en")
    order = {"1": "borderline", "2": "failing", "3": "good"}

    def given(name: str, each: str) -> int:
        return MARKS["reports"][order[name]]["marks"][each]["points"]

    same = compare(ROOT, fill(tmp_path / "c", given))
    assert same.kappa == 1 and not same.differences and same.totals["good"] == (27, 27)
    lenient = compare(ROOT, fill(tmp_path / "c", lambda *place: min(4, given(*place) + 2)))
    assert lenient.mean_difference > 1 and lenient.kappa < 0.8
    assert abs(lenient.differences[0].own - lenient.differences[0].given) == 2


@pytest.mark.parametrize("points", ["", "5", "-1", "many"])
def test_a_sheet_with_a_hole_is_said(tmp_path: Path, points: str) -> None:
    hand_out(ROOT, tmp_path / "c", "en")
    with pytest.raises(CourseError, match="points from 0 to 4"):
        compare(ROOT, fill(tmp_path / "c", lambda *place: points))
    with pytest.raises(CourseError, match="There is no sheet"):
        compare(ROOT, tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(CourseError, match="is no sheet of marks"):
        compare(ROOT, tmp_path / "other.csv")


def test_reports_exist_in_two_languages_and_the_command_names_sheet_and_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CourseError, match="en, zh"):
        hand_out(ROOT, tmp_path / "c", "fr")
    assert not (tmp_path / "c").exists()
    hand_out(ROOT, tmp_path / "c", "en")
    sheet = fill(tmp_path / "c", lambda *place: 4)
    monkeypatch.setenv("COURSE_LANGUAGE", "en")
    said = CliRunner().invoke(with_groups(["teach"]), ["teach", "calibrate", str(sheet)]).output
    assert "Report 3 (good)" in said and "!! 2 G" in said


def test_weighted_kappa_is_scikit_learns_on_whole_points() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 5, size=30)
    b = np.clip(a + rng.integers(-1, 2, size=30), 0, 4)
    assert weighted_kappa(a, b, 4) == pytest.approx(cohen_kappa_score(a, b, weights="quadratic"))


def test_the_marks_and_the_rubric_have_the_same_criteria() -> None:
    source = read_source(next(iter(source_paths(ROOT, ["18"]))), ROOT)
    exercises = exercises_of(load_specification(ROOT, source)).values()
    rubric = [
        line for each in exercises if isinstance(each, ManualExercise) for line in each.rubric
    ]
    assert [words["en"][0] for _, words in rubric] == list(MARKS["criteria"])
    assert [points for points, _ in rubric] == [each["most"] for each in MARKS["criteria"].values()]
    for report in MARKS["reports"].values():
        assert list(report["marks"]) == list(MARKS["criteria"])
        assert all(mark["en"] and mark["zh"] for mark in report["marks"].values())


def known_numbers(level: str) -> set[str]:
    """Give every number with three digits that the level's run holds, as a report would write it."""
    run = json.loads((CAPSTONE / "runs.json").read_text(encoding="utf-8"))[level]
    record = run["record"]
    values = [
        *paired_interval(record["test"][record["chosen"]], record["test"][record["against"]]),
        *run["by_group"],
        *map(np.mean, [run["twice"], *run["peek"].values()]),
    ]
    for part in ("validation", "test"):
        for row in record[part].values():
            values += [*row, *interval(row)]
    values += [each for row in run["peek"].values() for each in row]
    return {f"{value:.3f}" for value in values}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("level", LEVELS)
def test_the_reports_numbers_are_their_runs(level: str, language: str) -> None:
    text = (CAPSTONE / language / f"{level}.md").read_text(encoding="utf-8")
    quoted = set(re.findall(r"\b[01]\.\d{3}\b", text))
    assert quoted
    invented = (
        {"0.982"} if level == "failing" else set()
    )  # impossible of 40: what markers are to find
    assert quoted - known_numbers(level) <= invented <= quoted
