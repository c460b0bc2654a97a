"""The students' zip: what they need, and no solution."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile

import pytest

from course_lib.errors import CourseError
from course_lib.grading.kit import make_kit
from course_lib.paths import repository_root


@pytest.fixture
def checkout(tmp_path):
    root = tmp_path / "checkout"
    for name in (
        "course",
        "pyproject.toml",
        "course_lib/exercises/public/04.json",
        "course_lib/__pycache__/x.pyc",
        "course_lib/grading/templates/kit/README.md",
        "course_lib/grading/templates/kit/README.zh.md",
        "README.md",
        "notebooks/README.md",
        "notebooks/zh/keras/04_x.ipynb",
        "notebooks/en/keras/04_x.ipynb",
        "solutions/source/04_x.py",
        "tests/test.py",
        ".git/config",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    return root


def test_the_kit_holds_what_students_need_and_no_solution(checkout, tmp_path):
    made, count = make_kit(checkout, tmp_path, language="zh")
    with zipfile.ZipFile(made) as archive:
        names = [name.split("/", 1)[1] for name in archive.namelist()]
        launcher = archive.getinfo("deep-transfer-learning/course")
    assert sorted(names) == [
        "README.md",
        "README.zh.md",
        "course",
        "course_lib/exercises/public/04.json",
        "course_lib/grading/templates/kit/README.md",
        "course_lib/grading/templates/kit/README.zh.md",
        "notebooks/zh/keras/04_x.ipynb",
        "pyproject.toml",
    ]
    assert count == 8 and launcher.external_attr >> 16 == 0o755


def test_the_same_course_gives_the_same_kit(checkout, tmp_path):
    first, _ = make_kit(checkout, tmp_path / "a.zip")
    second, _ = make_kit(checkout, tmp_path / "b.zip")
    assert first.read_bytes() == second.read_bytes()


def test_a_kit_of_an_edition_that_is_not_there_is_refused(checkout, tmp_path):
    with pytest.raises(CourseError, match="course build"):
        make_kit(checkout, tmp_path, framework="pytorch")


def test_the_real_kit_has_no_solutions(tmp_path):
    made, _ = make_kit(repository_root(), tmp_path)
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
        assert not [name for name in names if "solutions" in name or "/tests/" in name]
        assert any(name.endswith("zh/keras/04_feature_extraction.ipynb") for name in names)
        notebooks = [archive.read(name) for name in names if name.endswith(".ipynb")]
    assert not any(b"BEGIN SOLUTION" in content for content in notebooks)


@pytest.mark.parametrize("readme", ["README.md", "README.zh.md"])
def test_a_kits_readme_promises_only_what_is_in_it(tmp_path, readme):
    made, _ = make_kit(repository_root(), tmp_path)
    with zipfile.ZipFile(made) as archive:
        archive.extractall(tmp_path)
    kit = tmp_path / "deep-transfer-learning"
    text = (kit / readme).read_text(encoding="utf-8")
    assert set(re.findall(r"(?:\./|py )course (\w+)", text)) == {"lab", "doctor"}
    links = re.findall(r"\[[^\]]+\]\(([^)#]+)\)", text)
    assert links and [link for link in links if not (kit / link).exists()] == []
    refused = subprocess.run(
        [sys.executable, "course", "test"], cwd=kit, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 2 and "student's kit" in refused.stderr
    assert not (kit / ".venv").exists()
